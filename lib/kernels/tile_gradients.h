// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_TILE_GRADIENTS_H_
#define SOFTLANE_LIB_KERNELS_TILE_GRADIENTS_H_

#include <cstddef>

#include "arith/plan.h"
#include "dispatch.h"
#include "softlane/options.h"

namespace softlane {
namespace internal {

/// Keys of one row of a tile, whose logits are affine: see AreAffine.
struct TileGradientRow {
  const AttentionOptions& options;  // of the tile; the bias is of floats
  size_t row, begin, n;             // the row, its first key here, and the keys
  const float* scores;              // of all keys of the row
  const float* dp;                  // the same
  const RowPlan& plan;              // not far
  double sum, delta;
  float* p;   // n probabilities, or null
  float* dx;  // n gradients
};

struct TileGradientKernels {
  /// Writes the probabilities and the gradients. Each may replace the scores or
  /// dp. Null if there is no such pass.
  void (*write)(const TileGradientRow& row);
};
extern const KernelTable<const TileGradientKernels> kTileGradientKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_TILE_GRADIENTS_H_
