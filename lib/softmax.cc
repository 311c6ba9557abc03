// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "exp-inl.h"
#include "log-inl.h"
#include "max-inl.h"
#include "sum-inl.h"
#include "vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// p = exp(scale x) / sum(exp(scale x)). Three sweeps: the maximum (a read per
// element); numerators and their sum (a read and a write); the division (both).
//
// The maximum is not subtracted from x: fl(x - max) is the dominant error of
// other implementations. It is rounded to an even number of octaves, M, and
// taken off the exponents of the numerators, which is exact. Even, so that ties
// of the rounding to eighths do not depend on it.
//
// Special values: a NaN or +inf that the maximum does not show makes a
// numerator and so the sum NaN; -inf gives a tiny numerator, which is flushed.

// The numerator of the maximum is near 2^kHeadroom: a numerator is then normal
// wherever its probability is, and the sum of 2^24 of them is far from
// overflow.
constexpr double kHeadroom = 4.0;

// Up to here x l is split as it is; above, x - max is. That is exact there for
// every x that matters, because it is within a factor 2 of max.
constexpr double kDirectLimit = 4096.0;

// The largest relative error of a probability, in u: of the numerator; of the
// sum, whose terms err as the numerator does; the reciprocal in two floats; the
// product.
static_assert(kSoftmaxExpErrorU + (kSoftmaxExpErrorU + kSumErrorU) + 0.02 +
                      1.0 <=
                  kSoftmaxMaxUlp,
              "an error of n u is at most n ULP: the documented bound holds");

// scale = 2^octaves * [1, 2): l = scale * log2(e) / unit, in two parts.
struct ScaleParts {
  double l;
  float l_hi, l_lo;
  double unit;  // a power of two; 1 for a scale of usual size
};

HWY_INLINE ScaleParts SplitScale(double scale) {
  uint64_t bits;
  std::memcpy(&bits, &scale, sizeof(bits));
  const int exponent = static_cast<int>(bits >> 52) - 1023;
  const uint64_t unit_bits = bits & ~((uint64_t{1} << 52) - 1);
  double unit = 1.0;
  if (exponent < -60 || exponent > 60) {
    std::memcpy(&unit, &unit_bits, sizeof(unit));
  }
  const double l = scale / unit * kLog2E;
  const float l_hi = static_cast<float>(l);
  return {l, l_hi, static_cast<float>(l - l_hi), unit};
}

// What makes a row's elements the argument of SoftmaxExp.
struct AsIs {
  HWY_INLINE VF operator()(VF x) const { return x; }
};
struct Shifted {  // (x part - shift) unit
  HWY_INLINE VF operator()(VF x) const {
    return hn::Mul(Fma(x, part, minus_shift), unit);
  }
  VF part, minus_shift, unit;
};

template <class Argument>
struct Numerators {
  HWY_INLINE VF operator()(size_t i) const {
    const VF numerator = exp(argument(Load(x + i)));
    Store(numerator, y + i);
    return numerator;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF numerator = exp(argument(LoadFirst(x + i, count, Set(0.0f))));
    StoreFirst(numerator, y + i, count);
    return KeepFirst(numerator, count);
  }

  const SoftmaxExp& exp;
  const Argument& argument;
  const float* x;
  float* y;
};

struct RowSum {
  double sum;         // of the numerators
  float log_sum_exp;  // only if it was asked for
};

// Writes the numerators of a row. They are exp(scale x - log_divisor).
template <class Argument>
HWY_INLINE RowSum SumRow(const SoftmaxExp& exp, const Argument& argument,
                         const float* x, float* y, size_t n, float max,
                         double scaled_max, double log_divisor, bool want_log) {
  const double sum = SumTerms(n, Numerators<Argument>{exp, argument, x, y});
  if (!want_log) return {sum, 0.0f};
  // Where no other element counts, the maximum is the result, exactly.
  const bool max_only = sum == hn::GetLane(exp(argument(Set(max))));
  return {sum,
          static_cast<float>(max_only ? scaled_max : log_divisor + Log(sum))};
}

HWY_INLINE RowSum WriteNumerators(const float* x, float* y, size_t n, float max,
                                  double scale, const ScaleParts& parts,
                                  bool want_log) {
  const double scaled_max = scale * max;
  const bool direct = -kDirectLimit <= scaled_max && scaled_max <= kDirectLimit;
  const double peak = direct ? max * parts.unit : 0.0;
  // 1.5 * 2^53 makes the last bit of a double count twos.
  const double even = (peak * parts.l_hi + 0x1.8p53) - 0x1.8p53;
  const double offset = even - kHeadroom;
  // 2^-125.75 is normal, and below 2^-126 times the sum.
  const double lowest = (offset - 125.75) / parts.l;
  const SoftmaxExp exp(parts.l_hi, parts.l_lo, static_cast<float>(offset),
                       static_cast<float>(lowest));
  const double log_divisor =
      offset * kLn2 - kLogSoftmaxFactor + (direct ? 0.0 : scaled_max);
  if (direct && parts.unit == 1.0) {
    return SumRow(exp, AsIs(), x, y, n, max, scaled_max, log_divisor, want_log);
  }
  // x - max cannot overflow if it is taken of halves; what overflows for a
  // scale of 1 or more is far below the maximum.
  const double part = direct || scale >= 1.0 ? 1.0 : 0.5;
  const double minus_shift = direct ? 0.0 : -max * part;
  const Shifted shifted{Set(static_cast<float>(part)),
                        Set(static_cast<float>(minus_shift)),
                        Set(static_cast<float>(parts.unit / part))};
  return SumRow(exp, shifted, x, y, n, max, scaled_max, log_divisor, want_log);
}

// y /= sum, and what would be below 2^-126 becomes +0.
HWY_INLINE void Divide(float* y, size_t n, double sum) {
  // The reciprocal is the sum of a float of 5 bits and a float: numerator *
  // rest is then within 2^-28 of the quotient and no subnormal, and a numerator
  // over itself is exactly 1.
  const double reciprocal = 1.0 / sum;
  uint64_t bits;
  std::memcpy(&bits, &reciprocal, sizeof(bits));
  bits = (bits + (uint64_t{1} << 47)) & ~((uint64_t{1} << 48) - 1);
  double head;
  std::memcpy(&head, &bits, sizeof(head));
  const VF vhead = Set(static_cast<float>(head));
  const VF vrest = Set(static_cast<float>(reciprocal - head));
  const VF least = Set(static_cast<float>(sum * 0x1.00001p-126));
  const auto quotient = [&](VF numerator) HWY_ATTR {
    const VF kept = hn::IfThenElseZero(hn::Ge(numerator, least), numerator);
    return Fma(kept, vhead, hn::Mul(kept, vrest));
  };
  size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) Store(quotient(Load(y + i)), y + i);
  if (const size_t rest = n - i; rest != 0) {
    StoreFirst(quotient(LoadFirst(y + i, rest, Set(0.0f))), y + i, rest);
  }
}

// A row whose maximum is not finite. Returns logsumexp.
HWY_NOINLINE float SpecialRow(const float* x, float* y, size_t n,
                              EmptyRow empty_row) {
  const float max = MaxOf<LaneNaN>(x, n);
  const bool zero = max == -kInfinity && empty_row == EmptyRow::kZero;
  Fill(y, n, zero ? 0.0f : kNaN);
  return max;
}

void SoftmaxRows(Rows<const float> x, Rows<float> y, float* logsumexp,
                 const SoftmaxOptions& options) {
  const double scale = options.scale;
  const ScaleParts parts = SplitScale(scale);
  for (size_t r = 0; r < x.rows; ++r) {
    const float* from = x.Row(r);
    float* to = y.Row(r);
    const float max = MaxOf<IgnoreNaN>(from, x.cols);
    float result;
    if (-kInfinity < max && max < kInfinity) {
      const RowSum row = WriteNumerators(from, to, x.cols, max, scale, parts,
                                         logsumexp != nullptr);
      if (row.sum == row.sum) {
        Divide(to, x.cols, row.sum);
        result = row.log_sum_exp;
      } else {
        Fill(to, x.cols, kNaN);
        result = kNaN;
      }
    } else {
      result = SpecialRow(from, to, x.cols, options.empty_row);
    }
    if (logsumexp != nullptr) logsumexp[r] = result;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using SoftmaxFunction = void(Rows<const float>, Rows<float>, float*,
                             const SoftmaxOptions&);
constexpr internal::KernelTable<SoftmaxFunction> kSoftmaxTable =
    SOFTLANE_KERNEL_TABLE(SoftmaxRows);

Status Run(Rows<const float> logits, Rows<float> probs, float* logsumexp,
           const SoftmaxOptions& options, Target target) {
  if (!internal::IsFinitePositive(options.scale) ||
      options.empty_row > EmptyRow::kZero) {
    return Status::kBadOption;
  }
  SoftmaxFunction* const kernel = internal::Select(kSoftmaxTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  kernel(logits, probs, logsumexp, options);
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status Softmax(Rows<const float> logits, Rows<float> probs,
               const SoftmaxOptions& options, Target target) noexcept {
  if (Status s = internal::CheckRowMap(logits, probs); s != Status::kOk) {
    return s;
  }
  return Run(logits, probs, nullptr, options, target);
}

Status SoftmaxWithLogSumExp(Rows<const float> logits, Rows<float> probs,
                            float* logsumexp, const SoftmaxOptions& options,
                            Target target) noexcept {
  if (Status s = internal::CheckRowMap(logits, probs); s != Status::kOk) {
    return s;
  }
  if (Status s = internal::CheckRowResults(logits, logsumexp);
      s != Status::kOk) {
    return s;
  }
  if (Status s = internal::CheckRowResults(probs, logsumexp);
      s != Status::kOk) {
    return s;
  }
  return Run(logits, probs, logsumexp, options, target);
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
