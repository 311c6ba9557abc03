// SPDX-License-Identifier: Apache-2.0
#include "schedules/loss_totals.h"

namespace softlane {
namespace internal {

double AddWeights(const CrossEntropyCall& call, double divisor) noexcept {
  if (call.counted == 0) return divisor;
  const LossBatches& batches = *call.batches;
  for (size_t b = 0; b < batches.count; ++b) {
    const size_t first = b * batches.labels, end = first + call.logits.rows;
    for (size_t r = first; r < end; ++r) {
      if (call.IsIgnored(r)) continue;
      divisor += call.options->class_weights[call.labels[r]];
    }
  }
  return divisor;
}

void FinishLosses(const CrossEntropyCall& call,
                  const LossTotals& totals) noexcept {
  WriteTotals(call, totals);
}

}  // namespace internal
}  // namespace softlane
