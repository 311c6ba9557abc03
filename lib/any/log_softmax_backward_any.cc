// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/half_gradient_rows.h"
#include "any/joint_chunks.h"
#include "fp_environment.h"
#include "kernels/backward_passes.h"
#include "softlane/log_softmax_backward.h"

namespace softlane {
namespace {

using internal::JointChunk;
using internal::JointChunks;

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const ConstAnyRows& log_p,
                                  const ConstAnyRows& d, const AnyRows& dx,
                                  float scale, Target target) {
  const JointChunks chunks(log_p, d, nullptr, dx, target);
  if (internal::RunHalfGradientRows({log_p, d, dx, scale, target}, chunks,
                                    true))
    return;
  const auto& write =
      internal::KernelsOf(internal::kLogSoftmaxBackwardRows, target);
  if (chunks.HoldRows()) {
    return chunks.ForRows([&](const JointChunk& chunk) {
      write(chunk.x[0], chunk.x[1], chunk.y, scale, nullptr, false);
    });
  }
  for (size_t r = 0; r < d.rows; ++r) {
    const double sum = chunks.Dot(r, 0, d.cols, internal::DotTerms::kSecond);
    chunks.ForParts(r, 0, d.cols, [&](const JointChunk& chunk) {
      write(chunk.x[0], chunk.x[1], chunk.y, scale, &sum, false);
    });
  }
}

}  // namespace

inline namespace v1 {

Status LogSoftmaxBackward(const ConstAnyRows& log_probs,
                          const ConstAnyRows& dlog_probs,
                          const AnyRows& dlogits, float scale,
                          Target target) noexcept {
  if (internal::AreFloats(log_probs, dlog_probs, dlogits)) {
    return LogSoftmaxBackward(internal::FloatsOf(log_probs),
                              internal::FloatsOf(dlog_probs),
                              internal::FloatsOf(dlogits), scale, target);
  }
  if (!internal::IsPair(log_probs, dlog_probs, dlogits)) {
    return Status::kBadOption;
  }
  if (Status s = internal::CheckAnyMap(log_probs, dlog_probs, dlogits);
      s != Status::kOk) {
    return s;
  }
  // A call without rows checks the other arguments.
  const Rows<const float> none;
  if (Status s = LogSoftmaxBackward(none, none, Rows<float>(), scale, target);
      s != Status::kOk) {
    return s;
  }
  if (log_probs.rows == 0 || log_probs.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  RunChecked(log_probs, dlog_probs, dlogits, scale, internal::Resolve(target));
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
