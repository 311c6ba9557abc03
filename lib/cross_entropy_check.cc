// SPDX-License-Identifier: Apache-2.0
#include "cross_entropy_check.h"

namespace softlane {
namespace internal {

Status OptionsStatus(CrossEntropyCall& call) noexcept {
  return CheckOptions(call);
}
Status LabelsStatus(CrossEntropyCall& call) noexcept {
  return CheckLabels(call);
}

}  // namespace internal
}  // namespace softlane
