// SPDX-License-Identifier: Apache-2.0
#include "softlane/cross_entropy.h"

#include <iterator>

#include "check.h"
#include "cross_entropy_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/row_limits.h"
#include "schedules/cross_entropy_rows.h"
#include "schedules/loaded_losses.h"

// CrossEntropy: its checks, and the call of the schedule.

namespace softlane {
namespace internal {
namespace {

/// Checks all operands of a call, of which `labels` are the labels or targets.
/// Not inlined, because most calls need fewer checks and fewer registers.
[[gnu::noinline]] Status CheckAll(const CrossEntropyCall& call,
                                  const Words& labels, bool shapes_agree) {
  const Rows<const float>& x = call.logits;
  const CrossEntropyOptions& options = *call.options;
  const bool per_row = options.reduction == Reduction::kNone;
  const bool has_gradient = call.dlogits.data != nullptr;
  const size_t num_upstream = per_row && has_gradient ? x.rows : 0;
  const bool adds = options.accumulate;  // then dx may not replace x
  const Operand operands[] = {
      adds ? Operand(Read(x)) : Operand(Replaced(x)),
      Operand(Read(labels)),
      Operand(LossesOf(call)),
      Operand(Optional(WrittenVector(call.divisor, 1))),
      Operand(Optional(Replacing(call.dlogits))),
      Operand(Optional(ReadVector(options.class_weights, NumWeights(call)))),
      Operand(Optional(ReadVector(
          num_upstream == 0 ? nullptr : options.upstream_rows, num_upstream)))};
  return CheckAnyOperands(operands, std::size(operands), shapes_agree);
}

Status Check(CrossEntropyCall& call, const Words& labels, bool shapes_agree) {
  const Rows<const float>& x = call.logits;
  const CrossEntropyOptions& options = *call.options;
  shapes_agree &=
      call.dlogits.data == nullptr || HaveSameShape(x, call.dlogits);
  const bool has_others = call.divisor != nullptr || call.Adds() ||
                          options.class_weights != nullptr ||
                          options.upstream_rows != nullptr;
  if (HasNoResult(call)) return Status::kNullPointer;
  if (!shapes_agree || has_others ||
      !AreUsual(Replaced(x), Read(labels), LossesOf(call),
                Optional(Replacing(call.dlogits)))) {
    if (Status s = CheckAll(call, labels, shapes_agree); s != Status::kOk) {
      return s;
    }
  }
  if (Status s = CheckOptions(call); s != Status::kOk) return s;
  return CheckLabels(call);
}

/// Whether no option is set but a reduction and an upstream gradient of all
/// rows.
bool IsPlain(const CrossEntropyCall& call) {
  const CrossEntropyOptions& o = *call.options;
  const uint32_t set = BitsOf(o.label_smoothing) | BitsOf(o.z_loss) |
                       (BitsOf(o.scale) ^ BitsOf(1.0f));
  return set == 0 && o.class_weights == nullptr && o.upstream_rows == nullptr &&
         call.divisor == nullptr && o.reduction <= Reduction::kMean &&
         !call.Adds();
}

/// Does a plain call of one column. Only bits are compared, so it needs no
/// FpEnvironment. Gives false and writes nothing if the call needs more than
/// that.
bool RunOneColumn(const CrossEntropyCall& call) {
  const Rows<const float>& x = call.logits;
  const CrossEntropyOptions& options = *call.options;
  if (!IsFinite(options.upstream) || options.ignore_index == 0) return false;
  for (size_t r = 0; r < x.rows; ++r) {
    if (!IsFinite(*x.Row(r)) || call.labels[r] != 0) return false;
  }
  const float gradient = BitsOf(options.upstream) >> 31 != 0 ? -0.0f : 0.0f;
  for (size_t r = 0; r < x.rows; ++r) {
    const bool has_loss = r == 0 || options.reduction == Reduction::kNone;
    if (has_loss && call.loss != nullptr) call.loss[r] = 0.0f;
    if (call.dlogits.data != nullptr) *call.dlogits.Row(r) = gradient;
  }
  return true;
}

/// AreUsual for few rows of x, their labels, loss and dx, with fewer registers.
/// The check may take `loss` for a loss per row, even if it is one element.
[[gnu::always_inline]] inline bool AreUsualFew(const CrossEntropyCall& call,
                                               const Words& labels) {
  const Rows<const float>& x = call.logits;
  const Rows<float>& dx = call.dlogits;
  const UsualRange in{Replaced(x)};
  const UsualRange loss{Optional(WrittenVector(call.loss, x.rows))};
  const UsualRange of_labels{
      ReadVector(labels.data, labels.rows * labels.cols)};
  const size_t unusual = in.unusual | loss.unusual | of_labels.unusual;
  if (unusual != 0 || loss.Meets(in) || loss.Meets(of_labels)) return false;
  if (dx.data == nullptr) return call.loss != nullptr;
  const UsualRange out{Replacing(dx)};
  return out.unusual == 0 && !out.Meets(loss) && !out.Meets(of_labels) &&
         (!out.Meets(in) || out.IsSameAs(in));
}

/// Checks and does a plain call of few rows. Gives false and writes nothing if
/// the call needs more than that.
[[gnu::always_inline]] inline bool RunFew(const CrossEntropyCall& call,
                                          const Words& labels, Target target) {
  const Rows<const float>& x = call.logits;
  if (!AreFewRows(x.rows, x.cols) || !call.HasLabels() || !IsPlain(call) ||
      (call.dlogits.data != nullptr && !HaveSameShape(x, call.dlogits)) ||
      !AreUsualFew(call, labels)) {
    return false;
  }
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return false;
  if (x.cols == 1) return RunOneColumn(call);
  const FpEnvironment environment;
  return RunFewLosses(call, chosen);
}

/// Does a call of rows without columns. The strides of its views may be any
/// numbers: see WithUsedStride.
[[gnu::noinline]] void RunWithoutColumns(const CrossEntropyCall& call,
                                         Target target) {
  const Rows<const float> none(call.logits.data, call.logits.rows, 0, 0);
  const Rows<float> no_gradient(call.dlogits.data, none.rows, 0, 0);
  CrossEntropyCall with_used_strides(none, call.loss, no_gradient,
                                     *call.options, call.divisor);
  with_used_strides.shares_fit_floats = call.shares_fit_floats;
  with_used_strides.counted = call.counted;
  with_used_strides.labels = call.labels;
  if (!call.HasLabels()) with_used_strides.targets = &none;
  RunCrossEntropy(with_used_strides, target);
}

/// `labels` are the labels of the call, or its targets.
[[gnu::noinline]] Status Run(CrossEntropyCall& call, const Words& labels,
                             bool shapes_agree, Target target) {
  if (RunFew(call, labels, target)) return Status::kOk;
  if (Status s = Check(call, labels, shapes_agree); s != Status::kOk) return s;
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const FpEnvironment environment;
  if (call.logits.cols == 0) {
    RunWithoutColumns(call, chosen);
  } else if (call.Adds() && call.logits.rows != 0) {
    RunAddedLosses(call, chosen);
  } else {
    RunCrossEntropy(call, chosen);
  }
  return Status::kOk;
}

}  // namespace
}  // namespace internal

inline namespace v1 {

Status CrossEntropy(const Rows<const float>& logits, const int64_t* labels,
                    float* loss, const Rows<float>& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  internal::CrossEntropyCall call(logits, loss, dlogits, options, divisor);
  call.labels = internal::Labels(labels);
  return internal::Run(call, call.labels.WordsOfRows(logits.rows), true,
                       target);
}

Status CrossEntropy(const Rows<const float>& logits, const int32_t* labels,
                    float* loss, const Rows<float>& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  internal::CrossEntropyCall call(logits, loss, dlogits, options, divisor);
  call.labels = internal::Labels(labels);
  return internal::Run(call, call.labels.WordsOfRows(logits.rows), true,
                       target);
}

Status CrossEntropy(const Rows<const float>& logits,
                    const Rows<const float>& targets, float* loss,
                    const Rows<float>& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  internal::CrossEntropyCall call(logits, loss, dlogits, options, divisor);
  call.targets = &targets;
  return internal::Run(call, internal::WordsOf(targets),
                       internal::HaveSameShape(logits, targets), target);
}

}  // namespace v1
}  // namespace softlane
