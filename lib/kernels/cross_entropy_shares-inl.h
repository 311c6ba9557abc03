// SPDX-License-Identifier: Apache-2.0

// The shares that a row's classes have in a cross-entropy with smoothing or
// probability targets: their sums, and their part of the gradient.

#if defined(SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_SHARES_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_SHARES_INL_H_
#undef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_SHARES_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_SHARES_INL_H_
#endif

#include <cstring>

#include "arith/probability-inl.h"
#include "arith/sum-inl.h"
#include "kernels/cross_entropy_loss-inl.h"
#include "kernels/cross_entropy_parts.h"
#include "kernels/sse2_shares-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The two factors of kLanes shares.
template <bool kHasWeights>
struct ShareFactors {
  HWY_INLINE VF Product() const {
    return kHasWeights ? hn::Mul(targets, weights) : targets;
  }
  // The term, but +0 where one of the factors is 0.
  HWY_INLINE VF Counted(VF term) const {
    const VF zero = Set(0.0f);
    const VF kept = hn::IfThenZeroElse(hn::Eq(targets, zero), term);
    if (!kHasWeights) return kept;
    return hn::IfThenZeroElse(hn::Eq(weights, zero), kept);
  }

  VF targets, weights;
};

// The factors of a row's shares. After the first `count` they are +0.
template <bool kHasTargets, bool kHasWeights>
struct RowFactors {
  HWY_INLINE ShareFactors<kHasWeights> Of(size_t i) const {
    return {kHasTargets ? OfTargets(Load(targets + i)) : smoothing,
            kHasWeights ? Load(weights + i) : Set(1.0f)};
  }
  HWY_INLINE ShareFactors<kHasWeights> First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    const VF q = kHasTargets ? OfTargets(LoadFirst(targets + i, count, zero))
                             : smoothing;
    return {KeepFirst(q, count),
            kHasWeights ? LoadFirst(weights + i, count, zero) : Set(1.0f)};
  }
  HWY_INLINE VF OfTargets(VF v) const {
    return Fma(v, target_share, smoothing);
  }

  HWY_INLINE explicit RowFactors(const ClassShares& shares)
      : targets(shares.targets),
        weights(shares.weights),
        target_share(Set(shares.target_share)),
        smoothing(Set(shares.smoothing)) {}

  const float* targets;
  const float* weights;
  VF target_share, smoothing;
};

// Pass<has targets, has weights>::Run for a row's kind of shares; weights stand
// for targets where there are none. With AVX2 on Zen 3 at 8 x 4096, one pass
// for all kinds takes 15 % more time.
template <template <bool, bool> class Pass>
HWY_INLINE auto PassFor(const ClassShares& shares) {
  if (shares.targets == nullptr) return &Pass<false, false>::Run;
  return shares.weights != nullptr ? &Pass<true, true>::Run
                                   : &Pass<true, false>::Run;
}

#ifndef SOFTLANE_SSE2

constexpr size_t kShareBlock = 8 * kSumBlock;

// Terms of the two sums of SumShares, for classes from `start` on; gives their
// number, a multiple of 64 with terms +0 behind the last class.
template <bool kHasTargets, bool kHasWeights>
struct MakeTerms {
  static HWY_NOINLINE size_t Run(const ClassShares& shares, const float* x,
                                 size_t start, size_t n, float max,
                                 float* totals, float* logits) {
    const RowFactors<kHasTargets, kHasWeights> factors(shares);
    const VF minus_max = Set(-max * kLogitUnit), zero = Set(0.0f);
    const auto put = [&](size_t i, const ShareFactors<kHasWeights>& q,
                         VF x) HWY_ATTR {
      const VF difference = Fma(x, Set(kLogitUnit), minus_max);
      Store(q.Counted(hn::Mul(q.Product(), difference)), logits + i);
      if (kHasTargets || kHasWeights) Store(q.Product(), totals + i);
    };
    size_t i = 0;
    for (; n - i >= kLanes; i += kLanes) {
      put(i, factors.Of(start + i), Load(x + start + i));
    }
    if (i != n) {
      put(i, factors.First(start + i, n - i),
          LoadFirst(x + start + i, n - i, Set(max)));
      i += kLanes;
    }
    for (; i % kSumBlock != 0; i += kLanes) {
      Store(zero, logits + i);
      Store(zero, totals + i);
    }
    return i;
  }
};

// Adds n terms to a sum, in double from the start.
HWY_INLINE void AddStored(const float* terms, size_t n, LaneSum& sum) {
  for (size_t i = 0; i < n; i += kSumBlock) sum.AddStoredInDouble(terms + i);
}

// sum q_c and sum q_c (x_c - max), where a term is +0 if a factor of q_c is 0,
// even if x_c is -inf. `before` has the sums of earlier classes, and gets the
// sums of all classes so far. It is null for a whole row.
HWY_NOINLINE ShareSums SumShares(const ClassShares& shares, const float* x,
                                 size_t n, float max,
                                 internal::ShareParts* before = nullptr) {
  HWY_ALIGN float totals[kShareBlock], logits[kShareBlock];
  const auto make = PassFor<MakeTerms>(shares);
  LaneSum total, logit;
  if (before != nullptr) {
    total.AddLanes(before->total);
    logit.AddLanes(before->logits);
  }
  for (size_t i = 0; i < n; i += kShareBlock) {
    const size_t count =
        make(shares, x, i, HWY_MIN(kShareBlock, n - i), max, totals, logits);
    if (!shares.AreEqual()) AddStored(totals, count, total);
    AddStored(logits, count, logit);
  }
  size_t all = n;
  if (before != nullptr) {
    total.StoreLanes(before->total);
    logit.StoreLanes(before->logits);
    all = before->n += n;
  }
  return {shares.AreEqual() ? SumOfEqual(shares, all) : total.Total(),
          logit.Total() / kLogitUnit};
}

#endif  // SOFTLANE_SSE2

// dx_c = factor * e_c - unit * q_c, in the place of the exp values e.
template <bool kHasTargets, bool kHasWeights>
struct Gradient {
  static HWY_NOINLINE void Run(const Probabilities& scaled,
                               const ClassShares& shares, float unit, size_t n,
                               float* dx) {
    const RowFactors<kHasTargets, kHasWeights> factors(shares);
    const VF units = Set(unit);
    size_t i = 0;
    for (; n - i >= kLanes; i += kLanes) {
      const VF v = scaled(Load(dx + i));
      Store(Fnma(units, factors.Of(i).Product(), v), dx + i);
    }
    if (i != n) {
      const VF v = scaled(LoadFirst(dx + i, n - i, Set(0.0f)));
      const VF q = factors.First(i, n - i).Product();
      StoreFirst(Fnma(units, q, v), dx + i, n - i);
    }
  }
};

// WriteShares by the fastest pass for the shares. dx may be e.
HWY_NOINLINE void WriteShares(const Reciprocal& factor,
                              const ClassShares& shares, double unit, size_t n,
                              const float* e, float* dx) {
  const float unit_float = static_cast<float>(unit);
#ifdef SOFTLANE_SSE2
  if (WriteGradient4s(factor, shares, unit_float, n, e, dx)) return;
#endif
  if (e != dx) std::memcpy(dx, e, n * sizeof(*dx));
  const auto write = PassFor<Gradient>(shares);
  write(Probabilities(factor), shares, unit_float, n, dx);
}
// A row's shares in floats, and in double if they do not fit floats.
HWY_INLINE ClassShares FloatShares(const Loss& loss, const float* targets) {
  const float* const weights = loss.options.class_weights;
  const auto smoothing = static_cast<float>(loss.smoothing);
  // Finite numbers times 0 add nothing to the smoothing.
  if (targets == nullptr) return {weights, weights, 0.0f, smoothing};
  return {targets, weights,
          static_cast<float>(1.0 - double{loss.options.label_smoothing}),
          smoothing};
}
HWY_INLINE internal::DoubleShares DoubleSharesOf(const Loss& loss,
                                                 const float* targets,
                                                 size_t n) {
  return {loss.options, targets, loss.smoothing, n};
}

// Sets fit_floats to false if the sums do not fit floats.
HWY_INLINE ShareSums SumSharesOf(const Loss& loss, const float* targets,
                                 const float* x, size_t n, float max,
                                 bool& fit_floats) {
  if (fit_floats) {
    const ShareSums sums = SumShares(FloatShares(loss, targets), x, n, max);
    fit_floats = sums.AreFinite();
    if (fit_floats) return sums;
  }
  return DoubleSharesOf(loss, targets, n).Sum(x, max);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_SHARES_INL_H_
