// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_NARROW_PLANES_H_
#define SOFTLANE_LIB_KERNELS_NARROW_PLANES_H_

#include <cstddef>

#include "dispatch.h"

namespace softlane {
namespace internal {

/// Copies planes of few columns to a tile and back. A plane without gaps is a
/// row of elements. The planes are transposed: element e of plane o is
/// values[e * planes + o]. So the tile has a lane per column and plane, and the
/// passes over columns work as usual. The number of planes is a multiple of a
/// vector's lanes, and a plane has at least 4 elements. Null in the x86-64
/// baseline.
struct NarrowPlanesKernels {
  void (*read)(const float* const* from, size_t elements, float* values,
               size_t planes);
  void (*write)(const float* values, size_t elements, float* const* to,
                size_t planes);
};
extern const KernelTable<const NarrowPlanesKernels> kNarrowPlanesKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_NARROW_PLANES_H_
