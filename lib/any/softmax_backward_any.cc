// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/half_gradient_rows.h"
#include "any/joint_chunks.h"
#include "fp_environment.h"
#include "kernels/backward_passes.h"
#include "softlane/softmax_backward.h"

namespace softlane {
namespace {

using internal::JointChunk;
using internal::JointChunks;

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const ConstAnyRows& p, const ConstAnyRows& dp,
                                  const AnyRows& dx, float scale,
                                  Target target) {
  const JointChunks chunks(p, dp, nullptr, dx, target);
  if (internal::RunHalfGradientRows({p, dp, dx, scale, target}, chunks, false))
    return;
  if (chunks.HoldRows()) {
    return chunks.ForRows([&](const JointChunk& chunk) {
      internal::Done(
          SoftmaxBackward(chunk.x[0], chunk.x[1], chunk.y, scale, target));
    });
  }
  const auto& kernels =
      internal::KernelsOf(internal::kSoftmaxBackwardKernels, target);
  for (size_t r = 0; r < p.rows; ++r) {
    const double dot = chunks.Dot(r, 0, p.cols, internal::DotTerms::kProducts);
    chunks.ForParts(r, 0, p.cols, [&](const JointChunk& chunk) {
      kernels.write(
          {chunk.x[0].data, chunk.x[1].data, chunk.y.data, chunk.y.cols, scale},
          dot);
    });
  }
}

}  // namespace

inline namespace v1 {

Status SoftmaxBackward(const ConstAnyRows& probs, const ConstAnyRows& dprobs,
                       const AnyRows& dlogits, float scale,
                       Target target) noexcept {
  if (internal::AreFloats(probs, dprobs, dlogits)) {
    return SoftmaxBackward(internal::FloatsOf(probs),
                           internal::FloatsOf(dprobs),
                           internal::FloatsOf(dlogits), scale, target);
  }
  if (!internal::IsPair(probs, dprobs, dlogits)) return Status::kBadOption;
  if (Status s = internal::CheckAnyMap(probs, dprobs, dlogits);
      s != Status::kOk) {
    return s;
  }
  // A call without rows checks the other arguments.
  const Rows<const float> none;
  if (Status s = SoftmaxBackward(none, none, Rows<float>(), scale, target);
      s != Status::kOk) {
    return s;
  }
  if (probs.rows == 0 || probs.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  RunChecked(probs, dprobs, dlogits, scale, internal::Resolve(target));
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
