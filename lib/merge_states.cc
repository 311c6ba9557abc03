// SPDX-License-Identifier: Apache-2.0
#include "arith/state.h"
#include "check.h"
#include "schedules/state_rows.h"
#include "softlane/softmax_state.h"

// MergeStates has a file of its own, because the functions of the library that
// make states do not merge them.

namespace softlane {
inline namespace v1 {

Status MergeStates(SoftmaxState* into, const SoftmaxState* from,
                   size_t rows) noexcept {
  if (Status s = internal::CheckOperands(true, internal::ReadVector(from, rows),
                                         internal::WrittenVector(into, rows));
      s != Status::kOk) {
    return s;
  }
  for (size_t r = 0; r < rows; ++r) {
    if (internal::HasSum(from[r]) &&
        internal::HasOtherUse(into[r], internal::UseOf(from[r]))) {
      return Status::kBadOption;
    }
  }
  for (size_t r = 0; r < rows; ++r) internal::MergeState(from[r], into[r]);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
