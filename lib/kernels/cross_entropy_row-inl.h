// SPDX-License-Identifier: Apache-2.0

// Cross-entropy of one row: its sums, and its gradient in the place of the
// exp values.

#if defined(SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_ROW_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_ROW_INL_H_
#undef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_ROW_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_ROW_INL_H_
#endif

#include "arith/max-inl.h"
#include "arith/row_exp-inl.h"
#include "kernels/cross_entropy_loss-inl.h"
#include "kernels/exp_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The label's exp value is left out of the sum and added last: the gradient of
// the label, p - 1 = -(sum of the others) / sum, is then not a difference of
// nearly equal numbers where p is near 1.
HWY_INLINE RowSums SumsOf(double others, size_t label, float x_label, float max,
                          const RowPlan& plan, const ScaleParts& parts) {
  const SoftmaxExp exp = MakeExp(plan, parts);
  RowSums row{};
  if (label != kNoLabel) {
    const float argument = (x_label - static_cast<float>(plan.shift)) *
                           static_cast<float>(plan.unit);
    row.label = hn::GetLane(exp(Set(argument)));
  }
  row.others = others;
  row.sum = row.others + row.label;
  row.is_number = row.sum == row.sum;
  if (row.is_number) row.log_sum = LogOfSum(plan, exp, max, row.sum);
  return row;
}

// q_c, how much of class c a row should have:
//   weights_c * (target_share * targets_c + smoothing).
// Without targets that is only the part that all classes share.
struct ClassShares {
  // The two factors of kLanes shares; +0 behind the first `count`.
  struct Factors {
    HWY_INLINE VF Product() const { return hn::Mul(targets, weights); }

    VF targets, weights;
  };

  HWY_INLINE Factors FactorsOf(size_t i) const {
    VF q = Set(smoothing);
    if (targets != nullptr) q = Fma(Load(targets + i), Set(target_share), q);
    return {q, weights == nullptr ? Set(1.0f) : Load(weights + i)};
  }
  HWY_INLINE Factors FirstFactors(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    VF q = Set(smoothing);
    if (targets != nullptr) {
      q = Fma(LoadFirst(targets + i, count, zero), Set(target_share), q);
    }
    return {KeepFirst(q, count), weights == nullptr
                                     ? Set(1.0f)
                                     : LoadFirst(weights + i, count, zero)};
  }
  HWY_INLINE VF One(size_t i) const { return FactorsOf(i).Product(); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return FirstFactors(i, count).Product();
  }
  HWY_INLINE Four FourOf(size_t i) const {
    return {One(i), One(i + 16), One(i + 32), One(i + 48)};
  }

  const float* targets;  // or null
  const float* weights;  // or null, for ones
  float target_share, smoothing;
};

// q_c (x_c - max), times a unit with which neither differences nor sums of them
// overflow; +0 where a factor of q_c is 0, also if x_c is -inf.
class SharedLogits {
 public:
  static constexpr float kUnit = 0x1p-6f;

  HWY_INLINE SharedLogits(const ClassShares& shares, const float* x, float max)
      : shares_(shares), x_(x), max_(Set(max)), minus_max_(Set(-max * kUnit)) {}

  HWY_INLINE VF One(size_t i) const {
    return Term(shares_.FactorsOf(i), Load(x_ + i));
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return Term(shares_.FirstFactors(i, count), LoadFirst(x_ + i, count, max_));
  }
  HWY_INLINE Four FourOf(size_t i) const {
    return {One(i), One(i + 16), One(i + 32), One(i + 48)};
  }

 private:
  HWY_INLINE VF Term(const ClassShares::Factors& q, VF x) const {
    const VF zero = Set(0.0f);
    const VF term = hn::Mul(q.Product(), Fma(x, Set(kUnit), minus_max_));
    const VF kept = hn::IfThenZeroElse(hn::Eq(q.targets, zero), term);
    if (shares_.weights == nullptr) return kept;
    return hn::IfThenZeroElse(hn::Eq(q.weights, zero), kept);
  }

  const ClassShares& shares_;
  const float* x_;
  VF max_, minus_max_;
};

// dx_c = factor * e_c - unit * q_c, in the place of the exp values e.
struct GradientRow {
  HWY_INLINE void Write(size_t n, float* dx) const {
    size_t i = 0;
    for (; n - i >= kLanes; i += kLanes) {
      const VF v = scaled(Load(dx + i));
      Store(has_shares ? Fnma(unit, shares.One(i), v) : v, dx + i);
    }
    if (i != n) {
      const VF v = scaled(LoadFirst(dx + i, n - i, Set(0.0f)));
      StoreFirst(has_shares ? Fnma(unit, shares.First(i, n - i), v) : v, dx + i,
                 n - i);
    }
  }

  const Probabilities& scaled;  // factor * e
  const ClassShares& shares;
  bool has_shares;
  VF unit;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_ROW_INL_H_
