// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_HALF_PASSES_H_
#define SOFTLANE_LIB_KERNELS_HALF_PASSES_H_

#include <cstddef>

#include "dispatch.h"
#include "softlane/types.h"

namespace softlane {
namespace internal {

constexpr bool IsHalf(ElementType type) noexcept {
  return type != ElementType::kFloat32;
}
/// The index of a half type in HalfPasses, and in other tables of passes.
constexpr size_t HalfIndexOf(ElementType type) noexcept {
  return static_cast<size_t>(type) - 1;
}

/// Conversions of n elements between a half type and float, with the bits of
/// softlane/types.h. The index is HalfIndexOf(type). `from` and `to` do not
/// overlap, and have the alignment of their elements. The caller holds an
/// FpEnvironment. The results depend on its rounding mode, but not on its
/// treatment of subnormal numbers.
struct HalfPasses {
  void (*widen[2])(const void* from, float* to, size_t n);
  void (*narrow[2])(const float* from, void* to, size_t n);
  /// `widen` and `narrow` for n elements of each of several rows. The strides
  /// count elements.
  void (*widen_rows[2])(const void* from, size_t from_stride, float* to,
                        size_t to_stride, size_t rows, size_t n);
  void (*narrow_rows[2])(const float* from, size_t from_stride, void* to,
                         size_t to_stride, size_t rows, size_t n);
};

extern const KernelTable<const HalfPasses> kHalfPasses;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_HALF_PASSES_H_
