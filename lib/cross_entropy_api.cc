// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "cross_entropy.h"
#include "fp_environment.h"

// The checks of CrossEntropy: as many as its options.

namespace softlane {
namespace internal {
namespace {

/// Finite and at least `min`, where that is +0; by its bits.
bool IsFiniteNotNegative(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits < 0x7F800000u || bits == 0x80000000u;
}

Status CheckOptions(const CrossEntropyOptions& options, size_t cols) {
  constexpr float kOne = 1.0f;
  uint32_t smoothing, one;
  std::memcpy(&smoothing, &options.label_smoothing, sizeof(smoothing));
  std::memcpy(&one, &kOne, sizeof(one));
  // The bits of floats that are not negative are in their order.
  const bool is_share = smoothing <= one || smoothing == 0x80000000u;
  if (options.reduction > Reduction::kMean || !is_share ||
      !IsFiniteNotNegative(options.z_loss) ||
      !IsFinitePositive(options.scale)) {
    return Status::kBadOption;
  }
  if (options.class_weights != nullptr) {
    for (size_t c = 0; c < cols; ++c) {
      if (!IsFiniteNotNegative(options.class_weights[c])) {
        return Status::kBadOption;
      }
    }
  }
  return Status::kOk;
}

/// The operands that are read: none may share memory with what is written.
struct Inputs {
  static constexpr size_t kMax = 5;
  void Add(const Extent& extent) { extents[count++] = extent; }

  Extent extents[kMax] = {NoRows(), NoRows(), NoRows(), NoRows(), NoRows()};
  size_t count = 0;

 private:
  static Extent NoRows() { return Extent(Rows<const float>()); }
};

Status Run(const CrossEntropyCall& call, const Extent& labels, Target target) {
  const Rows<const float>& x = call.logits;
  const CrossEntropyOptions& options = *call.options;
  if (Status s = CheckView(x); s != Status::kOk) return s;
  if (Status s = CheckView(labels); s != Status::kOk) return s;
  const bool per_row = options.reduction == Reduction::kNone;
  const Extent loss(Rows<float>(call.loss, 1, per_row ? x.rows : 1));
  if (Status s = CheckView(loss); s != Status::kOk) return s;
  const Extent divisor(Rows<float>(call.divisor, call.divisor != nullptr, 1));
  if (Status s = CheckView(divisor); s != Status::kOk) return s;

  Inputs inputs;
  inputs.Add(labels);
  if (options.class_weights != nullptr) {
    inputs.Add(Rows<const float>(options.class_weights, 1, x.cols));
  }
  if (call.dlogits.data != nullptr && per_row &&
      options.upstream_rows != nullptr) {
    inputs.Add(Rows<const float>(options.upstream_rows, 1, x.rows));
  }
  if (call.dlogits.data != nullptr) {
    if (Status s = CheckRowMap(x, call.dlogits); s != Status::kOk) return s;
    for (size_t i = 0; i < inputs.count; ++i) {
      if (SharesElement(call.dlogits, inputs.extents[i])) {
        return Status::kOverlap;
      }
    }
    inputs.Add(call.dlogits);
  }
  inputs.Add(x);
  for (size_t i = 0; i < inputs.count; ++i) {
    if (SharesElement(loss, inputs.extents[i]) ||
        SharesElement(divisor, inputs.extents[i])) {
      return Status::kOverlap;
    }
  }
  if (SharesElement(loss, divisor)) return Status::kOverlap;
  if (Status s = CheckOptions(options, x.cols); s != Status::kOk) return s;
  if (call.has_labels) {
    for (size_t r = 0; r < x.rows; ++r) {
      const int64_t label = call.Label(r);
      if (label == options.ignore_index) continue;
      if (label < 0 || static_cast<uint64_t>(label) >= x.cols) {
        return Status::kBadLabel;
      }
    }
  }
  CrossEntropyFunction* const kernel = SelectCrossEntropy(target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  const FpEnvironment environment;
  kernel(call);
  return Status::kOk;
}

}  // namespace
}  // namespace internal

inline namespace v1 {

Status CrossEntropy(const Rows<const float>& logits, const int64_t* labels,
                    float* loss, const Rows<float>& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  return internal::Run(
      {logits, true, labels, nullptr, {}, loss, dlogits, &options, divisor},
      Rows<const int64_t>(labels, 1, logits.rows), target);
}

Status CrossEntropy(const Rows<const float>& logits, const int32_t* labels,
                    float* loss, const Rows<float>& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  return internal::Run(
      {logits, true, nullptr, labels, {}, loss, dlogits, &options, divisor},
      Rows<const int32_t>(labels, 1, logits.rows), target);
}

Status CrossEntropy(const Rows<const float>& logits,
                    const Rows<const float>& targets, float* loss,
                    const Rows<float>& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  if (targets.rows != logits.rows || targets.cols != logits.cols) {
    return Status::kBadShape;
  }
  return internal::Run({logits, false, nullptr, nullptr, targets, loss, dlogits,
                        &options, divisor},
                       targets, target);
}

}  // namespace v1
}  // namespace softlane
