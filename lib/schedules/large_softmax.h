// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_LARGE_SOFTMAX_H_
#define SOFTLANE_LIB_SCHEDULES_LARGE_SOFTMAX_H_

#include "schedules/softmax_call.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// Softmax of rows of kMinLargeCols or more, in place or not.
void RunLargeRows(const SoftmaxCall& call, Target target);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_LARGE_SOFTMAX_H_
