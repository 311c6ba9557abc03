// SPDX-License-Identifier: Apache-2.0
#include "schedules/uniform_rows.h"

#include "schedules/planner.h"
#include "schedules/prediction.h"
#include "schedules/row_schedule.h"

namespace softlane {
namespace internal {
namespace {

// Writes probs = e / sum for the pending rows [first, end).
void DivideRows(const SoftmaxCall& call, const UniformRows& rows, size_t first,
                size_t end) {
  for (size_t r = first; r < end; ++r) {
    double& sum = rows.SumOf(r);
    call.kernels.divide(rows.PlaceOf(r), rows.Probs(r), rows.n, sum,
                        MayHaveTiny(sum), call.parts);
    sum = 0.0;
  }
}

}  // namespace

RowsDone RunUniformRows(const SoftmaxCall& call, float* scratch) {
  const RowSample sample = SampleOf(call, 0, 0);
  Prediction prediction(call.parts);
  prediction.SetMax(sample.max);
  if (sample.is_wide) return {0, false};
  ExpUniformFunction& pass =
      *call.logits.exp_uniform[sample.has_masked ? 1 : 0];
  const size_t n = call.x.cols, end = call.x.rows;
  const size_t distance = DistanceOf(n);
  double sums[2] = {0.0, 0.0};
  UniformRows rows = {call.x.Row(0),
                      call.x.stride,
                      0,
                      end,
                      n,
                      call.y.Row(0),
                      call.y.stride,
                      scratch,
                      PlacesStep(distance),
                      distance,
                      sums};
  size_t pending = 0;  // rows before this one are divided
  while (rows.row != end && prediction.IsUsable()) {
    const RowsDone done =
        pass(call.source, rows,
             {call.parts, prediction.Range(), /*is_exact=*/false,
              /*is_staged=*/true});
    const size_t next = rows.row + done.count;
    // A row that is tried divides an earlier row beside it, even if the tried
    // row does not fit.
    const size_t tried = next + (done.has_failed ? 1 : 0);
    if (tried > pending + distance) pending = tried - distance;
    bool has_tiny = false;
    if (done.count != 0) {
      const double sum = rows.SumOf(next - 1);
      prediction.Follow(sum);
      has_tiny = MayHaveTiny(sum);
    }
    // A row that may have tiny probabilities is not divided beside another row.
    if (done.has_failed || has_tiny || next == end || !prediction.IsUsable()) {
      DivideRows(call, rows, pending, next);
      pending = next;
    }
    if (done.has_failed) return {next, true};
    rows.row = next;
    rows.count = end - next;
    if (next == end) break;
    rows.logits = call.x.Row(next);
    rows.probs = call.y.Row(next);
  }
  return {rows.row, false};
}

}  // namespace internal
}  // namespace softlane
