// SPDX-License-Identifier: Apache-2.0
#include "softlane/c.h"
#include "c/loss_options.h"
#include "c/views.h"
#include "softlane/cross_entropy_backward.h"

namespace {

using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_cross_entropy_backward_i64(
    const void* logits, int logits_type, size_t logits_stride,
    const float* logsumexp, const int64_t* labels, void* dlogits,
    int dlogits_type, size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target) {
  return ToInt(softlane::CrossEntropyBackward(
      In(logits, logits_type, rows, cols, logits_stride), logsumexp, labels,
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), FromC(options),
      FromInt<Target>(target)));
}

int softlane_cross_entropy_backward_i32(
    const void* logits, int logits_type, size_t logits_stride,
    const float* logsumexp, const int32_t* labels, void* dlogits,
    int dlogits_type, size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target) {
  return ToInt(softlane::CrossEntropyBackward(
      In(logits, logits_type, rows, cols, logits_stride), logsumexp, labels,
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), FromC(options),
      FromInt<Target>(target)));
}

int softlane_cross_entropy_backward_probs(
    const void* logits, int logits_type, size_t logits_stride,
    const float* logsumexp, const void* targets, int targets_type,
    size_t targets_stride, void* dlogits, int dlogits_type,
    size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target) {
  return ToInt(softlane::CrossEntropyBackward(
      In(logits, logits_type, rows, cols, logits_stride), logsumexp,
      In(targets, targets_type, rows, cols, targets_stride),
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), FromC(options),
      FromInt<Target>(target)));
}

int softlane_cross_entropy_backward_from_probs_i64(
    const void* probs, int probs_type, size_t probs_stride,
    const int64_t* labels, void* dlogits, int dlogits_type,
    size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target) {
  return ToInt(softlane::CrossEntropyBackwardFromProbs(
      In(probs, probs_type, rows, cols, probs_stride), labels,
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), FromC(options),
      FromInt<Target>(target)));
}

int softlane_cross_entropy_backward_from_probs_i32(
    const void* probs, int probs_type, size_t probs_stride,
    const int32_t* labels, void* dlogits, int dlogits_type,
    size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target) {
  return ToInt(softlane::CrossEntropyBackwardFromProbs(
      In(probs, probs_type, rows, cols, probs_stride), labels,
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), FromC(options),
      FromInt<Target>(target)));
}

int softlane_cross_entropy_backward_from_probs_probs(
    const void* probs, int probs_type, size_t probs_stride, const void* targets,
    int targets_type, size_t targets_stride, void* dlogits, int dlogits_type,
    size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target) {
  return ToInt(softlane::CrossEntropyBackwardFromProbs(
      In(probs, probs_type, rows, cols, probs_stride),
      In(targets, targets_type, rows, cols, targets_stride),
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), FromC(options),
      FromInt<Target>(target)));
}

}  // extern "C"
