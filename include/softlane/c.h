/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOFTLANE_C_H_
#define SOFTLANE_C_H_

#include <stddef.h>
#include <stdint.h>

#include "softlane/c_types.h"
#include "softlane/version.h"

/**
 * @file
 * The functions of softlane for C99 and for languages that call C. Each
 * function is the twin of a C++ function. The C++ header has the contract:
 * shapes, special values, accuracy, aliasing and errors. This file says only
 * what differs in C.
 *
 * A view is three arguments: a pointer, the type of its elements, and a stride.
 * The stride counts elements from one row to the next. All views of a call have
 * the same rows and cols, which are given once. softlane/any_rows.h says which
 * types go together. softlane/rows.h says which strides are allowed, and
 * softlane/planes.h does so for the functions along an axis. A null pointer
 * stands for a view that the function allows to be absent. Its type is not
 * read.
 *
 * Statuses, targets, element types and the other enumerations are ints, whose
 * values stand in softlane/c_types.h. A function returns an error status for
 * any other value. The archive needs no C++ runtime, so a C compiler can link
 * it.
 */

#ifdef __cplusplus
extern "C" {
#endif

/** softlane::StatusName. */
const char* softlane_status_name(int status);

/** softlane::TargetName. */
const char* softlane_target_name(int target);

/** softlane::ParseTarget. Returns 1 and sets *target if the name is known.
 * Otherwise returns 0 and leaves *target unchanged. */
int softlane_parse_target(const char* name, int* target);

/** softlane::IsAvailable. Returns 1 or 0. */
int softlane_is_available(int target);

/** softlane::AvailableTargets. Writes the available targets to `targets`, the
 * best first, and returns their number. */
size_t softlane_available_targets(int targets[4]);

/** softlane::BestTarget. */
int softlane_best_target(void);

/** softlane::AutoTarget. */
int softlane_auto_target(void);

/** softlane::Exp. */
int softlane_exp(const void* x, int x_type, size_t x_stride, void* y,
                 int y_type, size_t y_stride, size_t rows, size_t cols,
                 int target);

/** softlane::RowMax. */
int softlane_row_max(const void* x, int x_type, size_t x_stride, float* max,
                     size_t rows, size_t cols, int target);

/** softlane::Softmax with options {scale, empty_row}. */
int softlane_softmax(const void* logits, int logits_type, size_t logits_stride,
                     void* probs, int probs_type, size_t probs_stride,
                     size_t rows, size_t cols, float scale, int empty_row,
                     int target);

/** softlane::SoftmaxWithLogSumExp with options {scale, empty_row}. */
int softlane_softmax_with_logsumexp(const void* logits, int logits_type,
                                    size_t logits_stride, void* probs,
                                    int probs_type, size_t probs_stride,
                                    float* logsumexp, size_t rows, size_t cols,
                                    float scale, int empty_row, int target);

/** softlane::SoftmaxBackward. */
int softlane_softmax_backward(const void* probs, int probs_type,
                              size_t probs_stride, const void* dprobs,
                              int dprobs_type, size_t dprobs_stride,
                              void* dlogits, int dlogits_type,
                              size_t dlogits_stride, size_t rows, size_t cols,
                              float scale, int target);

/** softlane::SoftmaxBackwardDots. */
int softlane_softmax_backward_dots(const void* probs, int probs_type,
                                   size_t probs_stride, const void* dprobs,
                                   int dprobs_type, size_t dprobs_stride,
                                   double* dots, size_t rows, size_t cols,
                                   int target);

/** softlane::SoftmaxBackwardFromDots. */
int softlane_softmax_backward_from_dots(const void* probs, int probs_type,
                                        size_t probs_stride, const void* dprobs,
                                        int dprobs_type, size_t dprobs_stride,
                                        const double* dots, void* dlogits,
                                        int dlogits_type, size_t dlogits_stride,
                                        size_t rows, size_t cols, float scale,
                                        int target);

/** softlane::LogSoftmax with options {scale, empty_row}. */
int softlane_log_softmax(const void* logits, int logits_type,
                         size_t logits_stride, void* log_probs,
                         int log_probs_type, size_t log_probs_stride,
                         size_t rows, size_t cols, float scale, int empty_row,
                         int target);

/** softlane::LogSumExp. */
int softlane_logsumexp(const void* logits, int logits_type,
                       size_t logits_stride, float* logsumexp, size_t rows,
                       size_t cols, float scale, int target);

/** softlane::LogSoftmaxBackward. */
int softlane_log_softmax_backward(const void* log_probs, int log_probs_type,
                                  size_t log_probs_stride,
                                  const void* dlog_probs, int dlog_probs_type,
                                  size_t dlog_probs_stride, void* dlogits,
                                  int dlogits_type, size_t dlogits_stride,
                                  size_t rows, size_t cols, float scale,
                                  int target);

/** softlane::SoftmaxJacobian. */
int softlane_softmax_jacobian(const float* probs, size_t n, float* jacobian,
                              size_t jacobian_stride, int target);

/** softlane::CrossEntropy with int64_t labels. A null loss means no loss, a
 * null dlogits means no gradient, a null divisor means no divisor, and null
 * options mean the defaults. */
int softlane_cross_entropy_i64(const void* logits, int logits_type,
                               size_t logits_stride, const int64_t* labels,
                               float* loss, void* dlogits, int dlogits_type,
                               size_t dlogits_stride, size_t rows, size_t cols,
                               const softlane_cross_entropy_options* options,
                               float* divisor, int target);

/** softlane_cross_entropy_i64, but with int32_t labels. */
int softlane_cross_entropy_i32(const void* logits, int logits_type,
                               size_t logits_stride, const int32_t* labels,
                               float* loss, void* dlogits, int dlogits_type,
                               size_t dlogits_stride, size_t rows, size_t cols,
                               const softlane_cross_entropy_options* options,
                               float* divisor, int target);

/** softlane_cross_entropy_i64, but with a target probability for each
 * logit. */
int softlane_cross_entropy_probs(const void* logits, int logits_type,
                                 size_t logits_stride, const void* targets,
                                 int targets_type, size_t targets_stride,
                                 float* loss, void* dlogits, int dlogits_type,
                                 size_t dlogits_stride, size_t rows,
                                 size_t cols,
                                 const softlane_cross_entropy_options* options,
                                 float* divisor, int target);

/** softlane::CrossEntropyBackward with int64_t labels. Null options mean the
 * defaults. */
int softlane_cross_entropy_backward_i64(
    const void* logits, int logits_type, size_t logits_stride,
    const float* logsumexp, const int64_t* labels, void* dlogits,
    int dlogits_type, size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target);

/** softlane_cross_entropy_backward_i64, but with int32_t labels. */
int softlane_cross_entropy_backward_i32(
    const void* logits, int logits_type, size_t logits_stride,
    const float* logsumexp, const int32_t* labels, void* dlogits,
    int dlogits_type, size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target);

/** softlane_cross_entropy_backward_i64, but with a target probability for each
 * logit. */
int softlane_cross_entropy_backward_probs(
    const void* logits, int logits_type, size_t logits_stride,
    const float* logsumexp, const void* targets, int targets_type,
    size_t targets_stride, void* dlogits, int dlogits_type,
    size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target);

/** softlane::CrossEntropyBackwardFromProbs with int64_t labels. Null options
 * mean the defaults. */
int softlane_cross_entropy_backward_from_probs_i64(
    const void* probs, int probs_type, size_t probs_stride,
    const int64_t* labels, void* dlogits, int dlogits_type,
    size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target);

/** softlane_cross_entropy_backward_from_probs_i64, but with int32_t labels. */
int softlane_cross_entropy_backward_from_probs_i32(
    const void* probs, int probs_type, size_t probs_stride,
    const int32_t* labels, void* dlogits, int dlogits_type,
    size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target);

/** softlane_cross_entropy_backward_from_probs_i64, but with a target
 * probability for each element of probs. */
int softlane_cross_entropy_backward_from_probs_probs(
    const void* probs, int probs_type, size_t probs_stride, const void* targets,
    int targets_type, size_t targets_stride, void* dlogits, int dlogits_type,
    size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_cross_entropy_options* options, int target);

/** softlane::AttentionSoftmaxWithLogSumExp. If logsumexp is null,
 * softlane::AttentionSoftmax. Null options mean the defaults. */
int softlane_attention_softmax(const void* scores, int scores_type,
                               size_t scores_stride, void* probs,
                               int probs_type, size_t probs_stride,
                               float* logsumexp, size_t rows, size_t cols,
                               const softlane_attention_options* options,
                               int target);

/** softlane::AttentionSoftmaxBackward. logsumexp and dsinks are the members of
 * softlane::AttentionSinkGradient. Null options mean the defaults. */
int softlane_attention_softmax_backward(
    const void* probs, int probs_type, size_t probs_stride, const void* dprobs,
    int dprobs_type, size_t dprobs_stride, const void* scores, int scores_type,
    size_t scores_stride, void* dscores, int dscores_type,
    size_t dscores_stride, size_t rows, size_t cols,
    const softlane_attention_options* options, const float* logsumexp,
    float* dsinks, int target);

/** softlane::AttentionTile. Null options mean the defaults. */
int softlane_attention_tile(const float* scores, size_t scores_stride,
                            softlane_softmax_state* states, void* exps,
                            int exps_type, size_t exps_stride, int32_t* shifts,
                            size_t rows, size_t cols,
                            const softlane_attention_tile_options* options,
                            int target);

/** softlane::ScaleRows. */
int softlane_scale_rows(float* accumulators, size_t accumulators_stride,
                        const int32_t* shifts, size_t rows, size_t cols);

/** softlane::FinishRows. */
int softlane_finish_rows(const float* accumulators, size_t accumulators_stride,
                         const softlane_softmax_state* states,
                         const float* sinks, void* out, int out_type,
                         size_t out_stride, float* logsumexp, size_t rows,
                         size_t cols, int empty_row, int target);

/** softlane::MergeAttention of parts before softlane_finish_rows. */
int softlane_merge_attention(float* accumulators, size_t accumulators_stride,
                             softlane_softmax_state* states, const float* from,
                             size_t from_stride,
                             const softlane_softmax_state* from_states,
                             size_t rows, size_t cols);

/** softlane::MergeAttention of parts after softlane_finish_rows. */
int softlane_merge_finished_attention(float* out, size_t out_stride,
                                      float* logsumexp, const float* from,
                                      size_t from_stride,
                                      const float* from_logsumexp, size_t rows,
                                      size_t cols, int target);

/** softlane::AttentionTileBackward. Null options mean the defaults. probs may
 * be null; then probs_type is not read. */
int softlane_attention_tile_backward(
    const float* scores, size_t scores_stride, const float* dprobs,
    size_t dprobs_stride, const softlane_softmax_state* states,
    const double* delta, void* dscores, int dscores_type, size_t dscores_stride,
    void* probs, int probs_type, size_t probs_stride, size_t rows, size_t cols,
    const softlane_attention_tile_options* options, int target);

/** softlane::SoftmaxAxis with options {scale, empty_row}. Here a view has two
 * strides: from one outer index to the next, and from one axis index to the
 * next. All views of the call have the same outer, axis and inner. */
int softlane_softmax_axis(const void* logits, int logits_type,
                          size_t logits_outer_stride, size_t logits_axis_stride,
                          void* probs, int probs_type,
                          size_t probs_outer_stride, size_t probs_axis_stride,
                          size_t outer, size_t axis, size_t inner, float scale,
                          int empty_row, int target);

/** softlane::LogSoftmaxAxis with options {scale, empty_row}. */
int softlane_log_softmax_axis(const void* logits, int logits_type,
                              size_t logits_outer_stride,
                              size_t logits_axis_stride, void* log_probs,
                              int log_probs_type, size_t log_probs_outer_stride,
                              size_t log_probs_axis_stride, size_t outer,
                              size_t axis, size_t inner, float scale,
                              int empty_row, int target);

/** softlane::LogSumExpAxis. */
int softlane_logsumexp_axis(const void* logits, int logits_type,
                            size_t logits_outer_stride,
                            size_t logits_axis_stride, float* logsumexp,
                            size_t logsumexp_stride, size_t outer, size_t axis,
                            size_t inner, float scale, int target);

/** softlane::SoftmaxWithLogSumExpAxis with options {scale, empty_row}. */
int softlane_softmax_with_logsumexp_axis(
    const void* logits, int logits_type, size_t logits_outer_stride,
    size_t logits_axis_stride, void* probs, int probs_type,
    size_t probs_outer_stride, size_t probs_axis_stride, float* logsumexp,
    size_t logsumexp_stride, size_t outer, size_t axis, size_t inner,
    float scale, int empty_row, int target);

/** softlane::SoftmaxBackwardAxis. */
int softlane_softmax_backward_axis(
    const void* probs, int probs_type, size_t probs_outer_stride,
    size_t probs_axis_stride, const void* dprobs, int dprobs_type,
    size_t dprobs_outer_stride, size_t dprobs_axis_stride, void* dlogits,
    int dlogits_type, size_t dlogits_outer_stride, size_t dlogits_axis_stride,
    size_t outer, size_t axis, size_t inner, float scale, int target);

/** softlane::LogSoftmaxBackwardAxis. */
int softlane_log_softmax_backward_axis(
    const void* log_probs, int log_probs_type, size_t log_probs_outer_stride,
    size_t log_probs_axis_stride, const void* dlog_probs, int dlog_probs_type,
    size_t dlog_probs_outer_stride, size_t dlog_probs_axis_stride,
    void* dlogits, int dlogits_type, size_t dlogits_outer_stride,
    size_t dlogits_axis_stride, size_t outer, size_t axis, size_t inner,
    float scale, int target);

/** softlane::CrossEntropyAxis with int64_t labels. A null loss means no loss, a
 * null dlogits means no gradient, a null divisor means no divisor, and null
 * options mean the defaults. loss_stride is used with SOFTLANE_REDUCTION_NONE
 * only. */
int softlane_cross_entropy_axis_i64(
    const void* logits, int logits_type, size_t logits_outer_stride,
    size_t logits_axis_stride, const int64_t* labels, size_t labels_stride,
    float* loss, size_t loss_stride, void* dlogits, int dlogits_type,
    size_t dlogits_outer_stride, size_t dlogits_axis_stride, size_t outer,
    size_t axis, size_t inner, const softlane_cross_entropy_options* options,
    float* divisor, int target);

/** softlane_cross_entropy_axis_i64, but with int32_t labels. */
int softlane_cross_entropy_axis_i32(
    const void* logits, int logits_type, size_t logits_outer_stride,
    size_t logits_axis_stride, const int32_t* labels, size_t labels_stride,
    float* loss, size_t loss_stride, void* dlogits, int dlogits_type,
    size_t dlogits_outer_stride, size_t dlogits_axis_stride, size_t outer,
    size_t axis, size_t inner, const softlane_cross_entropy_options* options,
    float* divisor, int target);

/** softlane_cross_entropy_axis_i64, but with a target probability for each
 * logit. */
int softlane_cross_entropy_axis_probs(
    const void* logits, int logits_type, size_t logits_outer_stride,
    size_t logits_axis_stride, const void* targets, int targets_type,
    size_t targets_outer_stride, size_t targets_axis_stride, float* loss,
    size_t loss_stride, void* dlogits, int dlogits_type,
    size_t dlogits_outer_stride, size_t dlogits_axis_stride, size_t outer,
    size_t axis, size_t inner, const softlane_cross_entropy_options* options,
    float* divisor, int target);

/** softlane::SoftmaxTopK with options {scale, renormalize != 0, empty_row}. */
int softlane_softmax_topk(const void* logits, int logits_type,
                          size_t logits_stride, size_t k, float* top_probs,
                          size_t top_probs_stride, int32_t* indices,
                          size_t indices_stride, size_t rows, size_t cols,
                          float scale, int renormalize, int empty_row,
                          int target);

/** softlane::SoftmaxTopKAxis with options {scale, renormalize != 0, empty_row}.
 */
int softlane_softmax_topk_axis(const void* logits, int logits_type,
                               size_t logits_outer_stride,
                               size_t logits_axis_stride, size_t k,
                               float* top_probs, size_t top_probs_outer_stride,
                               size_t top_probs_axis_stride, int32_t* indices,
                               size_t indices_outer_stride,
                               size_t indices_axis_stride, size_t outer,
                               size_t axis, size_t inner, float scale,
                               int renormalize, int empty_row, int target);

/** softlane::UpdateStates with options {scale, use}. */
int softlane_update_states(const void* logits, int logits_type,
                           size_t logits_stride, size_t first_col,
                           softlane_softmax_state* states, size_t rows,
                           size_t cols, float scale, int use, int target);

/** softlane::MergeStates. */
int softlane_merge_states(softlane_softmax_state* into,
                          const softlane_softmax_state* from, size_t rows);

/** softlane::LogSumExp of states. */
int softlane_logsumexp_of_states(const softlane_softmax_state* states,
                                 float* logsumexp, size_t rows, float scale,
                                 int target);

/** softlane::SoftmaxFromStates with options {scale, empty_row}. */
int softlane_softmax_from_states(const void* logits, int logits_type,
                                 size_t logits_stride,
                                 const softlane_softmax_state* states,
                                 void* probs, int probs_type,
                                 size_t probs_stride, size_t rows, size_t cols,
                                 float scale, int empty_row, int target);

/** softlane::LogSoftmaxFromStates with options {scale, empty_row}. */
int softlane_log_softmax_from_states(const void* logits, int logits_type,
                                     size_t logits_stride,
                                     const softlane_softmax_state* states,
                                     void* log_probs, int log_probs_type,
                                     size_t log_probs_stride, size_t rows,
                                     size_t cols, float scale, int empty_row,
                                     int target);

/** softlane::UpdateLossStates with int64_t labels. Null options mean the
 * defaults. */
int softlane_update_loss_states_i64(
    const void* logits, int logits_type, size_t logits_stride, size_t first_col,
    const int64_t* labels, softlane_softmax_state* states, size_t rows,
    size_t cols, const softlane_loss_state_options* options, int target);

/** softlane_update_loss_states_i64, but with int32_t labels. */
int softlane_update_loss_states_i32(
    const void* logits, int logits_type, size_t logits_stride, size_t first_col,
    const int32_t* labels, softlane_softmax_state* states, size_t rows,
    size_t cols, const softlane_loss_state_options* options, int target);

/** softlane::CrossEntropyFromStates with int64_t labels. Null losses mean no
 * losses, a null dlogits means no gradient, and null options mean the
 * defaults. */
int softlane_cross_entropy_from_states_i64(
    const void* logits, int logits_type, size_t logits_stride, size_t first_col,
    size_t num_classes, const int64_t* labels,
    const softlane_softmax_state* states, float* losses, void* dlogits,
    int dlogits_type, size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_loss_state_options* options, int target);

/** softlane_cross_entropy_from_states_i64, but with int32_t labels. */
int softlane_cross_entropy_from_states_i32(
    const void* logits, int logits_type, size_t logits_stride, size_t first_col,
    size_t num_classes, const int32_t* labels,
    const softlane_softmax_state* states, float* losses, void* dlogits,
    int dlogits_type, size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_loss_state_options* options, int target);

/** softlane::CrossEntropy of tensors with labels whose elements are int64_t.
 * The type of labels is not read. A null loss means no loss, a null dlogits
 * means no gradient, and a null divisor means no divisor. A null upstream means
 * that options->upstream holds for all rows. Null options mean the defaults.
 * For loss, dlogits and upstream, a tensor with null data is the same as a null
 * pointer. The type of loss and upstream is SOFTLANE_F32. */
int softlane_cross_entropy_tensor_i64(
    const softlane_tensor* logits, const softlane_tensor* labels,
    const softlane_tensor* loss, const softlane_tensor* dlogits, int axis,
    const softlane_cross_entropy_options* options, float* divisor,
    const softlane_tensor* upstream, int target);

/** softlane_cross_entropy_tensor_i64, but with int32_t labels. */
int softlane_cross_entropy_tensor_i32(
    const softlane_tensor* logits, const softlane_tensor* labels,
    const softlane_tensor* loss, const softlane_tensor* dlogits, int axis,
    const softlane_cross_entropy_options* options, float* divisor,
    const softlane_tensor* upstream, int target);

/** softlane_cross_entropy_tensor_i64, but with a target probability for each
 * logit. */
int softlane_cross_entropy_tensor_probs(
    const softlane_tensor* logits, const softlane_tensor* targets,
    const softlane_tensor* loss, const softlane_tensor* dlogits, int axis,
    const softlane_cross_entropy_options* options, float* divisor,
    const softlane_tensor* upstream, int target);

/** softlane::Softmax of tensors with options {scale, empty_row}. */
int softlane_softmax_tensor(const softlane_tensor* logits,
                            const softlane_tensor* probs, int axis, float scale,
                            int empty_row, int target);

/** softlane::SoftmaxWithLogSumExp of tensors with options {scale, empty_row}.
 * The type of logsumexp is SOFTLANE_F32. */
int softlane_softmax_with_logsumexp_tensor(const softlane_tensor* logits,
                                           const softlane_tensor* probs,
                                           const softlane_tensor* logsumexp,
                                           int axis, float scale, int empty_row,
                                           int target);

/** softlane::LogSoftmax of tensors with options {scale, empty_row}. */
int softlane_log_softmax_tensor(const softlane_tensor* logits,
                                const softlane_tensor* log_probs, int axis,
                                float scale, int empty_row, int target);

/** softlane::LogSumExp of tensors. The type of logsumexp is SOFTLANE_F32. */
int softlane_logsumexp_tensor(const softlane_tensor* logits,
                              const softlane_tensor* logsumexp, int axis,
                              float scale, int target);

/** softlane::SoftmaxBackward of tensors. */
int softlane_softmax_backward_tensor(const softlane_tensor* probs,
                                     const softlane_tensor* dprobs,
                                     const softlane_tensor* dlogits, int axis,
                                     float scale, int target);

/** softlane::LogSoftmaxBackward of tensors. */
int softlane_log_softmax_backward_tensor(const softlane_tensor* log_probs,
                                         const softlane_tensor* dlog_probs,
                                         const softlane_tensor* dlogits,
                                         int axis, float scale, int target);

/** softlane::AttentionSoftmaxWithLogSumExp of all heads. If logsumexp is null,
 * softlane::AttentionSoftmax of all heads. The type of logsumexp is
 * SOFTLANE_F32. Null options mean the defaults. */
int softlane_attention_softmax_heads(
    const softlane_tensor* scores, const softlane_tensor* probs,
    const softlane_tensor* logsumexp,
    const softlane_attention_heads_options* options, int target);

/** softlane::AttentionSoftmaxBackward of all heads. logsumexp and dsinks are
 * the members of softlane::AttentionHeadsSinkGradient. Both may be null, and
 * their type is SOFTLANE_F32. Null options mean the defaults. */
int softlane_attention_softmax_backward_heads(
    const softlane_tensor* probs, const softlane_tensor* dprobs,
    const softlane_tensor* scores, const softlane_tensor* dscores,
    const softlane_attention_heads_options* options,
    const softlane_tensor* logsumexp, const softlane_tensor* dsinks,
    int target);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SOFTLANE_C_H_ */
