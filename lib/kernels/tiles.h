// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_TILES_H_
#define SOFTLANE_LIB_KERNELS_TILES_H_

#include <cstddef>

#include "arith/plan.h"
#include "dispatch.h"
#include "softlane/rows.h"

// The shortest rows, transposed: a tile has a row per lane.

namespace softlane {
namespace internal {

/// What a tile needs for rows that it cannot do: those whose maximum is not
/// finite, or beyond the direct limit. Called for rows [first, first + count).
struct TileFallback {
  void (*run)(const void* context, size_t first, size_t count);
  const void* context;
};

struct TileKernels {
  /// All rows of 4 to 128 columns; the scale is one with unit 1. logsumexp may
  /// be null.
  void (*softmax)(const Rows<const float>& x, const Rows<float>& y,
                  float* logsumexp, const ScaleParts& parts,
                  const TileFallback& fallback);
};

extern const KernelTable<const TileKernels> kTileKernels;

/// A table of its own, so that a program with Softmax alone does not have them.
struct LogTileKernels {
  /// All rows of 4 to 128 columns; the scale has unit 1.
  void (*log_softmax)(const Rows<const float>& x, const Rows<float>& y,
                      const ScaleParts& parts, const TileFallback& fallback);
  /// The same rows; writes one float for each.
  void (*log_sum_exp)(const Rows<const float>& x, float* logsumexp,
                      const ScaleParts& parts, const TileFallback& fallback);
};

extern const KernelTable<const LogTileKernels> kLogTileKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_TILES_H_
