// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_axis.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "schedules/columns.h"
#include "schedules/softmax_call.h"
#include "softlane/softmax.h"

namespace softlane {
inline namespace v1 {

Status SoftmaxAxis(const Planes<const float>& logits,
                   const Planes<float>& probs, const SoftmaxOptions& options,
                   Target target) noexcept {
  if (Status s = internal::CheckMap(logits, probs); s != Status::kOk) {
    return s;
  }
  if (internal::IsRows(logits) && internal::IsRows(probs)) {
    return Softmax(internal::AsRows(logits), internal::AsRows(probs), options,
                   target);
  }
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (internal::IsEmpty(logits)) return Status::kOk;
  if (logits.axis == 1) {
    internal::MapAxisOfOne(logits, probs, 1.0f,
                           internal::EmptyValue(options.empty_row, false));
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  internal::RunSoftmaxColumns(logits, probs, options, chosen);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
