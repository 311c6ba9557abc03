// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_HAND_TILE_H_
#define SOFTLANE_BENCH_HAND_TILE_H_

#include <cstddef>
#include <cstdint>

#include "softlane/softlane.h"

// Attention's softmax on a tile of keys as engines write it by hand: row by row
// the maximum, exp(x - max) and their sum, and the accumulator scaled by
// exp(old - new). The backward step has neither.

namespace softlane {
namespace bench {

/// The exp of a step.
enum class HandExp {
  /// The operations of PyTorch's exp for attention, 20 ULP: range checks, floor
  /// and a quintic. The accumulator is scaled for each tile.
  kTorch,
  /// The leanest: a quintic, a clamp, and the exponent added as an integer. The
  /// accumulator is scaled where the maximum has grown.
  kLean,
};

struct HandTile {
  const float* scores;  // rows x cols, cols a multiple of 64
  void* exps;           // floats, or bfloat16
  size_t rows, cols;
  float scale;
  float* max;
  float* sum;
  float* accumulators;  // rows x 64
};
constexpr size_t kHandDims = 64;

/// The backward step: probs = exp(scale * scores - logsumexp), and dscores =
/// scale * probs * (dprobs - delta).
struct HandTileBackward {
  const float* scores;  // rows x cols, cols a multiple of 64
  const float* dprobs;
  void* probs;  // floats, or bfloat16
  void* dscores;
  size_t rows, cols;
  float scale;
  const float* logsumexp;
  const float* delta;
};

/// Does a tile with the instructions of the target; false if there is no such
/// step.
bool RunHandTile(const HandTile& tile, HandExp exp, bool is_bfloat16,
                 Target target);
bool RunHandTile(const HandTileBackward& tile, HandExp exp, bool is_bfloat16,
                 Target target);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_HAND_TILE_H_
