// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_AXIS_LOSS_H_
#define SOFTLANE_LIB_AXIS_LOSS_H_

#include <cstddef>

#include "operand.h"
#include "schedules/cross_entropy_columns.h"
#include "softlane/options.h"
#include "softlane/planes.h"
#include "softlane/rows.h"
#include "softlane/status.h"

// The code that CrossEntropyAxis of floats and of other types share.

namespace softlane {
namespace internal {

/// The labels of all columns.
struct ColumnLabels {
  template <typename Label>
  explicit ColumnLabels(const Rows<const Label>& view) noexcept
      : all(view.data),
        operand(Read(view)),
        stride(view.stride),
        rows(view.rows),
        cols(view.cols) {}

  Labels all;
  Operand operand;
  size_t stride, rows, cols;
};

/// A call of CrossEntropyAxis.
class AxisLoss {
 public:
  /// `labels` is null if there are targets.
  AxisLoss(const LossPlanes& planes, const ColumnLabels* labels,
           const Rows<float>& loss, const CrossEntropyOptions& options,
           float* divisor) noexcept;
  AxisLoss(const AxisLoss&) = delete;

  /// Checks all arguments but the types and the target. The operands stand for
  /// the planes. If there are labels, `targets` is the operand of the labels.
  Status Check(const Operand& x, const Operand& targets,
               const Operand& dx) noexcept;
  /// Needs an FpEnvironment in force.
  void Run(Target target) noexcept;

 private:
  bool HaveRightShapes() const;
  void SetBatches();

  const LossPlanes& planes_;
  const ColumnLabels* const labels_;
  const Rows<float>& loss_;
  const CrossEntropyOptions& options_;
  const size_t upstream_stride_;
  LossBatches batches_;
  ColumnViews views_;
  CrossEntropyCall call_;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_AXIS_LOSS_H_
