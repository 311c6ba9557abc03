// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TOPK_RESULTS_H_
#define SOFTLANE_LIB_TOPK_RESULTS_H_

#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/topk.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/softmax_state.h"
#include "softlane/target.h"

// The code that top-k of floats and of other types share.

namespace softlane {
namespace internal {

/// Whether the shapes of a call agree.
inline bool HaveShapesOfTopK(size_t rows, size_t cols, size_t k,
                             const Rows<float>& top_probs,
                             const Rows<int32_t>& indices) noexcept {
  constexpr size_t kMaxColumn = std::numeric_limits<int32_t>::max();
  return k <= cols && cols <= kMaxColumn && top_probs.rows == rows &&
         top_probs.cols == k && indices.rows == rows && indices.cols == k;
}

/// Divides the k probabilities of a row by their sum. Needs an FpEnvironment in
/// force.
void RenormalizeTopK(float* y, size_t k);

/// Writes the results of a row with NaN or +inf, or of a row whose logits are
/// all -inf: zeros if `is_zero`, otherwise NaN.
void WriteSpecialTopK(bool is_zero, size_t k, float* y, int32_t* columns);

/// Writes the results of a row from its state and its largest logits.
void WriteTopKOfState(const SoftmaxState& state, const TopLogits& top, size_t k,
                      const SoftmaxTopKOptions& options, Target target,
                      float* y, int32_t* columns);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TOPK_RESULTS_H_
