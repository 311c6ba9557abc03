// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "arith/state.h"
#include "softlane/softmax_state.h"
#include "topk_results.h"

namespace softlane {
namespace internal {

void WriteTopKOfState(const SoftmaxState& state, const TopLogits& top, size_t k,
                      const SoftmaxTopKOptions& options, Target target,
                      float* y, int32_t* columns) {
  if (!HasSum(state)) {
    const bool is_empty = state.max_key <= kKeyOfMinusInfinity;
    return WriteSpecialTopK(is_empty && options.empty_row == EmptyRow::kZero, k,
                            y, columns);
  }
  // All arguments are good.
  const Status status = SoftmaxFromStates(
      Rows<const float>(top.values, 1, k), &state, Rows<float>(y, 1, k),
      {options.scale, EmptyRow::kNan}, target);
  static_cast<void>(status);
  if (options.renormalize) RenormalizeTopK(y, k);
  std::memcpy(columns, top.columns, k * sizeof(int32_t));
}

}  // namespace internal
}  // namespace softlane
