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

// Up to this |scale max| x l is split as it is; above, x - max is. The
// difference is exact there for every x that matters, because it is within a
// factor 2 of max.
constexpr double kDirectLimit = 4096.0;

// The relative error of a sum of numerators, in u = 2^-24: its terms err as a
// numerator does.
constexpr double kNumeratorSumErrorU = kSoftmaxExpErrorU + kSumErrorU;
// Of a probability: the numerator, the sum, the reciprocal in two floats, a
// subnormal second product at the lowest probabilities, the rounding of the
// result. An error of n u is at most n ULP.
static_assert(kSoftmaxExpErrorU + kNumeratorSumErrorU + 0.02 + 1.0 + 1.0 <=
                  kSoftmaxMaxUlp,
              "the documented bound holds");
// Of logsumexp: the logarithm of the sum, and the rounding to float.
static_assert(kNumeratorSumErrorU + 0.5 <= kLogSumExpMaxError * 0x1p24,
              "the documented bound holds");

// scale * log2(e) = l * unit. The unit is a power of two: 1 for a scale of
// usual size, else the scale's own, so that two floats hold l.
struct ScaleParts {
  double scale, unit, l;
  float l_hi, l_lo;
};

HWY_INLINE ScaleParts SplitScale(float scale) {
  ScaleParts parts;
  parts.scale = scale;
  uint64_t bits;
  std::memcpy(&bits, &parts.scale, sizeof(bits));
  const int exponent = static_cast<int>(bits >> 52) - 1023;
  const uint64_t unit_bits = bits & ~((uint64_t{1} << 52) - 1);
  parts.unit = 1.0;
  if (exponent < -60 || exponent > 60) {
    std::memcpy(&parts.unit, &unit_bits, sizeof(parts.unit));
  }
  parts.l = parts.scale / parts.unit * kLog2E;
  parts.l_hi = static_cast<float>(parts.l);
  parts.l_lo = static_cast<float>(parts.l - parts.l_hi);
  return parts;
}

// What a row's maximum decides. Element x becomes the argument (x - shift) *
// unit of the exponential, and its numerator is exp(scale * x - log_divisor).
struct RowPlan {
  bool as_is;  // shift is 0 and unit is 1
  double shift, unit;
  double offset;  // in octaves
  double lowest;  // the least argument whose numerator is not a tiny constant
  double scaled_max, log_divisor;
};

HWY_INLINE RowPlan PlanRow(float max, const ScaleParts& parts) {
  RowPlan plan;
  plan.scaled_max = parts.scale * max;
  const bool direct =
      -kDirectLimit <= plan.scaled_max && plan.scaled_max <= kDirectLimit;
  plan.as_is = direct && parts.unit == 1.0;
  plan.shift = direct ? 0.0 : max;
  plan.unit = parts.unit;
  const double peak = (max - plan.shift) * plan.unit;
  // 1.5 * 2^53 makes the last bit of a double count twos.
  const double even = (peak * parts.l_hi + 0x1.8p53) - 0x1.8p53;
  plan.offset = even - kHeadroom;
  // 2^-125.75 is normal, and below 2^-126 times the sum.
  plan.lowest = (plan.offset - 125.75) / parts.l;
  plan.log_divisor =
      plan.offset * kLn2 - kLogSoftmaxFactor + (direct ? 0.0 : plan.scaled_max);
  return plan;
}

// The arguments of the exponential.
struct AsIs {
  HWY_INLINE VF operator()(VF x) const { return x; }
};
struct Shifted {
  // A difference that overflows is far below the maximum: -inf is as good.
  HWY_INLINE VF operator()(VF x) const {
    return hn::Mul(hn::Sub(x, shift), unit);
  }
  VF shift, unit;
};

// A row's numerators, as the terms of a sum that writes them on the way.
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

template <class Argument>
HWY_INLINE RowSum SumRow(const RowPlan& plan, const SoftmaxExp& exp,
                         const Argument& argument, const float* x, float* y,
                         size_t n, float max, bool want_log) {
  const double sum = SumTerms(n, Numerators<Argument>{exp, argument, x, y});
  if (!want_log) return {sum, 0.0f};
  // Where no other element counts, the maximum is the result, exactly.
  const bool max_only = sum == hn::GetLane(exp(argument(Set(max))));
  const double log_sum = plan.log_divisor + Log(sum);
  return {sum, static_cast<float>(max_only ? plan.scaled_max : log_sum)};
}

HWY_INLINE RowSum WriteNumerators(const float* x, float* y, size_t n, float max,
                                  const ScaleParts& parts, bool want_log) {
  const RowPlan plan = PlanRow(max, parts);
  const SoftmaxExp exp(parts.l_hi, parts.l_lo, static_cast<float>(plan.offset),
                       static_cast<float>(plan.lowest));
  if (plan.as_is) return SumRow(plan, exp, AsIs(), x, y, n, max, want_log);
  const Shifted shifted{Set(static_cast<float>(plan.shift)),
                        Set(static_cast<float>(plan.unit))};
  return SumRow(plan, exp, shifted, x, y, n, max, want_log);
}

// y /= sum, and what would be below 2^-126 becomes +0.
HWY_INLINE void Divide(float* y, size_t n, double sum) {
  // The reciprocal as the sum of two floats: a numerator over itself is then
  // exactly 1, which one float misses in an eighth of all cases. The first has
  // 5 bits only, so that the second product is no subnormal, which some CPUs
  // are slow at, unless the probability is below 2^-121.
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
  const ScaleParts parts = SplitScale(options.scale);
  for (size_t r = 0; r < x.rows; ++r) {
    const float* from = x.Row(r);
    float* to = y.Row(r);
    const float max = MaxOf<IgnoreNaN>(from, x.cols);
    float result;
    if (-kInfinity < max && max < kInfinity) {
      const RowSum row =
          WriteNumerators(from, to, x.cols, max, parts, logsumexp != nullptr);
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
  if (logits.cols == 0) {
    if (logsumexp != nullptr)
      internal::FillMinusInfinity(logsumexp, logits.rows);
    return Status::kOk;
  }
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
