// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_ATTENTION_TILES_H_
#define SOFTLANE_LIB_KERNELS_ATTENTION_TILES_H_

#include <cstddef>
#include <cstdint>

#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/half_passes.h"
#include "softlane/softmax_state.h"

// Rows of a tile of attention, a group of rows at a time.

namespace softlane {
namespace internal {

/// A row of a tile, whose keys are of one block of kStateCols. It has keys.
struct AttentionTileRow {
  const float* x;  // scale * x are the logits
  float* floats;   // the exps, or where they are before they are rounded; may
                   // be x
  void* exps;
  size_t n;
  size_t index;  // of the row in the call
};

struct AttentionTileParams {
  SoftmaxState* states;  // of the call
  int32_t* shifts;
  float scale;
  /// Whether each score is multiplied by the scale. Otherwise the scale is a
  /// power of two and part of `parts`.
  bool is_scaled;
  ScaleParts parts;
  ElementType type;  // of the exps
  const HalfPasses& halves;
};

constexpr size_t kMaxAttentionTileRows = 32;

struct AttentionTileKernels {
  size_t most_rows;
  /// Does up to most_rows rows. Bit r of the result is set if row r is not
  /// done, because a logit or a maximum is NaN, infinite or beyond the direct
  /// limit. The state and the shift of such a row are unchanged. Its exps may
  /// be written, and are NaN where logits are NaN.
  uint32_t (*run)(const AttentionTileRow* rows, size_t count,
                  const AttentionTileParams& params);
};
/// Null: the target has no such kernel.
extern const KernelTable<const AttentionTileKernels> kAttentionTileKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_ATTENTION_TILES_H_
