// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TOPK_AXIS_H_
#define SOFTLANE_LIB_TOPK_AXIS_H_

#include <cstddef>
#include <cstdint>

#include "operand.h"
#include "schedules/columns.h"
#include "softlane/options.h"
#include "softlane/planes.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The code that SoftmaxTopKAxis of floats and of other types share.

namespace softlane {
namespace internal {

struct TopKAxis {
  /// Checks all arguments but the type and the target. `logits` is the operand
  /// of the logits.
  Status Check(const Operand& logits) const noexcept;
  /// Needs an FpEnvironment in force. `types` is null if x has floats.
  void Run(const ColumnTypes* types, Target target) const noexcept;

  const Planes<const float>& x;
  size_t k;
  const Planes<float>& y;
  const Planes<int32_t>& indices;
  const SoftmaxTopKOptions& options;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TOPK_AXIS_H_
