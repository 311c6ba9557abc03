// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_ATTENTION_SHORT_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_ATTENTION_SHORT_ROWS_H_

#include <cstddef>

#include "schedules/key_ranges.h"
#include "schedules/softmax_call.h"

// Attention's short rows, without a prediction: a call of one row, or batches
// of the x86-64 baseline. The logits are first written to the place of the
// probabilities.

namespace softlane {
namespace internal {

/// Does a call of one row. Inlined, because views passed to a function would be
/// copies, which wait for the stores that made them.
[[gnu::always_inline]] inline void RunOneRowOfKeys(const SoftmaxCall& call,
                                                   const float* scores,
                                                   size_t begin, size_t n,
                                                   float* to) {
  WriteLogits(call, scores, 0, begin, n, to);
  RunByItself(call, 0, begin, n, to, to);
}
/// Does a call of one row that has at least one key, but maybe not all keys.
void RunPartOfOneRow(const SoftmaxCall& call, const KeyRange& keys);

/// Does batches of the x86-64 baseline. All rows have all keys and no sinks.
void RunShortRowsOfKeys(const SoftmaxCall& call);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_ATTENTION_SHORT_ROWS_H_
