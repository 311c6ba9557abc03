// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/joint_chunks.h"
#include "fp_environment.h"
#include "softlane/softmax_backward.h"

namespace softlane {
namespace {

using internal::JointChunk;
using internal::JointChunks;

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void WriteDots(const ConstAnyRows& p, const ConstAnyRows& dp,
                                 double* dots, Target target) {
  const JointChunks chunks(p, dp, nullptr, AnyRows(), target);
  if (chunks.HoldRows()) {
    return chunks.ForRows([&](const JointChunk& chunk) {
      internal::Done(SoftmaxBackwardDots(chunk.x[0], chunk.x[1],
                                         dots + chunk.row, target));
    });
  }
  for (size_t r = 0; r < p.rows; ++r) {
    dots[r] = chunks.Dot(r, 0, p.cols, internal::DotTerms::kProducts);
  }
}

[[gnu::noinline]] void WriteGradients(const ConstAnyRows& p,
                                      const ConstAnyRows& dp,
                                      const double* dots, const AnyRows& dx,
                                      float scale, Target target) {
  const JointChunks chunks(p, dp, nullptr, dx, target);
  const auto write = [&](const JointChunk& chunk) {
    internal::Done(SoftmaxBackwardFromDots(
        chunk.x[0], chunk.x[1], dots + chunk.row, chunk.y, scale, target));
  };
  if (chunks.HoldRows()) return chunks.ForRows(write);
  for (size_t r = 0; r < p.rows; ++r) chunks.ForParts(r, 0, p.cols, write);
}

}  // namespace

inline namespace v1 {

template <typename>
Status SoftmaxBackwardDots(const ConstAnyRows& probs,
                           const ConstAnyRows& dprobs, double* dots,
                           Target target) noexcept {
  if (internal::AreFloats(probs, dprobs)) {
    return SoftmaxBackwardDots(internal::FloatsOf(probs),
                               internal::FloatsOf(dprobs), dots, target);
  }
  if (!internal::IsPair(probs, dprobs, AnyRows())) return Status::kBadOption;
  if (Status s = internal::CheckOperandsOf(
          {internal::Operand(internal::Read(probs)),
           internal::Operand(internal::Read(dprobs)),
           internal::Operand(internal::WrittenVector(dots, probs.rows))},
          internal::HaveSameShape(probs, dprobs));
      s != Status::kOk) {
    return s;
  }
  if (probs.rows == 0 || probs.cols == 0) {
    const Rows<const float> empty(nullptr, probs.rows, probs.cols);
    return SoftmaxBackwardDots(empty, empty, dots, target);
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  WriteDots(probs, dprobs, dots, chosen);
  return Status::kOk;
}
template Status SoftmaxBackwardDots(const ConstAnyRows&, const ConstAnyRows&,
                                    double*, Target) noexcept;

Status SoftmaxBackwardFromDots(const ConstAnyRows& probs,
                               const ConstAnyRows& dprobs, const double* dots,
                               const AnyRows& dlogits, float scale,
                               Target target) noexcept {
  if (internal::AreFloats(probs, dprobs, dlogits)) {
    return SoftmaxBackwardFromDots(internal::FloatsOf(probs),
                                   internal::FloatsOf(dprobs), dots,
                                   internal::FloatsOf(dlogits), scale, target);
  }
  if (!internal::IsPair(probs, dprobs, dlogits)) return Status::kBadOption;
  if (Status s = internal::CheckOperandsOf(
          {internal::InputBeside(probs, dlogits.type),
           internal::InputBeside(dprobs, dlogits.type),
           internal::Operand(internal::ReadVector(dots, probs.rows)),
           internal::OutputBeside(dlogits, probs.type)},
          internal::HaveSameShape(probs, dlogits) &&
              internal::HaveSameShape(dprobs, dlogits));
      s != Status::kOk) {
    return s;
  }
  // To check the other arguments, the function of floats is called without
  // rows.
  const Rows<const float> none;
  if (Status s = SoftmaxBackwardFromDots(none, none, nullptr, Rows<float>(),
                                         scale, target);
      s != Status::kOk) {
    return s;
  }
  if (probs.rows == 0 || probs.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  WriteGradients(probs, dprobs, dots, dlogits, scale,
                 internal::Resolve(target));
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
