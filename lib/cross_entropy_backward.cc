// SPDX-License-Identifier: Apache-2.0
#include "cross_entropy_backward.h"

#include <iterator>

#include "cross_entropy_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "schedules/loaded_losses.h"

// CrossEntropyBackward and CrossEntropyBackwardFromProbs.

namespace softlane {
namespace internal {
namespace {

Status Check(const SavedLoss& saved, CrossEntropyCall& call) {
  const LossViews& views = saved.views;
  const ConstLines& x = views.x;
  const CrossEntropyOptions& options = *call.options;
  const bool is_in_place =
      !options.accumulate && x.type == views.dx.type;  // possibly
  const bool is_per_row = options.reduction == Reduction::kNone;
  const Words words = saved.labels.WordsOfRows(x.rows);
  const Operand operands[] = {
      is_in_place ? Operand(Replaced(x)) : Operand(Read(x)),
      views.targets == nullptr ? Operand(Read(words))
                               : Operand(Read(*views.targets)),
      Operand(ReadVector(saved.logsumexp, saved.has_probs ? 0 : x.rows)),
      is_in_place ? Operand(Replacing(views.dx)) : Operand(Written(views.dx)),
      Operand(Optional(ReadVector(options.class_weights, NumWeights(call)))),
      Operand(Optional(
          ReadVector(is_per_row ? options.upstream_rows : nullptr, x.rows)))};
  const bool shapes_agree =
      HaveSameShape(x, views.dx) &&
      (views.targets == nullptr || HaveSameShape(x, *views.targets));
  if (Status s = CheckAnyOperands(operands, std::size(operands), shapes_agree);
      s != Status::kOk) {
    return s;
  }
  if (saved.has_probs && !IsZero(options.z_loss)) return Status::kBadOption;
  if (Status s = OptionsStatus(call); s != Status::kOk) return s;
  return LabelsStatus(call);
}

[[gnu::noinline]] Status RunFloats(const Rows<const float>& x, bool has_probs,
                                   const float* logsumexp, const Labels& labels,
                                   const Rows<const float>* targets,
                                   const Rows<float>& dx,
                                   const CrossEntropyOptions& options,
                                   Target target) {
  ConstLines lines;
  if (targets != nullptr) lines = ConstAnyRows(*targets);
  const LossViews views{ConstAnyRows(x), targets == nullptr ? nullptr : &lines,
                        AnyRows(dx)};
  return RunFromSaved({views, has_probs, logsumexp, labels}, options, target,
                      [](Target) { return Converter(); });
}

}  // namespace

Status RunFromSaved(const SavedLoss& saved, const CrossEntropyOptions& options,
                    Target target, Converter (*converter_of)(Target)) noexcept {
  const LossViews& views = saved.views;
  FloatViews floats(views);
  CrossEntropyCall call(floats.x, nullptr, floats.dx, options, nullptr);
  call.labels = saved.labels;
  if (views.targets != nullptr) call.targets = &floats.targets;
  if (Status s = Check(saved, call); s != Status::kOk) return s;
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const FpEnvironment environment;
  const Converter converter = converter_of(chosen);
  WriteLossesFromSaved({call, views, floats, converter, chosen},
                       saved.has_probs ? nullptr : saved.logsumexp);
  return Status::kOk;
}

}  // namespace internal

inline namespace v1 {

Status CrossEntropyBackward(const Rows<const float>& logits,
                            const float* logsumexp, const int64_t* labels,
                            const Rows<float>& dlogits,
                            const CrossEntropyOptions& options,
                            Target target) noexcept {
  return internal::RunFloats(logits, false, logsumexp, internal::Labels(labels),
                             nullptr, dlogits, options, target);
}
Status CrossEntropyBackward(const Rows<const float>& logits,
                            const float* logsumexp, const int32_t* labels,
                            const Rows<float>& dlogits,
                            const CrossEntropyOptions& options,
                            Target target) noexcept {
  return internal::RunFloats(logits, false, logsumexp, internal::Labels(labels),
                             nullptr, dlogits, options, target);
}
Status CrossEntropyBackward(const Rows<const float>& logits,
                            const float* logsumexp,
                            const Rows<const float>& targets,
                            const Rows<float>& dlogits,
                            const CrossEntropyOptions& options,
                            Target target) noexcept {
  return internal::RunFloats(logits, false, logsumexp, internal::Labels(),
                             &targets, dlogits, options, target);
}
Status CrossEntropyBackwardFromProbs(const Rows<const float>& probs,
                                     const int64_t* labels,
                                     const Rows<float>& dlogits,
                                     const CrossEntropyOptions& options,
                                     Target target) noexcept {
  return internal::RunFloats(probs, true, nullptr, internal::Labels(labels),
                             nullptr, dlogits, options, target);
}
Status CrossEntropyBackwardFromProbs(const Rows<const float>& probs,
                                     const int32_t* labels,
                                     const Rows<float>& dlogits,
                                     const CrossEntropyOptions& options,
                                     Target target) noexcept {
  return internal::RunFloats(probs, true, nullptr, internal::Labels(labels),
                             nullptr, dlogits, options, target);
}
Status CrossEntropyBackwardFromProbs(const Rows<const float>& probs,
                                     const Rows<const float>& targets,
                                     const Rows<float>& dlogits,
                                     const CrossEntropyOptions& options,
                                     Target target) noexcept {
  return internal::RunFloats(probs, true, nullptr, internal::Labels(), &targets,
                             dlogits, options, target);
}

}  // namespace v1
}  // namespace softlane
