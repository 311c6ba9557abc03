// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_tile.h"

#include "c/attention_options.h"
#include "c/convert.h"
#include "c/states.h"
#include "c/views.h"
#include "softlane/c.h"

namespace {

using softlane::EmptyRow;
using softlane::Rows;
using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_attention_tile(const float* scores, size_t scores_stride,
                            softlane_softmax_state* states, void* exps,
                            int exps_type, size_t exps_stride, int32_t* shifts,
                            size_t rows, size_t cols,
                            const softlane_attention_tile_options* options,
                            int target) {
  return ToInt(softlane::AttentionTile(
      {scores, rows, cols, scores_stride}, FromC(states),
      Out(exps, exps_type, rows, cols, exps_stride), shifts,
      FromC(options, rows, cols), FromInt<Target>(target)));
}

int softlane_scale_rows(float* accumulators, size_t accumulators_stride,
                        const int32_t* shifts, size_t rows, size_t cols) {
  return ToInt(softlane::ScaleRows(
      {accumulators, rows, cols, accumulators_stride}, shifts));
}

int softlane_finish_rows(const float* accumulators, size_t accumulators_stride,
                         const softlane_softmax_state* states,
                         const float* sinks, void* out, int out_type,
                         size_t out_stride, float* logsumexp, size_t rows,
                         size_t cols, int empty_row, int target) {
  return ToInt(softlane::FinishRows(
      {accumulators, rows, cols, accumulators_stride}, FromC(states), sinks,
      Out(out, out_type, rows, cols, out_stride), logsumexp,
      FromInt<EmptyRow>(empty_row), FromInt<Target>(target)));
}

int softlane_merge_attention(float* accumulators, size_t accumulators_stride,
                             softlane_softmax_state* states, const float* from,
                             size_t from_stride,
                             const softlane_softmax_state* from_states,
                             size_t rows, size_t cols) {
  return ToInt(softlane::MergeAttention(
      Rows<float>(accumulators, rows, cols, accumulators_stride), FromC(states),
      {from, rows, cols, from_stride}, FromC(from_states)));
}

int softlane_merge_finished_attention(float* out, size_t out_stride,
                                      float* logsumexp, const float* from,
                                      size_t from_stride,
                                      const float* from_logsumexp, size_t rows,
                                      size_t cols, int target) {
  return ToInt(
      softlane::MergeAttention(Rows<float>(out, rows, cols, out_stride),
                               logsumexp, {from, rows, cols, from_stride},
                               from_logsumexp, FromInt<Target>(target)));
}

}  // extern "C"
