// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_backward.h"

#include "cache_size.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/backward_passes.h"
#include "schedules/backward_planner.h"
#include "schedules/planner.h"
#include "schedules/softmax_call.h"

namespace softlane {
namespace {

using internal::BackwardPlan;
using internal::BackwardSchedule;
using internal::GradientRow;
using internal::SoftmaxBackwardKernels;

// Does the rows from row `first` on.
void RunRows(const SoftmaxBackwardKernels& kernels, const Rows<const float>& p,
             const Rows<const float>& dp, const Rows<float>& dx, float scale,
             size_t first) {
  const size_t rest = p.rows - first;
  if (rest == 0) return;
  kernels.rows(p.Slice(first, rest), dp.Slice(first, rest),
               dx.Slice(first, rest), scale);
}

void RunRowByRow(const SoftmaxBackwardKernels& kernels,
                 const BackwardPlan& plan, const Rows<const float>& p,
                 const Rows<const float>& dp, const Rows<float>& dx,
                 float scale) {
  const size_t n = p.cols;
  for (size_t r = 0; r < p.rows; ++r) {
    const GradientRow row = {p.Row(r), dp.Row(r), dx.Row(r), n, scale};
    const double dot = kernels.dot(row.p, row.dp, n);
    if (plan.schedule == BackwardSchedule::kFromEnd) {
      kernels.write_from_end(row, dot, plan.is_streamed);
    } else if (!plan.is_streamed) {
      kernels.write(row, dot);
    } else if (r + 1 == p.rows) {
      kernels.write_streamed(row, dot, nullptr);
    } else {
      const GradientRow next = {p.Row(r + 1), dp.Row(r + 1), nullptr, n, scale};
      kernels.write_streamed(row, dot, &next);
    }
  }
  if (plan.is_streamed) kernels.flush();
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const SoftmaxBackwardKernels& kernels,
                                  const Rows<const float>& p,
                                  const Rows<const float>& dp,
                                  const Rows<float>& dx, float scale,
                                  Target target) {
  const BackwardPlan plan = internal::PlanBackward(
      {p.rows, p.cols, dx.data == p.data || dx.data == dp.data,
       internal::HasWholeLines(dx)},
      target, internal::CachedElements(p.rows, p.cols));
  switch (plan.schedule) {
    case BackwardSchedule::kRows:
      return kernels.rows(p, dp, dx, scale);
    case BackwardSchedule::kGroups:
      return RunRows(kernels, p, dp, dx, scale,
                     kernels.groups(p, dp, dx, scale));
    case BackwardSchedule::kRowByRow:
    case BackwardSchedule::kStreamed:
    case BackwardSchedule::kFromEnd:
      return RunRowByRow(kernels, plan, p, dp, dx, scale);
  }
}

}  // namespace

inline namespace v1 {

Status SoftmaxBackward(const Rows<const float>& probs,
                       const Rows<const float>& dprobs,
                       const Rows<float>& dlogits, float scale,
                       Target target) noexcept {
  if (Status s = internal::CheckMap(probs, dprobs, dlogits); s != Status::kOk) {
    return s;
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (probs.rows == 0 || probs.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  const SoftmaxBackwardKernels& kernels =
      internal::KernelsOf(internal::kSoftmaxBackwardKernels, chosen);
  // For so few rows, planning takes longer than the work. The baseline has only
  // one schedule.
  if ((probs.rows < 4 && probs.cols < 512) || kernels.groups == nullptr) {
    kernels.rows(probs, dprobs, dlogits, scale);
  } else {
    RunChecked(kernels, probs, dprobs, dlogits, scale, chosen);
  }
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
