// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_HALF_PASSES_H_
#define SOFTLANE_LIB_KERNELS_HALF_PASSES_H_

#include <cstddef>

#include "dispatch.h"

namespace softlane {
namespace internal {

/// Conversions of n elements between a half type and float, with the bits of
/// softlane/types.h. The index is ElementType - 1. `from` and `to` do not
/// overlap, and have the alignment of their elements. The caller holds an
/// FpEnvironment; only its rounding mode counts, not what it does to subnormal
/// numbers.
struct HalfPasses {
  void (*widen[2])(const void* from, float* to, size_t n);
  void (*narrow[2])(const float* from, void* to, size_t n);
};

extern const KernelTable<const HalfPasses> kHalfPasses;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_HALF_PASSES_H_
