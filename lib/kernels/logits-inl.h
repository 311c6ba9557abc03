// SPDX-License-Identifier: Apache-2.0

// Plain logits, which are floats in memory, for the passes of exp_rows-inl.h
// and exp_batch-inl.h.

#if defined(SOFTLANE_LIB_KERNELS_LOGITS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_LOGITS_INL_H_
#undef SOFTLANE_LIB_KERNELS_LOGITS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_LOGITS_INL_H_
#endif

#include <limits>

#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

struct PlainLogits {
  static constexpr bool kMayBeStaged = true;

  HWY_INLINE Four FourOf(size_t i) const { return LoadFour(x + i, 16); }
  HWY_INLINE VF One(size_t i) const { return Load(x + i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return LoadFirst(x + i, count,
                     Set(-std::numeric_limits<float>::infinity()));
  }

  const float* x;
};

struct PlainSource {
  static constexpr bool kMayBeStaged = true;
  static constexpr bool kAreInMemory = true;

  HWY_INLINE explicit PlainSource(const void*) {}
  HWY_INLINE PlainLogits LogitsAt(const float* x, size_t, size_t begin) const {
    return {x + begin};
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_LOGITS_INL_H_
