// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_CROSS_ENTROPY_BACKWARD_H_
#define SOFTLANE_LIB_CROSS_ENTROPY_BACKWARD_H_

#include "schedules/converter.h"
#include "schedules/gradient_places.h"
#include "schedules/labels.h"
#include "softlane/cross_entropy_backward.h"

namespace softlane {
namespace internal {

/// The saved results of the forward pass, and the other views of a call.
struct SavedLoss {
  const LossViews& views;  // x: the logits, or the probabilities
  bool has_probs;
  const float* logsumexp;  // not read with probabilities
  Labels labels;           // none with targets
};

/// Checks the arguments and writes the gradients. The types have been checked.
/// converter_of gives the converter of the views for a target.
Status RunFromSaved(const SavedLoss& saved, const CrossEntropyOptions& options,
                    Target target, Converter (*converter_of)(Target)) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_CROSS_ENTROPY_BACKWARD_H_
