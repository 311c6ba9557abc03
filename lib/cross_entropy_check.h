// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_CROSS_ENTROPY_CHECK_H_
#define SOFTLANE_LIB_CROSS_ENTROPY_CHECK_H_

#include "check.h"
#include "schedules/cross_entropy_rows.h"

// The checks of CrossEntropy's options and labels. They stand in a header, so
// that they are inlined in a call of few rows.

namespace softlane {
namespace internal {

/// Whether a number that is not negative is 0 or at least 2^-40.
inline bool IsFarFromSubnormal(float value) {
  return IsZero(value) || BitsOf(value) >= BitsOf(0x1p-40f);
}

/// The number of class weights that are read, which is 0 without rows.
inline size_t NumWeights(const CrossEntropyCall& call) {
  return call.logits.rows == 0 ? 0 : call.logits.cols;
}

/// Sets call.shares_fit_floats.
inline Status CheckOptions(CrossEntropyCall& call) {
  const CrossEntropyOptions& options = *call.options;
  // The bits of floats that are not negative have the order of the floats.
  const bool is_share = IsFiniteNotNegative(options.label_smoothing) &&
                        (IsZero(options.label_smoothing) ||
                         BitsOf(options.label_smoothing) <= BitsOf(1.0f));
  if (options.reduction > Reduction::kMean || !is_share ||
      !IsFiniteNotNegative(options.z_loss) ||
      !IsFinitePositive(options.scale)) {
    return Status::kBadOption;
  }
  // With a larger scale, even differences of logits that underflow change the
  // loss.
  call.shares_fit_floats = BitsOf(options.scale) <= BitsOf(0x1p60f) &&
                           IsFarFromSubnormal(options.label_smoothing);
  if (options.class_weights == nullptr) return Status::kOk;
  const size_t num_weights = NumWeights(call);
  // Without branches, so that the compiler vectorizes the loop.
  bool are_good = true, are_far = true;
  for (size_t c = 0; c < num_weights; ++c) {
    const float weight = options.class_weights[c];
    are_good &= IsFiniteNotNegative(weight);
    are_far &= IsFarFromSubnormal(weight);
  }
  call.shares_fit_floats &= are_far;
  return are_good ? Status::kOk : Status::kBadOption;
}

/// Sets call.counted.
inline Status CheckLabels(CrossEntropyCall& call) {
  const size_t rows = call.logits.rows, batches = call.batches->count;
  call.counted = batches == 0 ? 0 : rows;
  if (!call.HasLabels()) return Status::kOk;
  call.counted = 0;
  // Labels that are repeated are checked once.
  const bool are_repeated = batches > 1 && call.batches->labels == 0;
  const size_t different = are_repeated ? 1 : batches;
  for (size_t b = 0; b < different; ++b) {
    size_t counted;
    const Labels labels = call.labels.From(b * call.batches->labels);
    if (!labels.AreBelow(call.logits.cols, rows, call.options->ignore_index,
                         counted)) {
      return Status::kBadLabel;
    }
    call.counted += are_repeated ? batches * counted : counted;
  }
  return Status::kOk;
}

/// CheckOptions and CheckLabels as functions that are not inlined.
Status OptionsStatus(CrossEntropyCall& call) noexcept;
Status LabelsStatus(CrossEntropyCall& call) noexcept;

/// The operand loss.
inline auto LossesOf(const CrossEntropyCall& call) {
  const bool per_row = call.options->reduction == Reduction::kNone;
  return Optional(WrittenVector(call.loss, per_row ? call.logits.rows : 1));
}
/// Whether a call has nothing to write to.
inline bool HasNoResult(const CrossEntropyCall& call) {
  const bool per_row = call.options->reduction == Reduction::kNone;
  return call.loss == nullptr && call.dlogits.data == nullptr &&
         call.divisor == nullptr &&
         !(per_row && (call.logits.rows == 0 || call.batches->count == 0));
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_CROSS_ENTROPY_CHECK_H_
