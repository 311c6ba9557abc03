// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "arith/reference_octave.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/large_rows.h"
#include "schedules/scaled_rows.h"
#include "schedules/state_rows.h"
#include "softlane/attention_tile.h"

// ScaleRows and MergeAttention: accumulators of attention's tiles are scaled,
// and merged with the accumulators of other keys.

namespace softlane {
namespace {

using internal::AddScaledRow;
using internal::kInfinity;
using internal::kNaN;
using internal::ScaleRow;

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void Scale(const Rows<float>& accumulators,
                             const int32_t* shifts) {
  for (size_t r = 0; r < accumulators.rows; ++r) {
    if (__builtin_expect(shifts[r] == 0, 1)) continue;
    float* const row = accumulators.Row(r);
    ScaleRow(row, internal::PowerOfShift(shifts[r]), accumulators.cols, row);
  }
}

[[gnu::noinline]] void MergeRow(const float* from,
                                const SoftmaxState& from_state, size_t n,
                                float* into, SoftmaxState& state) {
  const bool has_from = internal::HasSum(from_state);
  const bool has_into = internal::HasSum(state);
  const SoftmaxState before = state;
  internal::MergeState(from_state, state);
  if (!has_from || !internal::HasSum(state)) return;
  const int64_t unit = internal::TileUnitOf(state);
  const double of_from =
      internal::PowerOfShift(internal::TileUnitOf(from_state) - unit);
  if (!has_into) return ScaleRow(from, of_from, n, into);
  const double of_into =
      internal::PowerOfShift(internal::TileUnitOf(before) - unit);
  AddScaledRow(from, of_from, of_into, n, into);
}

void FillNaN(float* to, size_t n) {
  for (size_t i = 0; i < n; ++i) to[i] = kNaN;
}

// The two logsumexps of a row are treated as the logits of a row with two keys.
[[gnu::noinline]] void MergeFinished(const Rows<float>& out, float* logsumexp,
                                     const Rows<const float>& from,
                                     const float* from_logsumexp,
                                     Target target) {
  const internal::BlockPasses& passes = internal::BlockPassesOf(target);
  const internal::ScaleParts& parts = internal::kUnscaled;
  const size_t n = out.cols;
  for (size_t r = 0; r < out.rows; ++r) {
    const float logs[2] = {logsumexp[r], from_logsumexp[r]};
    if (logs[1] == -kInfinity) continue;
    float* const to = out.Row(r);
    const bool is_nan = !(logs[0] == logs[0]) || !(logs[1] == logs[1]);
    const float max = logs[0] > logs[1] ? logs[0] : logs[1];
    if (is_nan || max == kInfinity) {
      FillNaN(to, n);
      logsumexp[r] = is_nan ? kNaN : max;
      continue;
    }
    const internal::RowPlan plan = internal::PlanRow(max, parts);
    float exps[2];
    const double sum =
        passes
            .write(logs, exps, 2, internal::kNoHole, plan, parts,
                   internal::LowestOf(plan, parts), nullptr, nullptr)
            .others;
    logsumexp[r] = static_cast<float>(passes.log_of_sum(max, sum, plan, parts) +
                                      plan.scaled_shift);
    if (logs[0] == -kInfinity) {
      ScaleRow(from.Row(r), 1.0, n, to);
    } else {
      AddScaledRow(from.Row(r), exps[1] / sum, exps[0] / sum, n, to);
    }
  }
}

}  // namespace

inline namespace v1 {

Status ScaleRows(const Rows<float>& accumulators,
                 const int32_t* shifts) noexcept {
  if (Status s = internal::CheckAnyOperands(
          true, internal::Written(accumulators),
          internal::ReadVector(shifts, accumulators.rows));
      s != Status::kOk) {
    return s;
  }
  if (accumulators.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  Scale(accumulators, shifts);
  return Status::kOk;
}

Status MergeAttention(const Rows<float>& accumulators, SoftmaxState* states,
                      const Rows<const float>& from,
                      const SoftmaxState* from_states) noexcept {
  const size_t rows = accumulators.rows;
  if (Status s = internal::CheckAnyOperands(
          internal::HaveSameShape(accumulators, from),
          internal::Written(accumulators),
          internal::WrittenVector(states, rows), internal::Read(from),
          internal::ReadVector(from_states, rows));
      s != Status::kOk) {
    return s;
  }
  if (internal::HaveOtherUse(states, rows, StateUse::kSoftmax) ||
      internal::HaveOtherUse(from_states, rows, StateUse::kSoftmax)) {
    return Status::kBadOption;
  }
  const internal::FpEnvironment environment;
  const Rows<const float> x = internal::WithUsedStride(from);
  const Rows<float> y = internal::WithUsedStride(accumulators);
  for (size_t r = 0; r < rows; ++r) {
    MergeRow(x.Row(r), from_states[r], y.cols, y.Row(r), states[r]);
  }
  return Status::kOk;
}

Status MergeAttention(const Rows<float>& out, float* logsumexp,
                      const Rows<const float>& from,
                      const float* from_logsumexp, Target target) noexcept {
  if (Status s = internal::CheckAnyOperands(
          internal::HaveSameShape(out, from), internal::Written(out),
          internal::WrittenVector(logsumexp, out.rows), internal::Read(from),
          internal::ReadVector(from_logsumexp, out.rows));
      s != Status::kOk) {
    return s;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  MergeFinished(internal::WithUsedStride(out), logsumexp,
                internal::WithUsedStride(from), from_logsumexp, chosen);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
