// SPDX-License-Identifier: Apache-2.0
#include "softlane/c.h"
#include "c/convert.h"
#include "c/loss_options.h"
#include "c/views.h"
#include "softlane/cross_entropy.h"

namespace {

using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_cross_entropy_i64(const void* logits, int logits_type,
                               size_t logits_stride, const int64_t* labels,
                               float* loss, void* dlogits, int dlogits_type,
                               size_t dlogits_stride, size_t rows, size_t cols,
                               const softlane_cross_entropy_options* options,
                               float* divisor, int target) {
  return ToInt(softlane::CrossEntropy(
      In(logits, logits_type, rows, cols, logits_stride), labels, loss,
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), FromC(options),
      divisor, FromInt<Target>(target)));
}

int softlane_cross_entropy_i32(const void* logits, int logits_type,
                               size_t logits_stride, const int32_t* labels,
                               float* loss, void* dlogits, int dlogits_type,
                               size_t dlogits_stride, size_t rows, size_t cols,
                               const softlane_cross_entropy_options* options,
                               float* divisor, int target) {
  return ToInt(softlane::CrossEntropy(
      In(logits, logits_type, rows, cols, logits_stride), labels, loss,
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), FromC(options),
      divisor, FromInt<Target>(target)));
}

int softlane_cross_entropy_probs(const void* logits, int logits_type,
                                 size_t logits_stride, const void* targets,
                                 int targets_type, size_t targets_stride,
                                 float* loss, void* dlogits, int dlogits_type,
                                 size_t dlogits_stride, size_t rows,
                                 size_t cols,
                                 const softlane_cross_entropy_options* options,
                                 float* divisor, int target) {
  return ToInt(softlane::CrossEntropy(
      In(logits, logits_type, rows, cols, logits_stride),
      In(targets, targets_type, rows, cols, targets_stride), loss,
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), FromC(options),
      divisor, FromInt<Target>(target)));
}

}  // extern "C"
