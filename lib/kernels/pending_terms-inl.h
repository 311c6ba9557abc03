// SPDX-License-Identifier: Apache-2.0

// The terms of a row's sum and, in the same loop, the last step of the pending
// row.

#if defined(SOFTLANE_LIB_KERNELS_PENDING_TERMS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_PENDING_TERMS_INL_H_
#undef SOFTLANE_LIB_KERNELS_PENDING_TERMS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_PENDING_TERMS_INL_H_
#endif

#include "arith/vector-inl.h"
#include "kernels/stages-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Terms has FourOf(i) in three steps: LoadFourOf(i) loads, Of(v) computes the
// terms of what is loaded, and PutFour(i, terms) stores. last_step(v) gives the
// results of one vector, or four, of the pending row.
template <class Terms, class LastStep>
struct PendingTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    // All loads stand before all stores, which takes 3 to 6 % less time on
    // Zen 5.
    const Four x = terms.LoadFourOf(i);
    const Four pending = InRegisters(LoadFour(from + i, 16));
    const Four term = terms.Of(x);
    const Four result = last_step(pending);
    terms.PutFour(i, term);
    if (is_streamed) {
      ahead.Prefetch(PartOfBlock(i));
      StreamFour(result, to + i, 16);
    } else {
      StoreFour(result, to + i, 16);
    }
    return term;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = last_step(Load(from + i));
    is_streamed ? StreamOne(result, to + i) : Store(result, to + i);
    return terms.One(i);
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF pending = LoadFirst(from + i, count, Set(0.0f));
    StoreFirst(last_step(pending), to + i, count);
    return terms.First(i, count);
  }

  // See AddStagedBlocks.
  static constexpr bool kMayBeStaged = Terms::kMayBeStaged;
  HWY_INLINE Four X(size_t i) const { return terms.X(i); }
  HWY_INLINE const SoftmaxExp& Exp() const { return terms.Exp(); }
  HWY_INLINE Two End(const Stage& stage) const { return terms.End(stage); }
  HWY_INLINE void Write(size_t i, const Two& term) const {
    const Two pending = {Load(from + i), Load(from + i + 16)};
    const Two result = last_step(pending);
    if (is_streamed) {
      if (i % kSumBlock == 0) ahead.Prefetch(i);
      StreamOne(result.a, to + i);
      StreamOne(result.b, to + i + 16);
    } else {
      Store(result.a, to + i);
      Store(result.b, to + i + 16);
    }
    terms.Write(i, term);  // last: see ExpStagedRows
  }

  // See EndAndBegin. These terms do not go past the caches, because a branch
  // for each vector would cost more than it saves.
  static constexpr bool kMayRunAhead = Terms::kMayRunAhead;
  HWY_INLINE VF Begin(size_t i) const { return terms.Begin(i); }
  HWY_INLINE void Beside(size_t i) const {
    Store(last_step(Load(from + i)), to + i);
  }
  HWY_INLINE VF End(const NarrowStage& stage) const { return terms.End(stage); }
  HWY_INLINE void Put(size_t i, VF term) const { terms.Put(i, term); }

  const Terms& terms;
  const LastStep& last_step;
  const float* const from;
  float* const to;
  const bool is_streamed;  // past the caches; then `to` is aligned
  const NextRow ahead;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_PENDING_TERMS_INL_H_
