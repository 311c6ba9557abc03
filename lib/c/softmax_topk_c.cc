// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/softmax_topk.h"

namespace {

using softlane::EmptyRow;
using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax_topk(const void* logits, int logits_type,
                          size_t logits_stride, size_t k, float* top_probs,
                          size_t top_probs_stride, int32_t* indices,
                          size_t indices_stride, size_t rows, size_t cols,
                          float scale, int renormalize, int empty_row,
                          int target) {
  return ToInt(softlane::SoftmaxTopK(
      In(logits, logits_type, rows, cols, logits_stride), k,
      {top_probs, rows, k, top_probs_stride},
      {indices, rows, k, indices_stride},
      {scale, renormalize != 0, FromInt<EmptyRow>(empty_row)},
      FromInt<Target>(target)));
}

}  // extern "C"
