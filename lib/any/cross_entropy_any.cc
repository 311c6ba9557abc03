// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "cross_entropy_check.h"
#include "fp_environment.h"
#include "schedules/loaded_losses.h"
#include "softlane/cross_entropy.h"

namespace softlane {
namespace internal {
namespace {

// `labels` are the labels of the call, or none. Not inlined: the operands would
// grow the stack frame of the caller.
[[gnu::noinline]] Status CheckAny(const CrossEntropyCall& call,
                                  const LossViews& views, const Words& labels) {
  const ConstLines& x = views.x;
  const CrossEntropyOptions& options = *call.options;
  const bool has_gradient = views.dx.data != nullptr;
  const bool is_per_row = options.reduction == Reduction::kNone;
  const size_t num_upstream = is_per_row && has_gradient ? x.rows : 0;
  if (HasNoResult(call)) return Status::kNullPointer;
  return CheckOperandsOf(
      {options.accumulate ? Operand(Read(x)) : InputBeside(x, views.dx.type),
       views.targets == nullptr ? Operand(Read(labels))
                                : Operand(Read(*views.targets)),
       Operand(LossesOf(call)),
       Operand(Optional(WrittenVector(call.divisor, 1))),
       has_gradient ? OutputBeside(views.dx, x.type)
                    : Operand(Optional(Written(views.dx))),
       Operand(Optional(ReadVector(options.class_weights, NumWeights(call)))),
       Operand(Optional(
           ReadVector(num_upstream == 0 ? nullptr : options.upstream_rows,
                      num_upstream)))},
      (views.targets == nullptr || HaveSameShape(x, *views.targets)) &&
          (!has_gradient || HaveSameShape(x, views.dx)));
}

bool AreAllFloats(const ConstAnyRows& x, const AnyRows& dx) {
  return AreFloats(x) && (dx.data == nullptr || AreFloats(dx));
}
bool AreTypes(const LossViews& views) {
  const ElementType in = views.x.type;
  return IsPair(in, views.dx.data == nullptr ? in : views.dx.type) &&
         (views.targets == nullptr || views.targets->type == in);
}

// There are no `labels` if there are targets.
[[gnu::noinline]] Status Run(const LossViews& views, const Labels& labels,
                             float* loss, const CrossEntropyOptions& options,
                             float* divisor, Target target) {
  if (!AreTypes(views)) return Status::kBadOption;
  FloatViews floats(views);
  CrossEntropyCall call(floats.x, loss, floats.dx, options, divisor);
  call.labels = labels;
  if (views.targets != nullptr) call.targets = &floats.targets;
  const Words words = labels.WordsOfRows(views.x.rows);
  if (Status s = CheckAny(call, views, words); s != Status::kOk) return s;
  if (Status s = OptionsStatus(call); s != Status::kOk) return s;
  if (Status s = LabelsStatus(call); s != Status::kOk) return s;
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const FpEnvironment environment;
  if (views.x.rows == 0 || views.x.cols == 0) {
    RunCrossEntropy(call, chosen);
  } else {
    RunLoadedLosses({call, views, floats, Converter(chosen), chosen});
  }
  return Status::kOk;
}

template <typename Label>
Status RunLabels(const ConstAnyRows& logits, const Label* labels, float* loss,
                 const AnyRows& dlogits, const CrossEntropyOptions& options,
                 float* divisor, Target target) {
  if (AreAllFloats(logits, dlogits)) {
    return CrossEntropy(FloatsOf(logits), labels, loss, FloatsOf(dlogits),
                        options, divisor, target);
  }
  return Run({logits, nullptr, dlogits}, Labels(labels), loss, options, divisor,
             target);
}

}  // namespace
}  // namespace internal

inline namespace v1 {

template <typename>
Status CrossEntropy(const ConstAnyRows& logits, const int64_t* labels,
                    float* loss, const AnyRows& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  return internal::RunLabels(logits, labels, loss, dlogits, options, divisor,
                             target);
}
template <typename>
Status CrossEntropy(const ConstAnyRows& logits, const int32_t* labels,
                    float* loss, const AnyRows& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  return internal::RunLabels(logits, labels, loss, dlogits, options, divisor,
                             target);
}
template <typename>
Status CrossEntropy(const ConstAnyRows& logits, const ConstAnyRows& targets,
                    float* loss, const AnyRows& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  if (internal::AreAllFloats(logits, dlogits) && internal::AreFloats(targets)) {
    return CrossEntropy(internal::FloatsOf(logits), internal::FloatsOf(targets),
                        loss, internal::FloatsOf(dlogits), options, divisor,
                        target);
  }
  const internal::ConstLines lines = targets;
  return internal::Run({logits, &lines, dlogits}, internal::Labels(), loss,
                       options, divisor, target);
}
template Status CrossEntropy(const ConstAnyRows&, const int64_t*, float*,
                             const AnyRows&, const CrossEntropyOptions&, float*,
                             Target) noexcept;
template Status CrossEntropy(const ConstAnyRows&, const int32_t*, float*,
                             const AnyRows&, const CrossEntropyOptions&, float*,
                             Target) noexcept;
template Status CrossEntropy(const ConstAnyRows&, const ConstAnyRows&, float*,
                             const AnyRows&, const CrossEntropyOptions&, float*,
                             Target) noexcept;

}  // namespace v1
}  // namespace softlane
