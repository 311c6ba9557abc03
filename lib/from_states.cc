// SPDX-License-Identifier: Apache-2.0
#include "from_states.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

namespace softlane {
namespace internal {

Status RunFromStates(const StatedPart& part, StateUse use,
                     const SoftmaxOptions& options, Target target,
                     WriteStated* write) noexcept {
  if (Status s = CheckOperands(HaveSameShape(part.x, part.y), Replaced(part.x),
                               ReadVector(part.states, part.x.rows),
                               Replacing(part.y));
      s != Status::kOk) {
    return s;
  }
  if (!AreGoodOptions(options.scale, options.empty_row) ||
      HaveOtherUse(part.states, part.x.rows, use)) {
    return Status::kBadOption;
  }
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (part.x.cols == 0) return Status::kOk;
  const FpEnvironment environment;
  write(part, options, chosen);
  return Status::kOk;
}

}  // namespace internal
}  // namespace softlane
