// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_FAR_ROWS_H_
#define SOFTLANE_LIB_KERNELS_FAR_ROWS_H_

#include <cstddef>

#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/tiles.h"

namespace softlane {
namespace internal {

/// Writes the exp values of n elements of each lane of a tile with far lanes:
/// see arith/far_plan.h. The maxima are finite. Direct lanes have offsets in
/// the tile. `to` may be `from`.
using FarTileFunction = void(const float* from, size_t n,
                             const ScaleParts& parts, const float* maxima,
                             const Tile& tile, float* to);
extern const KernelTable<FarTileFunction> kExpOfFarTile;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_FAR_ROWS_H_
