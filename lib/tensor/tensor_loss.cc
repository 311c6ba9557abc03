// SPDX-License-Identifier: Apache-2.0
#include "tensor/tensor_loss.h"

#include "any/any_check.h"
#include "cross_entropy_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "schedules/loss_totals.h"
#include "tensor/loss_pieces.h"

// Cross-entropy of tensors: the checks, and the result that combines all
// pieces.

namespace softlane {
namespace internal {
namespace {

// Whether all indices share one element.
bool IsExpanded(const TensorShape& shape) {
  for (int d = 0; d < shape.rank; ++d) {
    if (shape.sizes[d] > 1 && shape.strides[d] != 0) return false;
  }
  return true;
}

bool IsOneElement(const TensorShape& shape) {
  if (shape.rank < 0 || shape.rank > kMaxRank) return false;
  for (int d = 0; d < shape.rank; ++d) {
    if (shape.sizes[d] != 1) return false;
  }
  return true;
}

}  // namespace

TensorLoss::TensorLoss(const LossTensors& tensors, int axis,
                       const CrossEntropyOptions& options,
                       float* divisor) noexcept
    : t_(tensors),
      axis_(axis),
      options_(options),
      divisor_(divisor),
      labels_(tensors.labels == nullptr ? 0 : 1) {
  const TensorShape& shape = t_.x;
  const int dim = AxisOf(shape, axis);
  if (dim < 0) return;
  classes_ = 1;
  for (int d = 0; d < shape.rank; ++d) {
    (d == dim ? classes_ : places_) *= static_cast<size_t>(shape.sizes[d]);
  }
}

bool TensorLoss::HasResult() const {
  return t_.loss.data != nullptr || HasGradient() || divisor_ != nullptr ||
         (IsPerRow() && places_ == 0);
}

bool TensorLoss::HaveGoodTypes() const {
  const ElementType in = t_.x.type;
  return IsPair(in, HasGradient() ? t_.dx.type : in) &&
         (t_.targets == nullptr || t_.targets->type == in);
}

// Not inlined: its operands would grow the stack frame of its caller.
[[gnu::noinline]] Status TensorLoss::Fold(size_t group) {
  static constexpr int64_t kOne[] = {1};
  static constexpr TensorShape kElement(1, kOne, nullptr);
  const int64_t num_weights[] = {places_ == 0 ? 0
                                              : static_cast<int64_t>(classes_)};
  const TensorShape weights(1, num_weights, nullptr);
  TensorOperand operands[kMaxTensors + kMaxVectors];
  size_t count = 0;
  const auto add = [&](const TensorOperand& operand) {
    operands[count] = operand;
    return count++;
  };
  const auto add_vector = [&](const TensorShape& shape, const float* data,
                              Role role) {
    if (data != nullptr) add({shape, data, sizeof(float), role, false});
  };
  const ElementType in = t_.x.type;
  add(InputTensor(t_.x, HasGradient() ? t_.dx.type : in));
  if (options_.accumulate) operands[0].role = Role::kRead;
  if (t_.labels != nullptr) {
    const LabelTensor& labels = *t_.labels;
    add({labels.shape, labels.data, labels.bytes, Role::kRead, true});
  } else {
    add({*t_.targets, in, Role::kRead, false});
  }
  if (HasGradient()) dx_ = add(OutputTensor(t_.dx, in));
  if (IsPerRow() && t_.loss.data != nullptr) {
    losses_ = add(ReducedTensor(t_.loss));
  }
  upstream_ = 0;
  if (IsPerRow() && HasGradient() && t_.upstream.data != nullptr &&
      !is_upstream_one_) {
    upstream_ = add({t_.upstream, ElementType::kFloat32, Role::kRead, true});
  }
  const size_t tensors = count;
  if (!IsPerRow()) add_vector(kElement, t_.loss.data, Role::kWritten);
  add_vector(kElement, divisor_, Role::kWritten);
  add_vector(weights, options_.class_weights, Role::kRead);
  group_ = group;
  return FoldTensors({operands, tensors, axis_, count - tensors, true}, group,
                     pieces_);
}

// Not inlined: its locals would grow the stack frame of its caller.
[[gnu::noinline]] Status TensorLoss::Check() {
  if (!HaveGoodTypes()) return Status::kBadOption;
  if (!HasResult()) return Status::kNullPointer;
  Status status = Fold(0);
  if (status == Status::kNullPointer) return status;
  const bool has_sum = options_.reduction > Reduction::kNone &&
                       options_.reduction <= Reduction::kMean &&
                       t_.loss.data != nullptr;
  if (has_sum && !IsOneElement(t_.loss)) return Status::kBadShape;
  if (status != Status::kOk) return status;
  // An expanded upstream gradient, such as that of a sum, needs no copies.
  if (upstream_ != 0 && places_ != 0 && IsExpanded(t_.upstream)) {
    options_.upstream = *t_.upstream.data;
    is_upstream_one_ = true;
    Done(Fold(0));
  }
  const Rows<const float> x(nullptr, places_ == 0 ? 0 : 1, classes_);
  const Rows<float> no_gradient;
  CrossEntropyCall call(x, nullptr, no_gradient, options_, nullptr);
  if (options_.upstream_rows != nullptr) return Status::kBadOption;
  status = OptionsStatus(call);
  if (status != Status::kOk) return status;
  shares_fit_floats_ = call.shares_fit_floats;
  if (t_.labels == nullptr) {
    counted_ = places_;
    return Status::kOk;
  }
  return ForPieces(Pass::kLabels) ? Status::kOk : Status::kBadLabel;
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void TensorLoss::Run(Target target) {
  target_ = target;
  if (t_.labels != nullptr && options_.class_weights != nullptr) {
    ForPieces(Pass::kWeights);
  } else {
    totals_.divisor = static_cast<double>(counted_);
  }
  if (t_.loss.data != nullptr || HasGradient()) ForPieces(Pass::kLosses);
  Finish();
}

// Not inlined: its locals would grow the stack frame of its caller.
[[gnu::noinline]] void TensorLoss::Finish() {
  const Rows<const float> none;
  const Rows<float> no_gradient;
  CrossEntropyCall call(none, t_.loss.data, no_gradient, options_, divisor_);
  call.counted = counted_;
  FinishLosses(call, totals_);
}

bool TensorLoss::ForPieces(Pass pass) {
  for (size_t group = 0; group < pieces_.groups; ++group) {
    if (group != group_) Done(Fold(group));
    do {
      if (!RunPiece(pass)) return false;
      pieces_.Next();
    } while (pieces_.index != 0);
  }
  return true;
}

Status RunTensorLoss(const LossTensors& tensors, int axis,
                     const CrossEntropyOptions& options, float* divisor,
                     Target target) noexcept {
  TensorLoss loss(tensors, axis, options, divisor);
  if (Status s = loss.Check(); s != Status::kOk) return s;
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const FpEnvironment environment;
  loss.Run(chosen);
  return Status::kOk;
}

}  // namespace internal
}  // namespace softlane
