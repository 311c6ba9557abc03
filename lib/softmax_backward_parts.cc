// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/backward_passes.h"
#include "softlane/softmax_backward.h"

// SoftmaxBackward of rows in parts: the dot products of a part, and the
// gradients of a part from the dot products of whole rows.

namespace softlane {
namespace {

using internal::SoftmaxBackwardKernels;

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void WriteDots(const Rows<const float>& p,
                                 const Rows<const float>& dp, double* dots,
                                 const SoftmaxBackwardKernels& kernels) {
  for (size_t r = 0; r < p.rows; ++r) {
    dots[r] = p.cols == 0 ? 0.0 : kernels.dot(p.Row(r), dp.Row(r), p.cols);
  }
}

[[gnu::noinline]] void WriteGradients(const Rows<const float>& p,
                                      const Rows<const float>& dp,
                                      const double* dots, const Rows<float>& dx,
                                      float scale,
                                      const SoftmaxBackwardKernels& kernels) {
  for (size_t r = 0; r < p.rows; ++r) {
    kernels.write({p.Row(r), dp.Row(r), dx.Row(r), p.cols, scale}, dots[r]);
  }
}

}  // namespace

inline namespace v1 {

Status SoftmaxBackwardDots(const Rows<const float>& probs,
                           const Rows<const float>& dprobs, double* dots,
                           Target target) noexcept {
  if (Status s = internal::CheckOperands(
          internal::HaveSameShape(probs, dprobs), internal::Read(probs),
          internal::Read(dprobs), internal::WrittenVector(dots, probs.rows));
      s != Status::kOk) {
    return s;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  WriteDots(internal::WithUsedStride(probs), internal::WithUsedStride(dprobs),
            dots,
            internal::KernelsOf(internal::kSoftmaxBackwardKernels, chosen));
  return Status::kOk;
}

Status SoftmaxBackwardFromDots(const Rows<const float>& probs,
                               const Rows<const float>& dprobs,
                               const double* dots, const Rows<float>& dlogits,
                               float scale, Target target) noexcept {
  if (Status s = internal::CheckOperands(
          internal::HaveSameShape(probs, dlogits) &&
              internal::HaveSameShape(dprobs, dlogits),
          internal::Replaced(probs), internal::Replaced(dprobs),
          internal::ReadVector(dots, probs.rows), internal::Replacing(dlogits));
      s != Status::kOk) {
    return s;
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (probs.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  WriteGradients(
      probs, dprobs, dots, dlogits, scale,
      internal::KernelsOf(internal::kSoftmaxBackwardKernels, chosen));
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
