// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ANY_SOFTMAX_H_
#define SOFTLANE_LIB_ANY_ANY_SOFTMAX_H_

#include "schedules/half_rows.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/softmax_state.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// A call of softmax, log-softmax or logsumexp, whose operands have been
/// checked.
struct AnySoftmaxCall {
  const ConstAnyRows& x;
  const AnyRows& y;  // without data for logsumexp alone
  float* logsumexp;  // may be null
  const SoftmaxOptions& options;
  Target target;
};

/// The functions of floats. logsumexp may be null.
struct SoftmaxFunctions {
  Status (*rows)(const Rows<const float>& x, const Rows<float>& y,
                 float* logsumexp, const SoftmaxOptions& options,
                 Target target);
  /// The results of a part of a row, from the state of the row. Null: there are
  /// none.
  Status (*from_states)(const Rows<const float>& x, const SoftmaxState* states,
                        const Rows<float>& y, const SoftmaxOptions& options,
                        Target target) noexcept;
  StateUse use;
  /// Null: half types have no schedule of their own.
  bool (*half_rows)(const ConstAnyRows& x, const AnyRows& y,
                    const ScaleParts& parts, Target target,
                    const OtherHalfRows& others) = nullptr;
};

/// Checks the options and the target, and does the call.
Status RunAny(const SoftmaxFunctions& floats,
              const AnySoftmaxCall& call) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ANY_SOFTMAX_H_
