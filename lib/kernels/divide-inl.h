// SPDX-License-Identifier: Apache-2.0

// Probabilities of a row whose exp values stand in memory: a read and a write
// per element.

#if defined(SOFTLANE_LIB_KERNELS_DIVIDE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_DIVIDE_INL_H_
#undef SOFTLANE_LIB_KERNELS_DIVIDE_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_DIVIDE_INL_H_
#endif

#include "arith/probability-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// From the end, which is still in the first cache, a block at a time.
template <class Divided>
HWY_INLINE void DivideRow(const Divided& divided, const float* e, float* probs,
                          size_t n, bool is_streamed) {
  constexpr size_t kBlock = 2048;
  for (size_t end = n; end != 0;) {
    const size_t begin = end > kBlock ? end - kBlock : 0;
    const MappedRow<Divided> terms{divided, e + begin};
    if (is_streamed) {
      StreamTerms(terms, probs + begin, end - begin, NextRow{});
    } else {
      StoreTerms(terms, probs + begin, end - begin);
    }
    end = begin;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_DIVIDE_INL_H_
