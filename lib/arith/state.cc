// SPDX-License-Identifier: Apache-2.0
#include "arith/state.h"

namespace softlane {
namespace internal {

void MergeState(const SoftmaxState& from, SoftmaxState& into) {
  const uint32_t key =
      from.max_key > into.max_key ? from.max_key : into.max_key;
  const StateUse use = UseOf(HasSum(into) ? into : from);
  ExactSum sum;
  if (HasSum(into)) sum = SumOf(into);
  if (HasSum(from)) Merge(SumOf(from), sum);
  into = StateOf(key, sum, use);
}

void AddBlockToState(float max, double s, int64_t offset, SoftmaxState& state) {
  ExactSum sum;
  AddBlockSums(&s, 1, offset, sum);
  MergeState(StateOf(KeyOf(max), sum, StateUse::kSoftmax), state);
}

}  // namespace internal
}  // namespace softlane
