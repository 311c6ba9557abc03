// SPDX-License-Identifier: Apache-2.0
#include "softlane/cross_entropy.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "schedules/cross_entropy_rows.h"

// CrossEntropy: its checks, and the call of the schedule.

namespace softlane {
namespace internal {
namespace {

Status CheckOptions(const CrossEntropyOptions& options, size_t num_weights) {
  // Floats that are not negative have the order of their bits.
  const bool is_share = IsFiniteNotNegative(options.label_smoothing) &&
                        (IsZero(options.label_smoothing) ||
                         BitsOf(options.label_smoothing) <= BitsOf(1.0f));
  if (options.reduction > Reduction::kMean || !is_share ||
      !IsFiniteNotNegative(options.z_loss) ||
      !IsFinitePositive(options.scale)) {
    return Status::kBadOption;
  }
  if (options.class_weights != nullptr) {
    for (size_t c = 0; c < num_weights; ++c) {
      if (!IsFiniteNotNegative(options.class_weights[c])) {
        return Status::kBadOption;
      }
    }
  }
  return Status::kOk;
}

/// Whether a number that is not negative is 0 or at least 2^-40.
bool IsFarFromSubnormal(float value) {
  return IsZero(value) || BitsOf(value) >= BitsOf(0x1p-40f);
}

bool SharesFitFloats(const CrossEntropyOptions& options, size_t num_weights) {
  // Under a larger scale, the differences of logits that matter underflow.
  if (BitsOf(options.scale) > BitsOf(0x1p60f)) return false;
  if (!IsFarFromSubnormal(options.label_smoothing)) return false;
  if (options.class_weights == nullptr) return true;
  for (size_t c = 0; c < num_weights; ++c) {
    if (!IsFarFromSubnormal(options.class_weights[c])) return false;
  }
  return true;
}

Status CheckLabels(const CrossEntropyCall& call) {
  if (!call.has_labels) return Status::kOk;
  for (size_t r = 0; r < call.logits.rows; ++r) {
    const int64_t label = call.Label(r);
    if (label == call.options->ignore_index) continue;
    if (label < 0 || static_cast<uint64_t>(label) >= call.logits.cols) {
      return Status::kBadLabel;
    }
  }
  return Status::kOk;
}

/// Labels or probability targets, as the checks see them: rows of 32-bit words.
using Words = Rows<const uint32_t>;
template <typename T>
Words WordsOf(const Rows<const T>& view) {
  constexpr size_t kWords = sizeof(T) / sizeof(uint32_t);
  return {reinterpret_cast<const uint32_t*>(view.data), view.rows,
          kWords * view.cols, kWords * view.stride};
}

/// `labels` are those of the call, or its targets. The call is changed in
/// place: a copy would wait for the stores that made it, 25 ns.
[[gnu::noinline]] Status Run(CrossEntropyCall& call, const Words& labels,
                             bool shapes_agree, Target target) {
  const Rows<const float>& x = call.logits;
  const CrossEntropyOptions& options = *call.options;
  const bool per_row = options.reduction == Reduction::kNone;
  const bool has_gradient = call.dlogits.data != nullptr;
  // Without rows nothing is read.
  const size_t num_weights = x.rows == 0 ? 0 : x.cols;
  const size_t num_upstream = per_row && has_gradient ? x.rows : 0;
  if (Status s = CheckOperands(
          shapes_agree && (!has_gradient || HaveSameShape(x, call.dlogits)),
          Replaced(x), Read(labels),
          WrittenVector(call.loss, per_row ? x.rows : 1),
          Optional(WrittenVector(call.divisor, 1)),
          Optional(Replacing(call.dlogits)),
          Optional(ReadVector(options.class_weights, num_weights)),
          Optional(
              ReadVector(num_upstream == 0 ? nullptr : options.upstream_rows,
                         num_upstream)));
      s != Status::kOk) {
    return s;
  }
  if (Status s = CheckOptions(options, num_weights); s != Status::kOk) return s;
  if (Status s = CheckLabels(call); s != Status::kOk) return s;
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  call.shares_fit_floats = SharesFitFloats(options, num_weights);
  call.logits = WithUsedStride(call.logits);
  call.targets = WithUsedStride(call.targets);
  call.dlogits = WithUsedStride(call.dlogits);
  const FpEnvironment environment;
  RunCrossEntropy(call, chosen);
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
  call.has_labels = true;
  call.labels64 = labels;
  return internal::Run(
      call, internal::WordsOf(Rows<const int64_t>(labels, logits.rows, 1)),
      true, target);
}

Status CrossEntropy(const Rows<const float>& logits, const int32_t* labels,
                    float* loss, const Rows<float>& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  internal::CrossEntropyCall call(logits, loss, dlogits, options, divisor);
  call.has_labels = true;
  call.labels32 = labels;
  return internal::Run(
      call, internal::WordsOf(Rows<const int32_t>(labels, logits.rows, 1)),
      true, target);
}

Status CrossEntropy(const Rows<const float>& logits,
                    const Rows<const float>& targets, float* loss,
                    const Rows<float>& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  internal::CrossEntropyCall call(logits, loss, dlogits, options, divisor);
  call.targets = targets;
  return internal::Run(call, internal::WordsOf(targets),
                       internal::HaveSameShape(logits, targets), target);
}

}  // namespace v1
}  // namespace softlane
