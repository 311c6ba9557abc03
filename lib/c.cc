// SPDX-License-Identifier: Apache-2.0
#include "softlane/c.h"

#include "softlane/softlane.h"

// The C twins: one line each, once the ints are enumerators.

namespace {

using softlane::EmptyRow;
using softlane::Rows;
using softlane::Status;
using softlane::Target;

// An int that no enumerator has, among them those that a cast would wrap to
// one.
template <typename Enum>
Enum FromInt(int value) {
  return static_cast<Enum>(0 <= value && value < 0xFF ? value : 0xFF);
}

int ToInt(Status status) { return static_cast<int>(status); }
int ToInt(Target target) { return static_cast<int>(target); }

Rows<float> Optional(float* data, size_t rows, size_t cols, size_t stride) {
  return data == nullptr ? Rows<float>()
                         : Rows<float>(data, rows, cols, stride);
}

softlane::CrossEntropyOptions FromC(
    const softlane_cross_entropy_options* options) {
  softlane::CrossEntropyOptions result;
  if (options == nullptr) return result;
  result.reduction = FromInt<softlane::Reduction>(options->reduction);
  result.ignore_index = options->ignore_index;
  result.label_smoothing = options->label_smoothing;
  result.class_weights = options->class_weights;
  result.z_loss = options->z_loss;
  result.scale = options->scale;
  result.upstream_rows = options->upstream_rows;
  result.upstream = options->upstream;
  result.zero_if_all_ignored = options->zero_if_all_ignored != 0;
  return result;
}

softlane::AttentionOptions FromC(const softlane_attention_options* options,
                                 size_t rows, size_t cols) {
  softlane::AttentionOptions result;
  if (options == nullptr) return result;
  result.scale = options->scale;
  result.softcap = options->softcap;
  result.alibi_slope = options->alibi_slope;
  result.bias = {options->bias, rows, cols, options->bias_stride};
  result.keep = {options->keep, rows, cols, options->keep_stride};
  result.lengths = options->lengths;
  result.causal = options->causal != 0;
  result.first_query = options->first_query;
  result.window = options->window;
  result.sinks = options->sinks;
  result.empty_row = FromInt<EmptyRow>(options->empty_row);
  return result;
}

}  // namespace

extern "C" {

const char* softlane_status_name(int status) {
  return softlane::StatusName(FromInt<Status>(status));
}

const char* softlane_target_name(int target) {
  return softlane::TargetName(FromInt<Target>(target));
}

int softlane_parse_target(const char* name, int* target) {
  if (name == nullptr) return 0;
  const auto parsed = softlane::ParseTarget(name);
  if (parsed) *target = ToInt(*parsed);
  return parsed ? 1 : 0;
}

int softlane_is_available(int target) {
  return softlane::IsAvailable(FromInt<Target>(target)) ? 1 : 0;
}

size_t softlane_available_targets(int targets[4]) {
  const softlane::TargetList list = softlane::AvailableTargets();
  for (size_t i = 0; i < list.size; ++i) targets[i] = ToInt(list.data[i]);
  return list.size;
}

int softlane_best_target(void) { return ToInt(softlane::BestTarget()); }

int softlane_auto_target(void) { return ToInt(softlane::AutoTarget()); }

int softlane_exp(const float* x, size_t x_stride, float* y, size_t y_stride,
                 size_t rows, size_t cols, int target) {
  return ToInt(softlane::Exp({x, rows, cols, x_stride},
                             {y, rows, cols, y_stride},
                             FromInt<Target>(target)));
}

int softlane_row_max(const float* x, size_t x_stride, float* max, size_t rows,
                     size_t cols, int target) {
  return ToInt(softlane::RowMax({x, rows, cols, x_stride}, max,
                                FromInt<Target>(target)));
}

int softlane_softmax(const float* logits, size_t logits_stride, float* probs,
                     size_t probs_stride, size_t rows, size_t cols, float scale,
                     int empty_row, int target) {
  return ToInt(softlane::Softmax(
      {logits, rows, cols, logits_stride}, {probs, rows, cols, probs_stride},
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

int softlane_softmax_with_logsumexp(const float* logits, size_t logits_stride,
                                    float* probs, size_t probs_stride,
                                    float* logsumexp, size_t rows, size_t cols,
                                    float scale, int empty_row, int target) {
  return ToInt(softlane::SoftmaxWithLogSumExp(
      {logits, rows, cols, logits_stride}, {probs, rows, cols, probs_stride},
      logsumexp, {scale, FromInt<EmptyRow>(empty_row)},
      FromInt<Target>(target)));
}

int softlane_softmax_backward(const float* probs, size_t probs_stride,
                              const float* dprobs, size_t dprobs_stride,
                              float* dlogits, size_t dlogits_stride,
                              size_t rows, size_t cols, float scale,
                              int target) {
  return ToInt(softlane::SoftmaxBackward(
      {probs, rows, cols, probs_stride}, {dprobs, rows, cols, dprobs_stride},
      {dlogits, rows, cols, dlogits_stride}, scale, FromInt<Target>(target)));
}

int softlane_log_softmax(const float* logits, size_t logits_stride,
                         float* log_probs, size_t log_probs_stride, size_t rows,
                         size_t cols, float scale, int empty_row, int target) {
  return ToInt(softlane::LogSoftmax({logits, rows, cols, logits_stride},
                                    {log_probs, rows, cols, log_probs_stride},
                                    {scale, FromInt<EmptyRow>(empty_row)},
                                    FromInt<Target>(target)));
}

int softlane_logsumexp(const float* logits, size_t logits_stride,
                       float* logsumexp, size_t rows, size_t cols, float scale,
                       int target) {
  return ToInt(softlane::LogSumExp({logits, rows, cols, logits_stride},
                                   logsumexp, scale, FromInt<Target>(target)));
}

int softlane_log_softmax_backward(const float* log_probs,
                                  size_t log_probs_stride,
                                  const float* dlog_probs,
                                  size_t dlog_probs_stride, float* dlogits,
                                  size_t dlogits_stride, size_t rows,
                                  size_t cols, float scale, int target) {
  return ToInt(softlane::LogSoftmaxBackward(
      {log_probs, rows, cols, log_probs_stride},
      {dlog_probs, rows, cols, dlog_probs_stride},
      {dlogits, rows, cols, dlogits_stride}, scale, FromInt<Target>(target)));
}

int softlane_softmax_jacobian(const float* probs, size_t n, float* jacobian,
                              size_t jacobian_stride, int target) {
  return ToInt(softlane::SoftmaxJacobian(
      probs, n, {jacobian, n, n, jacobian_stride}, FromInt<Target>(target)));
}

int softlane_cross_entropy_i64(const float* logits, size_t logits_stride,
                               const int64_t* labels, float* loss,
                               float* dlogits, size_t dlogits_stride,
                               size_t rows, size_t cols,
                               const softlane_cross_entropy_options* options,
                               float* divisor, int target) {
  return ToInt(
      softlane::CrossEntropy({logits, rows, cols, logits_stride}, labels, loss,
                             Optional(dlogits, rows, cols, dlogits_stride),
                             FromC(options), divisor, FromInt<Target>(target)));
}

int softlane_cross_entropy_i32(const float* logits, size_t logits_stride,
                               const int32_t* labels, float* loss,
                               float* dlogits, size_t dlogits_stride,
                               size_t rows, size_t cols,
                               const softlane_cross_entropy_options* options,
                               float* divisor, int target) {
  return ToInt(
      softlane::CrossEntropy({logits, rows, cols, logits_stride}, labels, loss,
                             Optional(dlogits, rows, cols, dlogits_stride),
                             FromC(options), divisor, FromInt<Target>(target)));
}

int softlane_cross_entropy_probs(const float* logits, size_t logits_stride,
                                 const float* targets, size_t targets_stride,
                                 float* loss, float* dlogits,
                                 size_t dlogits_stride, size_t rows,
                                 size_t cols,
                                 const softlane_cross_entropy_options* options,
                                 float* divisor, int target) {
  return ToInt(
      softlane::CrossEntropy({logits, rows, cols, logits_stride},
                             {targets, rows, cols, targets_stride}, loss,
                             Optional(dlogits, rows, cols, dlogits_stride),
                             FromC(options), divisor, FromInt<Target>(target)));
}

int softlane_attention_softmax(const float* scores, size_t scores_stride,
                               float* probs, size_t probs_stride,
                               float* logsumexp, size_t rows, size_t cols,
                               const softlane_attention_options* options,
                               int target) {
  const Rows<const float> in(scores, rows, cols, scores_stride);
  const Rows<float> out(probs, rows, cols, probs_stride);
  const auto converted = FromC(options, rows, cols);
  if (logsumexp == nullptr) {
    return ToInt(softlane::AttentionSoftmax(in, out, converted,
                                            FromInt<Target>(target)));
  }
  return ToInt(softlane::AttentionSoftmaxWithLogSumExp(
      in, out, logsumexp, converted, FromInt<Target>(target)));
}

int softlane_attention_softmax_backward(
    const float* probs, size_t probs_stride, const float* dprobs,
    size_t dprobs_stride, const float* scores, size_t scores_stride,
    float* dscores, size_t dscores_stride, size_t rows, size_t cols,
    const softlane_attention_options* options, const float* logsumexp,
    float* dsinks, int target) {
  return ToInt(softlane::AttentionSoftmaxBackward(
      {probs, rows, cols, probs_stride}, {dprobs, rows, cols, dprobs_stride},
      {scores, rows, cols, scores_stride},
      {dscores, rows, cols, dscores_stride}, FromC(options, rows, cols),
      {logsumexp, dsinks}, FromInt<Target>(target)));
}

int softlane_softmax_axis(const float* logits, size_t logits_outer_stride,
                          size_t logits_axis_stride, float* probs,
                          size_t probs_outer_stride, size_t probs_axis_stride,
                          size_t outer, size_t axis, size_t inner, float scale,
                          int empty_row, int target) {
  return ToInt(softlane::SoftmaxAxis(
      {logits, outer, axis, inner, logits_outer_stride, logits_axis_stride},
      {probs, outer, axis, inner, probs_outer_stride, probs_axis_stride},
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

int softlane_log_softmax_axis(const float* logits, size_t logits_outer_stride,
                              size_t logits_axis_stride, float* log_probs,
                              size_t log_probs_outer_stride,
                              size_t log_probs_axis_stride, size_t outer,
                              size_t axis, size_t inner, float scale,
                              int empty_row, int target) {
  return ToInt(softlane::LogSoftmaxAxis(
      {logits, outer, axis, inner, logits_outer_stride, logits_axis_stride},
      {log_probs, outer, axis, inner, log_probs_outer_stride,
       log_probs_axis_stride},
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

int softlane_softmax_backward_axis(
    const float* probs, size_t probs_outer_stride, size_t probs_axis_stride,
    const float* dprobs, size_t dprobs_outer_stride, size_t dprobs_axis_stride,
    float* dlogits, size_t dlogits_outer_stride, size_t dlogits_axis_stride,
    size_t outer, size_t axis, size_t inner, float scale, int target) {
  return ToInt(softlane::SoftmaxBackwardAxis(
      {probs, outer, axis, inner, probs_outer_stride, probs_axis_stride},
      {dprobs, outer, axis, inner, dprobs_outer_stride, dprobs_axis_stride},
      {dlogits, outer, axis, inner, dlogits_outer_stride, dlogits_axis_stride},
      scale, FromInt<Target>(target)));
}

int softlane_softmax_topk(const float* logits, size_t logits_stride, size_t k,
                          float* top_probs, size_t top_probs_stride,
                          int32_t* indices, size_t indices_stride, size_t rows,
                          size_t cols, float scale, int renormalize,
                          int empty_row, int target) {
  return ToInt(softlane::SoftmaxTopK(
      {logits, rows, cols, logits_stride}, k,
      {top_probs, rows, k, top_probs_stride},
      {indices, rows, k, indices_stride},
      {scale, renormalize != 0, FromInt<EmptyRow>(empty_row)},
      FromInt<Target>(target)));
}

}  // extern "C"
