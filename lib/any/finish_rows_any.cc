// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "any/any_check.h"
#include "arith/reference_octave.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/large_rows.h"
#include "schedules/converter.h"
#include "schedules/scaled_rows.h"
#include "schedules/sink_rows.h"
#include "softlane/attention_tile.h"

// FinishRows: the sink is added to the sum of a row, and the accumulators are
// divided by the sum.

namespace softlane {
namespace {

using internal::kInfinity;
using internal::kNaN;

// How the accumulators of a row become results: they are multiplied by
// `factor`. Without a factor, all results are `special`.
struct Finish {
  bool has_factor;
  double factor;
  float special;
  float logsumexp;
};

Finish FinishOf(const SoftmaxState& state, float sink, EmptyRow empty_row,
                const internal::BlockPasses& passes) {
  const internal::ScaleParts& parts = internal::kUnscaled;
  const internal::StateRow row = internal::RowWithSink(state, sink, passes);
  if (!row.has_sum) {
    const bool is_zero =
        row.special == -kInfinity && empty_row == EmptyRow::kZero;
    return {false, 0.0, is_zero ? 0.0f : kNaN, row.special};
  }
  const auto log = static_cast<float>(internal::LogSumOf(row, passes, parts) +
                                      row.plan.scaled_shift);
  if (!internal::HasSum(state)) return {false, 0.0, 0.0f, log};
  const int64_t shift =
      internal::TileUnitOf(state) - static_cast<int64_t>(row.plan.offset);
  return {true, internal::PowerOfShift(shift) / row.sum, 0.0f, log};
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void Run(const Rows<const float>& accumulators,
                           const SoftmaxState* states, const float* sinks,
                           const AnyRows& out, float* logsumexp,
                           EmptyRow empty_row, Target target) {
  const internal::BlockPasses& passes = internal::BlockPassesOf(target);
  const internal::Converter converter(target);
  constexpr size_t kStep = 512;
  alignas(64) float buffer[kStep];
  for (size_t r = 0; r < out.rows; ++r) {
    const float sink = sinks == nullptr ? -kInfinity : sinks[r];
    const Finish finish = FinishOf(states[r], sink, empty_row, passes);
    if (logsumexp != nullptr) logsumexp[r] = finish.logsumexp;
    for (size_t c = 0; c < out.cols; c += kStep) {
      const size_t n = out.cols - c < kStep ? out.cols - c : kStep;
      const Rows<float> place =
          internal::Converter::PlaceOf(out, r, 1, c, n, buffer);
      if (finish.has_factor) {
        internal::ScaleRow(accumulators.Row(r) + c, finish.factor, n,
                           place.data);
      } else {
        for (size_t i = 0; i < n; ++i) place.data[i] = finish.special;
      }
      converter.Narrow(place, out, r, c);
    }
  }
}

}  // namespace

inline namespace v1 {

Status FinishRows(const Rows<const float>& accumulators,
                  const SoftmaxState* states, const float* sinks,
                  const AnyRows& out, float* logsumexp, EmptyRow empty_row,
                  Target target) noexcept {
  using internal::Operand;
  if (!internal::IsElementType(out.type)) return Status::kBadOption;
  const size_t rows = accumulators.rows;
  if (Status s = internal::CheckOperandsOf(
          {internal::InputBeside(ConstAnyRows(accumulators), out.type),
           internal::OutputBeside(out, ElementType::kFloat32),
           Operand(internal::ReadVector(states, rows)),
           Operand(internal::Optional(internal::ReadVector(sinks, rows))),
           Operand(
               internal::Optional(internal::WrittenVector(logsumexp, rows)))},
          internal::HaveSameShape(accumulators, out));
      s != Status::kOk) {
    return s;
  }
  if (empty_row > EmptyRow::kZero ||
      internal::HaveOtherUse(states, rows, StateUse::kSoftmax)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  Run(internal::WithUsedStride(accumulators), states, sinks, out, logsumexp,
      empty_row, chosen);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
