// SPDX-License-Identifier: Apache-2.0
#include "any/any_backward.h"

#include "any/any_check.h"
#include "fp_environment.h"

namespace softlane {
namespace internal {
namespace {

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const BackwardFunctions& floats,
                                  const HalfGradientsCall& call) {
  const JointChunks chunks(call.p, call.dp, nullptr, call.dx, call.target);
  if (!chunks.HasCopies() && RunHalfGradientRows(call, chunks, floats.is_log)) {
    return;
  }
  const double* row_sum = nullptr;
  const auto write = [&](const JointChunk& chunk) {
    floats.write(chunk, call.scale, row_sum, call.target);
  };
  if (chunks.HoldRows()) return chunks.ForRows(write);
  const DotTerms terms =
      floats.is_log ? DotTerms::kSecond : DotTerms::kProducts;
  const size_t n = call.p.cols;
  for (size_t r = 0; r < call.p.rows; ++r) {
    const double sum = chunks.Dot(r, 0, n, terms);
    row_sum = &sum;
    chunks.ForParts(r, 0, n, write);
  }
}

}  // namespace

void RunBackwardLines(const BackwardFunctions& floats,
                      const HalfGradientsCall& call) noexcept {
  const FpEnvironment environment;
  RunChecked(floats, call);
}

Status RunAnyBackward(const BackwardFunctions& floats, const ConstAnyRows& p,
                      const ConstAnyRows& dp, const AnyRows& dx, float scale,
                      Target target) noexcept {
  if (!IsPair(p, dp, dx)) return Status::kBadOption;
  if (Status s = CheckAnyMap(p, dp, dx); s != Status::kOk) return s;
  if (!IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (p.rows == 0 || p.cols == 0) return Status::kOk;
  RunBackwardLines(floats, {p, dp, dx, scale, chosen});
  return Status::kOk;
}

}  // namespace internal
}  // namespace softlane
