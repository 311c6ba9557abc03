// SPDX-License-Identifier: Apache-2.0
#include "softlane/c.h"
#include "c/loss_options.h"
#include "c/tensors.h"
#include "softlane/cross_entropy_tensor.h"

namespace {

using softlane::AnyTensor;
using softlane::ConstAnyTensor;
using softlane::CrossEntropy;
using softlane::CrossEntropyOptions;
using softlane::Status;
using softlane::Target;
using softlane::Tensor;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::TensorOf;
using softlane::c::ToInt;

// The arguments that all twins share.
struct Call {
  const softlane_tensor* logits;
  const softlane_tensor* targets;  // or labels
  const softlane_tensor* loss;
  const softlane_tensor* dlogits;
  int axis;
  const softlane_cross_entropy_options* options;
  float* divisor;
  const softlane_tensor* upstream;
  int target;
};
enum class Kind { kLabels64, kLabels32, kTargets };

bool IsNone(const softlane_tensor* t) {
  return t == nullptr || t->data == nullptr;
}

// Not inlined in its three callers.
[[gnu::noinline]] int Run(const Call& c, Kind kind) {
  if (c.logits == nullptr || c.targets == nullptr) {
    return ToInt(Status::kNullPointer);
  }
  Tensor<float> floats[2];  // the losses, and upstream
  const softlane_tensor* const of_floats[] = {c.loss, c.upstream};
  for (int i = 0; i < 2; ++i) {
    if (IsNone(of_floats[i])) continue;
    if (of_floats[i]->type != SOFTLANE_F32) return ToInt(Status::kBadOption);
    floats[i] = TensorOf<float>(of_floats[i]);
  }
  const ConstAnyTensor logits = In(c.logits);
  const AnyTensor dlogits = IsNone(c.dlogits) ? AnyTensor() : Out(c.dlogits);
  const CrossEntropyOptions options = FromC(c.options);
  const Tensor<const float> upstream = floats[1];
  const Target target = FromInt<Target>(c.target);
  const auto run = [&](const auto& targets) {
    return ToInt(CrossEntropy(logits, targets, floats[0], dlogits, c.axis,
                              options, c.divisor, upstream, target));
  };
  if (kind == Kind::kTargets) return run(In(c.targets));
  return kind == Kind::kLabels64 ? run(TensorOf<const int64_t>(c.targets))
                                 : run(TensorOf<const int32_t>(c.targets));
}

}  // namespace

extern "C" {

int softlane_cross_entropy_tensor_i64(
    const softlane_tensor* logits, const softlane_tensor* labels,
    const softlane_tensor* loss, const softlane_tensor* dlogits, int axis,
    const softlane_cross_entropy_options* options, float* divisor,
    const softlane_tensor* upstream, int target) {
  return Run(
      {logits, labels, loss, dlogits, axis, options, divisor, upstream, target},
      Kind::kLabels64);
}

int softlane_cross_entropy_tensor_i32(
    const softlane_tensor* logits, const softlane_tensor* labels,
    const softlane_tensor* loss, const softlane_tensor* dlogits, int axis,
    const softlane_cross_entropy_options* options, float* divisor,
    const softlane_tensor* upstream, int target) {
  return Run(
      {logits, labels, loss, dlogits, axis, options, divisor, upstream, target},
      Kind::kLabels32);
}

int softlane_cross_entropy_tensor_probs(
    const softlane_tensor* logits, const softlane_tensor* targets,
    const softlane_tensor* loss, const softlane_tensor* dlogits, int axis,
    const softlane_cross_entropy_options* options, float* divisor,
    const softlane_tensor* upstream, int target) {
  return Run({logits, targets, loss, dlogits, axis, options, divisor, upstream,
              target},
             Kind::kTargets);
}

}  // extern "C"
