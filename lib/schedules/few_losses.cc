// SPDX-License-Identifier: Apache-2.0
#include "kernels/cross_entropy_kernels.h"
#include "kernels/row_limits.h"
#include "schedules/cross_entropy_rows.h"

namespace softlane {
namespace internal {

bool RunFewLosses(const CrossEntropyCall& call, Target target) noexcept {
  const size_t rows = call.logits.rows;
  FewLossesFunction* const few =
      KernelsOf(kCrossEntropyKernels, target).few_rows;
  if (few == nullptr) return false;
  const CrossEntropyOptions& options = *call.options;
  int32_t labels[kFewRows] = {};
  for (size_t r = 0; r < rows; ++r) {
    const int64_t label = call.labels[r];
    if (label == options.ignore_index ||
        static_cast<uint64_t>(label) >= call.logits.cols) {
      return false;
    }
    labels[r] = static_cast<int32_t>(label);
  }
  const double divisor =
      options.reduction == Reduction::kMean ? static_cast<double>(rows) : 1.0;
  double losses[kFewRows];
  if (!few(call.logits, call.dlogits, labels, options.upstream / divisor,
           call.loss == nullptr ? nullptr : losses)) {
    return false;
  }
  if (call.loss == nullptr) return true;
  double total = 0.0;
  for (size_t r = 0; r < rows; ++r) {
    if (options.reduction == Reduction::kNone) {
      call.loss[r] = static_cast<float>(losses[r]);
    }
    total += losses[r];
  }
  if (options.reduction != Reduction::kNone) {
    call.loss[0] = static_cast<float>(total / divisor);
  }
  return true;
}

}  // namespace internal
}  // namespace softlane
