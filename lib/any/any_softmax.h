// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ANY_SOFTMAX_H_
#define SOFTLANE_LIB_ANY_ANY_SOFTMAX_H_

#include "schedules/half_batches.h"
#include "schedules/half_rows.h"
#include "schedules/lines.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/softmax_state.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// The functions of floats that make up a function of this family.
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
  /// Whether logsumexp is an operand. Otherwise it is null.
  bool has_logsumexp;
  /// Null: half types have no schedule of their own. It does not write
  /// logsumexp.
  bool (*half_rows)(const ConstAnyRows& x, const AnyRows& y,
                    const ScaleParts& parts, Target target,
                    const OtherHalfRows& others) = nullptr;
  /// half_rows for the first rows of a call, to be called if `are_first_rows`
  /// gives true. Returns the number of rows done. The next row is one that this
  /// function cannot do.
  size_t (*first_rows)(const ConstAnyRows& x, const AnyRows& y,
                       const ScaleParts& parts, Target target) = nullptr;
  bool (*are_first_rows)(size_t rows, size_t cols, ElementType in,
                         ElementType out, Target target) = nullptr;
};

extern const SoftmaxFunctions kSoftmax, kSoftmaxWithLogSumExp, kLogSoftmax,
    kLogSumExp;

/// A call of softmax, log-softmax or logsumexp, whose arguments have been
/// checked. `target` is what Resolve() gave.
struct AnySoftmaxCall {
  const ConstLines& x;
  const Lines& y;    // without data for logsumexp alone
  float* logsumexp;  // may be null
  const SoftmaxOptions& options;
  Target target;
};

/// Does a call.
void RunLines(const SoftmaxFunctions& floats,
              const AnySoftmaxCall& call) noexcept;

/// Checks a call of softmax, log-softmax or logsumexp with half types, and does
/// it. Without from_states, y is empty, and of floats.
Status RunAny(const SoftmaxFunctions& floats, const ConstAnyRows& x,
              const AnyRows& y, float* logsumexp, const SoftmaxOptions& options,
              Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ANY_SOFTMAX_H_
