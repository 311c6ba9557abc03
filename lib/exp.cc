// SPDX-License-Identifier: Apache-2.0
#include "softlane/exp.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "exp.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exp-inl.h"
#include "arith/sse2_exponential-inl.h"
#include "arith/table8-inl.h"
#include "arith/vector-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// exp(x) = 2^(x log2(e)), as exp-inl.h splits it. One pass: a read and a write
// per element.
//
// Against softmax's core: the table is of 2^(j / 8) rounded and, relative to
// that, what the rounding left over; the polynomial is a quartic (0.004 u).
// What remains is the last rounding and 0.1 u; the worst of all floats is 0.777
// ULP at x = -0x1.5ddf9p+6, whose subnormal result is rounded twice.
//
// Subnormal and infinite results: the exponent is moved by 64 up for negative
// x, by 1 down for others, so that it stays in range, and one exact or once
// rounded product moves it back.
class Exponential {
 public:
  HWY_INLINE Exponential()
      : table_(Powers()), left_over_(internal::kExpLeftOver) {}

  // V is VF or Four.
  template <class V>
  HWY_INLINE V operator()(const V& x) const {
    const V clamped = Map(
        [](VF x) HWY_ATTR {
          return MinKeepNaN(Set(internal::kExpHighest),
                            MaxKeepNaN(Set(internal::kExpLowest), x));
        },
        x);
    const V magic = Map(
        [](VF x) HWY_ATTR {
          return hn::IfNegativeThenElse(
              x, Set(kMagic + internal::kExpNegativeShift),
              Set(kMagic + internal::kExpPositiveShift));
        },
        x);
    const VF l_hi = Set(kLog2EHigh);
    const VF l_lo = Set(kLog2ELow);
    const V eighths = Eighths(clamped, l_hi, magic);
    const V minus_f = MinusRest(clamped, eighths, l_hi, l_lo, magic);
    const V unscaled =
        Map([&](VF f, VF eighths) HWY_ATTR { return Power(f, eighths); },
            minus_f, eighths);
    return Map(
        [](VF x, VF unscaled) HWY_ATTR {
          const VF back =
              hn::IfNegativeThenElse(x, Set(internal::kExpNegativeBack),
                                     Set(internal::kExpPositiveBack));
          return hn::Mul(unscaled, back);
        },
        x, unscaled);
  }

 private:
  HWY_INLINE VF Power(VF minus_f, VF eighths) const {
    VF p = Set(internal::kExpC4);
    p = Fma(p, minus_f, Set(internal::kExpC3));
    p = Fnma(p, minus_f, Set(internal::kExpC2));
    p = Fnma(p, minus_f, Set(internal::kExpC1));
    const VF left_over =
        hn::BitCast(F32(), left_over_[hn::BitCast(I32(), eighths)]);
    const VF power = AddOctaves(table_, eighths);
    const VF relative = Fnma(p, minus_f, left_over);
    return Fma(power, relative, power);
  }

  static HWY_INLINE Table8 Powers() {
    constexpr internal::ExpTable kTable =
        internal::PowerTable(internal::kExpPowers);
    return Table8(kTable.entries);
  }

  Table8 table_, left_over_;
};

#ifdef SOFTLANE_SSE2
// Two vectors side by side are as fast as four, and faster in short rows.
constexpr size_t kExpVectors = 2;
constexpr size_t kExpStep = 4 * kExpVectors;

// Some values are not usual.
HWY_NOINLINE void ExpOfAny(const float* x, float* y, size_t n) {
  HWY_ALIGN float in[kExpStep], out[kExpStep];
  for (size_t i = 0; i < n; i += kExpStep) {
    const size_t count = HWY_MIN(n - i, kExpStep);
    for (size_t k = CopyFilled(x + i, count, 0.0f, in); k < kExpVectors; ++k) {
      _mm_store_ps(in + 4 * k, _mm_setzero_ps());
    }
    ExponentialStep<kExpVectors, false>(in, out);
    CopySome(out, count, y + i);
  }
}

// In place or not.
HWY_NOINLINE void ExpOfRow(const float* x, float* y, size_t n) {
  constexpr size_t kBlock = 8 * kExpStep;
  HWY_ALIGN float copy[kBlock];
  size_t i = 0;
  while (n - i >= kExpStep) {
    const size_t count = HWY_MIN(kBlock, (n - i) / kExpStep * kExpStep);
    const float* from = x + i;
    if (x == y) {
      CopyFilled(from, count, 0.0f, copy);
      from = copy;
    }
    bool are_usual = true;
    for (size_t k = 0; k < count; k += kExpStep) {
      are_usual &= ExponentialStep<kExpVectors, true>(from + k, y + i + k);
    }
    if (HWY_UNLIKELY(!are_usual)) ExpOfAny(from, y + i, count);
    i += count;
  }
  if (i == n) return;
  HWY_ALIGN float result[kExpStep];
  const size_t vectors = CopyFilled(x + i, n - i, 0.0f, copy);
  for (size_t k = vectors; k < kExpVectors; ++k) {
    _mm_store_ps(copy + 4 * k, _mm_setzero_ps());
  }
  if (HWY_UNLIKELY(!(ExponentialStep<kExpVectors, true>(copy, result)))) {
    return ExpOfAny(copy, y + i, n - i);
  }
  CopySome(result, n - i, y + i);
}

void ExpRows(const Rows<const float>& x, const Rows<float>& y) {
  const size_t n = x.cols;
  if (y.stride == n && x.stride == n)
    return ExpOfRow(x.data, y.data, x.rows * n);
  for (size_t r = 0; r < x.rows; ++r) ExpOfRow(x.Row(r), y.Row(r), n);
}

#else

// A row of a large call: what comes next is brought into a cache.
struct LargeExpRow {
  HWY_INLINE Four FourOf(size_t i) const {
    constexpr size_t kCount = 4 * kLanes;
    PrefetchRange<kCount>(row.from + HWY_MIN(i + kPrefetchAhead, n - kCount));
    return row.FourOf(i);
  }
  HWY_INLINE VF One(size_t i) const { return row.One(i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return row.First(i, count);
  }

  const MappedRow<Exponential>& row;
  size_t n;
};

// The constants of each stay in registers only in a function of its own.
HWY_NOINLINE void ExpCached(const Rows<const float>& x, const Rows<float>& y) {
  const Exponential exponential;
  for (size_t r = 0; r < x.rows; ++r) {
    StoreTerms(MappedRow<Exponential>{exponential, x.Row(r)}, y.Row(r), x.cols);
  }
}

HWY_NOINLINE void ExpStreamed(const Rows<const float>& x,
                              const Rows<float>& y) {
  const Exponential exponential;
  for (size_t r = 0; r < x.rows; ++r) {
    const MappedRow<Exponential> row{exponential, x.Row(r)};
    const float* const next = r + 1 < x.rows ? x.Row(r + 1) : nullptr;
    StreamTerms(LargeExpRow{row, x.cols}, y.Row(r), x.cols, {next, nullptr});
  }
  hwy::FlushStream();
}

// Rows without a gap are one row.
template <typename T>
HWY_INLINE Rows<T> Joined(const Rows<T>& v) {
  return Rows<T>(v.data, 1, v.rows * v.cols);
}

void ExpRows(const Rows<const float>& x, const Rows<float>& y) {
  if (x.rows > 1 && x.stride == x.cols && y.stride == y.cols) {
    return ExpRows(Joined(x), Joined(y));
  }
  const bool is_large = x.cols >= kMinStreamedCols &&
                        IsLarge(x.rows, x.cols, 2) && x.data != y.data;
  is_large ? ExpStreamed(x, y) : ExpCached(x, y);
}

#endif  // SOFTLANE_SSE2

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using ExpFunction = void(const Rows<const float>&, const Rows<float>&);
constexpr internal::KernelTable<ExpFunction> kExpTable =
    SOFTLANE_KERNEL_TABLE(ExpRows);

}  // namespace

inline namespace v1 {

Status Exp(const Rows<const float>& x, const Rows<float>& y,
           Target target) noexcept {
  if (Status s = internal::CheckMap(x, y); s != Status::kOk) return s;
  ExpFunction* const kernel = internal::Select(kExpTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (x.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(x, y);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
