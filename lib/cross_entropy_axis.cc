// SPDX-License-Identifier: Apache-2.0
#include "softlane/cross_entropy_axis.h"

#include "axis_loss.h"
#include "cross_entropy_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"

namespace softlane {
namespace internal {

AxisLoss::AxisLoss(const LossPlanes& planes, const ColumnLabels* labels,
                   const Rows<float>& loss, const CrossEntropyOptions& options,
                   float* divisor) noexcept
    : planes_(planes),
      labels_(labels),
      loss_(loss),
      options_(options),
      upstream_stride_(options.upstream_stride != 0 ? options.upstream_stride
                                                    : planes.x.inner),
      views_(planes),
      call_(views_.x, loss.data, views_.dx, options, divisor) {
  if (labels != nullptr) {
    call_.labels = labels->all;
  } else {
    call_.targets = &views_.targets;
  }
  call_.batches = &batches_;
}

bool AxisLoss::HaveRightShapes() const {
  const Planes<const float>& x = planes_.x;
  const bool has_rows = options_.reduction == Reduction::kNone;
  return (planes_.dx.data == nullptr || HaveSameShape(x, planes_.dx)) &&
         (planes_.targets == nullptr || HaveSameShape(x, *planes_.targets)) &&
         (labels_ == nullptr ||
          (labels_->rows == x.outer && labels_->cols == x.inner)) &&
         (loss_.data == nullptr || options_.reduction > Reduction::kMean ||
          (loss_.rows == (has_rows ? x.outer : 1) &&
           loss_.cols == (has_rows ? x.inner : 1)));
}

// All columns are one batch if their labels, losses and upstream gradients
// follow one another.
void AxisLoss::SetBatches() {
  const size_t outer = planes_.x.outer, inner = planes_.x.inner;
  LossBatches& batches = batches_;
  batches.count = inner == 0 ? 0 : outer;
  if (labels_ != nullptr) batches.labels = labels_->stride;
  const bool has_rows =
      options_.reduction == Reduction::kNone && call_.loss != nullptr;
  if (has_rows) batches.losses = loss_.stride;
  const bool has_upstream = options_.reduction == Reduction::kNone &&
                            options_.upstream_rows != nullptr;
  if (has_upstream) batches.upstream = upstream_stride_;
  views_.SetRows(inner);
  // If columns have no elements, their number may be any and its product may
  // overflow.
  const bool are_one =
      outer <= 1 ||
      (planes_.x.axis != 0 && (labels_ == nullptr || batches.labels == inner) &&
       (!has_rows || batches.losses == inner) &&
       (!has_upstream || batches.upstream == inner));
  size_t columns;
  if (!are_one || __builtin_mul_overflow(outer, inner, &columns)) return;
  views_.SetRows(columns);
  batches = LossBatches();
}

Status AxisLoss::Check(const Operand& x, const Operand& targets,
                       const Operand& dx) noexcept {
  SetBatches();
  if (HasNoResult(call_)) return Status::kNullPointer;
  const size_t outer = planes_.x.outer, inner = planes_.x.inner;
  const bool has_upstream = options_.reduction == Reduction::kNone &&
                            planes_.dx.data != nullptr &&
                            options_.upstream_rows != nullptr;
  const Rows<const float> upstream(
      has_upstream ? options_.upstream_rows : nullptr, outer, inner,
      upstream_stride_);
  const size_t num_weights = outer == 0 || inner == 0 ? 0 : planes_.x.axis;
  const Operand operands[] = {
      x,
      targets,
      Operand(Optional(Written(loss_))),
      Operand(Optional(WrittenVector(call_.divisor, 1))),
      dx,
      Operand(Optional(ReadVector(options_.class_weights, num_weights))),
      Operand(Optional(Read(upstream)))};
  if (Status s = CheckAnyOperands(
          operands, sizeof(operands) / sizeof(operands[0]), HaveRightShapes());
      s != Status::kOk) {
    return s;
  }
  if (Status s = OptionsStatus(call_); s != Status::kOk) return s;
  return LabelsStatus(call_);
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void AxisLoss::Run(Target target) noexcept {
  const bool are_rows =
      planes_.types == nullptr && planes_.x.axis != 0 && !call_.Adds() &&
      IsRows(planes_.x) &&
      (planes_.targets == nullptr || IsRows(*planes_.targets)) &&
      (planes_.dx.data == nullptr || IsRows(planes_.dx));
  if (!are_rows || batches_.count != 1) {
    return RunCrossEntropyColumns(planes_, views_, call_, target);
  }
  views_.x = AsRows(planes_.x);
  if (planes_.targets != nullptr) views_.targets = AsRows(*planes_.targets);
  if (planes_.dx.data != nullptr) views_.dx = AsRows(planes_.dx);
  RunCrossEntropy(call_, target);
}

namespace {

// `labels` is null if there are targets.
Status RunFloats(const Planes<const float>& x, const ColumnLabels* labels,
                 const Planes<const float>* targets, const Rows<float>& loss,
                 const Planes<float>& dx, const CrossEntropyOptions& options,
                 float* divisor, Target target) {
  const LossPlanes planes = {x, targets, dx, nullptr};
  AxisLoss call(planes, labels, loss, options, divisor);
  if (Status s = call.Check(
          options.accumulate ? Operand(Read(x)) : Operand(Replaced(x)),
          labels == nullptr ? Operand(Read(*targets)) : labels->operand,
          Operand(Optional(Replacing(dx))));
      s != Status::kOk) {
    return s;
  }
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const FpEnvironment environment;
  call.Run(chosen);
  return Status::kOk;
}

}  // namespace
}  // namespace internal

inline namespace v1 {

Status CrossEntropyAxis(const Planes<const float>& logits,
                        const Rows<const int64_t>& labels,
                        const Rows<float>& loss, const Planes<float>& dlogits,
                        const CrossEntropyOptions& options, float* divisor,
                        Target target) noexcept {
  const internal::ColumnLabels all(labels);
  return internal::RunFloats(logits, &all, nullptr, loss, dlogits, options,
                             divisor, target);
}

Status CrossEntropyAxis(const Planes<const float>& logits,
                        const Rows<const int32_t>& labels,
                        const Rows<float>& loss, const Planes<float>& dlogits,
                        const CrossEntropyOptions& options, float* divisor,
                        Target target) noexcept {
  const internal::ColumnLabels all(labels);
  return internal::RunFloats(logits, &all, nullptr, loss, dlogits, options,
                             divisor, target);
}

Status CrossEntropyAxis(const Planes<const float>& logits,
                        const Planes<const float>& targets,
                        const Rows<float>& loss, const Planes<float>& dlogits,
                        const CrossEntropyOptions& options, float* divisor,
                        Target target) noexcept {
  return internal::RunFloats(logits, nullptr, &targets, loss, dlogits, options,
                             divisor, target);
}

}  // namespace v1
}  // namespace softlane
