// SPDX-License-Identifier: Apache-2.0
#include "kernels/exp_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/exp_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exponential-inl.h"
#include "arith/sse2_exp-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#ifdef SOFTLANE_SSE2

// Two vectors side by side are as fast as four, and faster in short rows.
constexpr size_t kExpVectors = 2;
constexpr size_t kExpStep = 4 * kExpVectors;

// For rows with arguments above kMaxUsual, in place or not.
HWY_NOINLINE void ExpOfAny(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; i += 4) {
    const size_t count = HWY_MIN(n - i, 4);
    HWY_ALIGN float four[4];
    CopyFilled(x + i, count, 0.0f, four);
    ExponentialStep<1, false>(four, four);
    CopySome(four, count, y + i);
  }
}

// Up to 4 values, in registers.
HWY_NOINLINE void ExpOfFew(const float* x, float* y, size_t n) {
  const __m128 in[1] = {n == 4 ? _mm_loadu_ps(x) : LoadSome(x, n, 0.0f)};
  __m128 out[1];
  if (HWY_UNLIKELY(!ExponentialOf<true>(in, out))) return ExpOfAny(x, y, n);
  n == 4 ? _mm_storeu_ps(y, out[0]) : StoreSome4(y, out[0], n);
}

// For n values, which are whole steps. y is not x.
HWY_NOINLINE void ExpOfSteps(const float* x, float* y, size_t n) {
  bool are_usual = true;
  for (size_t i = 0; i < n; i += kExpStep) {
    are_usual &= ExponentialStep<kExpVectors, true>(x + i, y + i);
  }
  if (HWY_UNLIKELY(!are_usual)) ExpOfAny(x, y, n);
}

// For a row, in place or not.
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
    ExpOfSteps(from, y + i, count);
    i += count;
  }
  if (i == n) return;
  if (n - i <= 4) return ExpOfFew(x + i, y + i, n - i);
  HWY_ALIGN float result[kExpStep];
  CopyFilled(x + i, n - i, 0.0f, copy);
  ExpOfSteps(copy, result, kExpStep);
  CopySome(result, n - i, y + i);
}

void ExpRows(const Rows<const float>& x, const Rows<float>& y, bool) {
  const auto exp = x.cols <= 4 ? &ExpOfFew : &ExpOfRow;
  for (size_t r = 0; r < x.rows; ++r) exp(x.Row(r), y.Row(r), x.cols);
}

#else

// Each pass is not inlined, because only then its constants stay in registers.
HWY_NOINLINE void ExpCached(const Rows<const float>& x, const Rows<float>& y) {
  const Exponential exponential;
  for (size_t r = 0; r < x.rows; ++r) {
    StoreTerms(MappedRow<Exponential>{exponential, x.Row(r)}, y.Row(r), x.cols);
  }
}

// The exp values of a row. On the way, elements further on are brought into the
// first cache.
struct PrefetchingExpRow {
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

HWY_NOINLINE void ExpStreamed(const Rows<const float>& x,
                              const Rows<float>& y) {
  const Exponential exponential;
  for (size_t r = 0; r < x.rows; ++r) {
    const MappedRow<Exponential> row{exponential, x.Row(r)};
    const float* const next = r + 1 < x.rows ? x.Row(r + 1) : nullptr;
    StreamTerms(PrefetchingExpRow{row, x.cols}, y.Row(r), x.cols,
                {next, nullptr});
  }
  hwy::FlushStream();
}

void ExpRows(const Rows<const float>& x, const Rows<float>& y,
             bool is_streamed) {
  is_streamed ? ExpStreamed(x, y) : ExpCached(x, y);
}

#endif  // SOFTLANE_SSE2

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<ExpPassFunction> kExpRows = SOFTLANE_KERNEL_TABLE(ExpRows);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
