// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_LOSS_TOTALS_H_
#define SOFTLANE_LIB_SCHEDULES_LOSS_TOTALS_H_

#include <limits>

#include "schedules/cross_entropy_rows.h"

// The sum or mean of losses, and its divisor.

namespace softlane {
namespace internal {

inline constexpr double kNoLoss = std::numeric_limits<double>::quiet_NaN();

inline bool IsMean(const CrossEntropyCall& call) {
  return call.options->reduction == Reduction::kMean;
}

/// NaN if rows count, but all have a weight of 0.
inline double DivisorOf(const CrossEntropyCall& call,
                        const LossTotals& totals) {
  return call.counted != 0 && totals.divisor == 0.0 ? kNoLoss : totals.divisor;
}

/// Writes the sum or mean of losses, and the divisor.
[[gnu::always_inline]] inline void WriteTotals(const CrossEntropyCall& call,
                                               const LossTotals& totals) {
  double total = totals.total;
  const CrossEntropyOptions& options = *call.options;
  if (IsMean(call) && !(call.counted == 0 && options.zero_if_all_ignored)) {
    total /= DivisorOf(call, totals);
  }
  if (options.reduction != Reduction::kNone && call.loss != nullptr) {
    call.loss[0] = total == total ? static_cast<float>(total) : kNoLoss;
  }
  if (call.divisor != nullptr) {
    *call.divisor = static_cast<float>(totals.divisor);
  }
}

/// Adds the weights of the rows' labels to a divisor.
double AddWeights(const CrossEntropyCall& call, double divisor) noexcept;
/// WriteTotals as a function that is not inlined.
void FinishLosses(const CrossEntropyCall& call,
                  const LossTotals& totals) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_LOSS_TOTALS_H_
