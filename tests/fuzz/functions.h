// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_FUNCTIONS_H_
#define SOFTLANE_TESTS_FUZZ_FUNCTIONS_H_

#include "operands.h"

// Every function of softlane/c.h that computes. A new one is an entry at the
// end of kFunctions: its name, its options, the call, and its operands, an
// input before the output that may replace it.

namespace softlane {
namespace fuzz {

inline const Function kFunctions[] = {
    {"softlane_exp",
     Settings::kNone,
     [](const Call& c) {
       return softlane_exp(c.In(0), c.Type(0), c.Stride(0), c.Out(1), c.Type(1),
                           c.Stride(1), c.rows, c.cols, c.target);
     },
     {In("x"), Out("y", Content::kExponentials)}},
    {"softlane_row_max",
     Settings::kNone,
     [](const Call& c) {
       return softlane_row_max(c.In(0), c.Type(0), c.Stride(0), c.Out(1),
                               c.rows, c.cols, c.target);
     },
     {In("x"), Apart("max", Content::kMaxima, Shape::kPerRow)}},
    {"softlane_softmax",
     Settings::kSoftmax,
     [](const Call& c) {
       return softlane_softmax(c.In(0), c.Type(0), c.Stride(0), c.Out(1),
                               c.Type(1), c.Stride(1), c.rows, c.cols,
                               c.options.scale, c.options.empty_row, c.target);
     },
     {In("logits"), Out("probs", Content::kProbabilities)}},
    {"softlane_softmax_with_logsumexp",
     Settings::kSoftmax,
     [](const Call& c) {
       return softlane_softmax_with_logsumexp(
           c.In(0), c.Type(0), c.Stride(0), c.Out(1), c.Type(1), c.Stride(1),
           c.Out(2), c.rows, c.cols, c.options.scale, c.options.empty_row,
           c.target);
     },
     {In("logits"), Out("probs", Content::kProbabilities),
      Apart("logsumexp", Content::kAnything, Shape::kPerRow)}},
    {"softlane_softmax_backward",
     Settings::kScale,
     [](const Call& c) {
       return softlane_softmax_backward(
           c.In(0), c.Type(0), c.Stride(0), c.In(1), c.Type(1), c.Stride(1),
           c.Out(2), c.Type(2), c.Stride(2), c.rows, c.cols, c.options.scale,
           c.target);
     },
     {In("probs", Content::kShares), In("dprobs"),
      Out("dlogits", Content::kAnything)}},
    {"softlane_log_softmax",
     Settings::kSoftmax,
     [](const Call& c) {
       return softlane_log_softmax(
           c.In(0), c.Type(0), c.Stride(0), c.Out(1), c.Type(1), c.Stride(1),
           c.rows, c.cols, c.options.scale, c.options.empty_row, c.target);
     },
     {In("logits"), Out("log_probs", Content::kLogProbabilities)}},
    {"softlane_logsumexp",
     Settings::kScale,
     [](const Call& c) {
       return softlane_logsumexp(c.In(0), c.Type(0), c.Stride(0), c.Out(1),
                                 c.rows, c.cols, c.options.scale, c.target);
     },
     {In("logits"), Apart("logsumexp", Content::kAnything, Shape::kPerRow)}},
    {"softlane_log_softmax_backward",
     Settings::kScale,
     [](const Call& c) {
       return softlane_log_softmax_backward(
           c.In(0), c.Type(0), c.Stride(0), c.In(1), c.Type(1), c.Stride(1),
           c.Out(2), c.Type(2), c.Stride(2), c.rows, c.cols, c.options.scale,
           c.target);
     },
     {In("log_probs", Content::kLogs), In("dlog_probs"),
      Out("dlogits", Content::kAnything)}},
    {"softlane_softmax_jacobian",
     Settings::kNone,
     [](const Call& c) {
       return softlane_softmax_jacobian(c.In(0), c.cols, c.Out(1), c.Stride(1),
                                        c.target);
     },
     {Read("probs", Content::kShares, Shape::kPerColumn),
      Apart("jacobian", Content::kJacobian, Shape::kSquare)}},
    {"softlane_cross_entropy_i64", Settings::kLoss,
     [](const Call& c) {
       return softlane_cross_entropy_i64(
           c.In(0), c.Type(0), c.Stride(0), c.As<const int64_t>(1), c.Out(2),
           c.Out(3), c.Type(3), c.Stride(3), c.rows, c.cols, LossOptions(c),
           c.Out(4), c.target);
     },
     SOFTLANE_FUZZ_LOSS(
         Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt64))},
    {"softlane_cross_entropy_i32", Settings::kLoss,
     [](const Call& c) {
       return softlane_cross_entropy_i32(
           c.In(0), c.Type(0), c.Stride(0), c.As<const int32_t>(1), c.Out(2),
           c.Out(3), c.Type(3), c.Stride(3), c.rows, c.cols, LossOptions(c),
           c.Out(4), c.target);
     },
     SOFTLANE_FUZZ_LOSS(
         Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt32))},
    {"softlane_cross_entropy_probs", Settings::kLoss,
     [](const Call& c) {
       return softlane_cross_entropy_probs(
           c.In(0), c.Type(0), c.Stride(0), c.In(1), c.Type(1), c.Stride(1),
           c.Out(2), c.Out(3), c.Type(3), c.Stride(3), c.rows, c.cols,
           LossOptions(c), c.Out(4), c.target);
     },
     SOFTLANE_FUZZ_LOSS(Read("targets", Content::kShares, Shape::kMatrix))},
    {"softlane_cross_entropy_backward_i64", Settings::kSavedLoss,
     [](const Call& c) {
       return softlane_cross_entropy_backward_i64(
           c.In(0), c.Type(0), c.Stride(0), c.In(5), c.As<const int64_t>(1), c.Out(2), c.Type(2), c.Stride(2), c.rows, c.cols, LossOptions(c, 3), c.target);
     },
     SOFTLANE_FUZZ_SAVED_LOSS(Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt64))},
    {"softlane_cross_entropy_backward_i32", Settings::kSavedLoss,
     [](const Call& c) {
       return softlane_cross_entropy_backward_i32(
           c.In(0), c.Type(0), c.Stride(0), c.In(5), c.As<const int32_t>(1), c.Out(2), c.Type(2), c.Stride(2), c.rows, c.cols, LossOptions(c, 3), c.target);
     },
     SOFTLANE_FUZZ_SAVED_LOSS(Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt32))},
    {"softlane_cross_entropy_backward_probs", Settings::kSavedLoss,
     [](const Call& c) {
       return softlane_cross_entropy_backward_probs(
           c.In(0), c.Type(0), c.Stride(0), c.In(5), c.In(1), c.Type(1), c.Stride(1), c.Out(2), c.Type(2), c.Stride(2), c.rows, c.cols, LossOptions(c, 3), c.target);
     },
     SOFTLANE_FUZZ_SAVED_LOSS(Read("targets", Content::kShares, Shape::kMatrix))},
    {"softlane_cross_entropy_backward_from_probs_i64", Settings::kSavedProbs,
     [](const Call& c) {
       return softlane_cross_entropy_backward_from_probs_i64(
           c.In(0), c.Type(0), c.Stride(0), c.As<const int64_t>(1), c.Out(2), c.Type(2), c.Stride(2), c.rows, c.cols, LossOptions(c, 3), c.target);
     },
     SOFTLANE_FUZZ_SAVED_PROBS(Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt64))},
    {"softlane_cross_entropy_backward_from_probs_i32", Settings::kSavedProbs,
     [](const Call& c) {
       return softlane_cross_entropy_backward_from_probs_i32(
           c.In(0), c.Type(0), c.Stride(0), c.As<const int32_t>(1), c.Out(2), c.Type(2), c.Stride(2), c.rows, c.cols, LossOptions(c, 3), c.target);
     },
     SOFTLANE_FUZZ_SAVED_PROBS(Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt32))},
    {"softlane_cross_entropy_backward_from_probs_probs", Settings::kSavedProbs,
     [](const Call& c) {
       return softlane_cross_entropy_backward_from_probs_probs(
           c.In(0), c.Type(0), c.Stride(0), c.In(1), c.Type(1), c.Stride(1), c.Out(2), c.Type(2), c.Stride(2), c.rows, c.cols, LossOptions(c, 3), c.target);
     },
     SOFTLANE_FUZZ_SAVED_PROBS(Read("targets", Content::kShares, Shape::kMatrix))},
    {"softlane_attention_softmax",
     Settings::kAttention,
     [](const Call& c) {
       return softlane_attention_softmax(
           c.In(0), c.Type(0), c.Stride(0), c.Out(1), c.Type(1), c.Stride(1),
           c.Out(2), c.rows, c.cols, AttentionOptions(c, 3), c.target);
     },
     {In("scores"), Out("probs", Content::kSomeProbabilities),
      Optional(Apart("logsumexp", Content::kAnything, Shape::kPerRow)),
      SOFTLANE_FUZZ_MASKS,
      Option(Optional(Read("sinks", Content::kLogits, Shape::kPerRow)))}},
    {"softlane_attention_softmax_backward",
     Settings::kAttention,
     [](const Call& c) {
       return softlane_attention_softmax_backward(
           c.In(0), c.Type(0), c.Stride(0), c.In(1), c.Type(1), c.Stride(1),
           c.In(2), c.Type(2), c.Stride(2), c.Out(3), c.Type(3), c.Stride(3),
           c.rows, c.cols, AttentionOptions(c, 6), c.In(4), c.Out(5), c.target);
     },
     {In("probs", Content::kShares), In("dprobs"),
      If(NeedOfScores, In("scores")), Out("dscores", Content::kAnything),
      If(NeedOfForward, Read("logsumexp", Content::kLogits, Shape::kPerRow)),
      Optional(Apart("dsinks", Content::kAnything, Shape::kPerRow)),
      SOFTLANE_FUZZ_MASKS,
      Option(
          If(NeedOfSinks, Read("sinks", Content::kLogits, Shape::kPerRow)))}},
    {"softlane_softmax_axis",
     Settings::kSoftmax,
     [](const Call& c) {
       return softlane_softmax_axis(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.Out(1),
           c.Type(1), c.Stride(1), c.AxisStride(1), c.rows, c.axis, c.cols,
           c.options.scale, c.options.empty_row, c.target);
     },
     {In("logits", Content::kLogits, Shape::kPlanes),
      Out("probs", Content::kProbabilities, Shape::kPlanes)}},
    {"softlane_log_softmax_axis",
     Settings::kSoftmax,
     [](const Call& c) {
       return softlane_log_softmax_axis(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.Out(1),
           c.Type(1), c.Stride(1), c.AxisStride(1), c.rows, c.axis, c.cols,
           c.options.scale, c.options.empty_row, c.target);
     },
     {In("logits", Content::kLogits, Shape::kPlanes),
      Out("log_probs", Content::kLogProbabilities, Shape::kPlanes)}},
    {"softlane_softmax_backward_axis",
     Settings::kScale,
     [](const Call& c) {
       return softlane_softmax_backward_axis(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.In(1), c.Type(1),
           c.Stride(1), c.AxisStride(1), c.Out(2), c.Type(2), c.Stride(2),
           c.AxisStride(2), c.rows, c.axis, c.cols, c.options.scale, c.target);
     },
     {In("probs", Content::kShares, Shape::kPlanes),
      In("dprobs", Content::kLogits, Shape::kPlanes),
      Out("dlogits", Content::kAnything, Shape::kPlanes)}},
    {"softlane_softmax_topk",
     Settings::kTopK,
     [](const Call& c) {
       return softlane_softmax_topk(
           c.In(0), c.Type(0), c.Stride(0), c.k, c.Out(1), c.Stride(1),
           c.As<int32_t>(2), c.Stride(2), c.rows, c.cols, c.options.scale,
           c.options.renormalize, c.options.empty_row, c.target);
     },
     {Read("logits", Content::kLogits, Shape::kMatrix),
      Apart("top_probs", Content::kSomeProbabilities, Shape::kTopK),
      Apart("indices", Content::kColumns, Shape::kTopK, Element::kInt32)}},
    {"softlane_softmax_backward_dots",
     Settings::kNone,
     [](const Call& c) {
       return softlane_softmax_backward_dots(
           c.In(0), c.Type(0), c.Stride(0), c.In(1), c.Type(1), c.Stride(1),
           c.As<double>(2), c.rows, c.cols, c.target);
     },
     {Read("probs", Content::kShares, Shape::kMatrix),
      Read("dprobs", Content::kLogits, Shape::kMatrix),
      Apart("dots", Content::kAnything, Shape::kPerRow, Element::kDouble)}},
    {"softlane_softmax_backward_from_dots",
     Settings::kScale,
     [](const Call& c) {
       return softlane_softmax_backward_from_dots(
           c.In(0), c.Type(0), c.Stride(0), c.In(1), c.Type(1), c.Stride(1),
           c.As<const double>(2), c.Out(3), c.Type(3), c.Stride(3), c.rows,
           c.cols, c.options.scale, c.target);
     },
     {In("probs", Content::kShares), In("dprobs"),
      Read("dots", Content::kDots, Shape::kPerRow, Element::kDouble),
      Out("dlogits", Content::kAnything)}},
    {"softlane_update_states",
     Settings::kStates,
     [](const Call& c) {
       return softlane_update_states(
           c.In(0), c.Type(0), c.Stride(0), c.options.first_col,
           c.As<softlane_softmax_state>(1), c.rows, c.cols, c.options.scale,
           c.options.use, c.target);
     },
     {Read("logits", Content::kLogits, Shape::kMatrix),
      Updated("states", Content::kUpdatedStates)}},
    {"softlane_merge_states",
     Settings::kMerge,
     [](const Call& c) {
       return softlane_merge_states(c.As<softlane_softmax_state>(1),
                                    c.As<const softlane_softmax_state>(0),
                                    c.rows);
     },
     {Read("from", Content::kStates, Shape::kPerRow, Element::kState),
      Updated("into", Content::kMergedStates)}},
    {"softlane_logsumexp_of_states",
     Settings::kScale,
     [](const Call& c) {
       return softlane_logsumexp_of_states(
           c.As<const softlane_softmax_state>(0), c.Out(1), c.rows,
           c.options.scale, c.target);
     },
     {Read("states", Content::kStates, Shape::kPerRow, Element::kState),
      Apart("logsumexp", Content::kAnything, Shape::kPerRow)}},
    {"softlane_softmax_from_states",
     Settings::kSoftmax,
     [](const Call& c) {
       return softlane_softmax_from_states(
           c.In(0), c.Type(0), c.Stride(0),
           c.As<const softlane_softmax_state>(1), c.Out(2), c.Type(2),
           c.Stride(2), c.rows, c.cols, c.options.scale, c.options.empty_row,
           c.target);
     },
     {In("logits"),
      Read("states", Content::kSoftmaxStates, Shape::kPerRow, Element::kState),
      Out("probs", Content::kAnything)}},
    {"softlane_log_softmax_from_states",
     Settings::kSoftmax,
     [](const Call& c) {
       return softlane_log_softmax_from_states(
           c.In(0), c.Type(0), c.Stride(0),
           c.As<const softlane_softmax_state>(1), c.Out(2), c.Type(2),
           c.Stride(2), c.rows, c.cols, c.options.scale, c.options.empty_row,
           c.target);
     },
     {In("logits"),
      Read("states", Content::kLogStates, Shape::kPerRow, Element::kState),
      Out("log_probs", Content::kAnything)}},
    {"softlane_update_loss_states_i64",
     Settings::kUpdateLoss,
     [](const Call& c) {
       return softlane_update_loss_states_i64(
           c.In(0), c.Type(0), c.Stride(0), c.options.first_col,
           c.As<const int64_t>(1), c.As<softlane_softmax_state>(2), c.rows,
           c.cols, LossStateOptions(c), c.target);
     },
     {Read("logits", Content::kLogits, Shape::kMatrix),
      Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt64),
      Updated("states", Content::kLossStates)}},
    {"softlane_update_loss_states_i32",
     Settings::kUpdateLoss,
     [](const Call& c) {
       return softlane_update_loss_states_i32(
           c.In(0), c.Type(0), c.Stride(0), c.options.first_col,
           c.As<const int32_t>(1), c.As<softlane_softmax_state>(2), c.rows,
           c.cols, LossStateOptions(c), c.target);
     },
     {Read("logits", Content::kLogits, Shape::kMatrix),
      Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt32),
      Updated("states", Content::kLossStates)}},
    {"softlane_cross_entropy_from_states_i64", Settings::kLossFromStates,
     [](const Call& c) {
       return softlane_cross_entropy_from_states_i64(
           c.In(0), c.Type(0), c.Stride(0), c.options.first_col,
           c.options.num_classes, c.As<const int64_t>(1),
           c.As<const softlane_softmax_state>(2), c.Out(3), c.Out(4), c.Type(4),
           c.Stride(4), c.rows, c.cols, LossStateOptions(c, c.In(5), c.In(6)),
           c.target);
     },
     SOFTLANE_FUZZ_LOSS_OF_PARTS(
         Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt64))},
    {"softlane_cross_entropy_from_states_i32", Settings::kLossFromStates,
     [](const Call& c) {
       return softlane_cross_entropy_from_states_i32(
           c.In(0), c.Type(0), c.Stride(0), c.options.first_col,
           c.options.num_classes, c.As<const int32_t>(1),
           c.As<const softlane_softmax_state>(2), c.Out(3), c.Out(4), c.Type(4),
           c.Stride(4), c.rows, c.cols, LossStateOptions(c, c.In(5), c.In(6)),
           c.target);
     },
     SOFTLANE_FUZZ_LOSS_OF_PARTS(
         Read("labels", Content::kLabels, Shape::kPerRow, Element::kInt32))},
    {"softlane_logsumexp_axis",
     Settings::kScale,
     [](const Call& c) {
       return softlane_logsumexp_axis(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.Out(1),
           c.Stride(1), c.rows, c.axis, c.cols, c.options.scale, c.target);
     },
     {Read("logits", Content::kLogits, Shape::kPlanes),
      Apart("logsumexp", Content::kAnything, Shape::kInner)}},
    {"softlane_softmax_with_logsumexp_axis",
     Settings::kSoftmax,
     [](const Call& c) {
       return softlane_softmax_with_logsumexp_axis(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.Out(1),
           c.Type(1), c.Stride(1), c.AxisStride(1), c.Out(2), c.Stride(2),
           c.rows, c.axis, c.cols, c.options.scale, c.options.empty_row,
           c.target);
     },
     {In("logits", Content::kLogits, Shape::kPlanes),
      Out("probs", Content::kProbabilities, Shape::kPlanes),
      Apart("logsumexp", Content::kAnything, Shape::kInner)}},
    {"softlane_log_softmax_backward_axis",
     Settings::kScale,
     [](const Call& c) {
       return softlane_log_softmax_backward_axis(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.In(1), c.Type(1),
           c.Stride(1), c.AxisStride(1), c.Out(2), c.Type(2), c.Stride(2),
           c.AxisStride(2), c.rows, c.axis, c.cols, c.options.scale, c.target);
     },
     {In("log_probs", Content::kLogs, Shape::kPlanes),
      In("dlog_probs", Content::kLogits, Shape::kPlanes),
      Out("dlogits", Content::kAnything, Shape::kPlanes)}},
    {"softlane_cross_entropy_axis_i64", Settings::kLoss,
     [](const Call& c) {
       return softlane_cross_entropy_axis_i64(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.As<const int64_t>(1), c.Stride(1),
           c.Out(2), c.Stride(2), c.Out(3), c.Type(3), c.Stride(3), c.AxisStride(3), c.rows,
           c.axis, c.cols, LossOptions(c), c.Out(4), c.target);
     },
     SOFTLANE_FUZZ_AXIS_LOSS(Read("labels", Content::kLabels, Shape::kInner, Element::kInt64))},
    {"softlane_cross_entropy_axis_i32", Settings::kLoss,
     [](const Call& c) {
       return softlane_cross_entropy_axis_i32(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.As<const int32_t>(1), c.Stride(1),
           c.Out(2), c.Stride(2), c.Out(3), c.Type(3), c.Stride(3), c.AxisStride(3), c.rows,
           c.axis, c.cols, LossOptions(c), c.Out(4), c.target);
     },
     SOFTLANE_FUZZ_AXIS_LOSS(Read("labels", Content::kLabels, Shape::kInner, Element::kInt32))},
    {"softlane_cross_entropy_axis_probs", Settings::kLoss,
     [](const Call& c) {
       return softlane_cross_entropy_axis_probs(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.In(1), c.Type(1), c.Stride(1), c.AxisStride(1),
           c.Out(2), c.Stride(2), c.Out(3), c.Type(3), c.Stride(3), c.AxisStride(3), c.rows,
           c.axis, c.cols, LossOptions(c), c.Out(4), c.target);
     },
     SOFTLANE_FUZZ_AXIS_LOSS(Read("targets", Content::kShares, Shape::kPlanes))},
    {"softlane_softmax_topk_axis",
     Settings::kTopK,
     [](const Call& c) {
       return softlane_softmax_topk_axis(
           c.In(0), c.Type(0), c.Stride(0), c.AxisStride(0), c.k, c.Out(1),
           c.Stride(1), c.AxisStride(1), c.As<int32_t>(2), c.Stride(2),
           c.AxisStride(2), c.rows, c.axis, c.cols, c.options.scale,
           c.options.renormalize, c.options.empty_row, c.target);
     },
     {Read("logits", Content::kLogits, Shape::kPlanes),
      Apart("top_probs", Content::kSomeProbabilities, Shape::kTopKPlanes),
      Apart("indices", Content::kColumns, Shape::kTopKPlanes,
            Element::kInt32)}},
    {"softlane_attention_tile",
     Settings::kTile,
     [](const Call& c) {
       return softlane_attention_tile(
           c.In(0), c.Stride(0), c.As<softlane_softmax_state>(2), c.Out(1),
           c.Type(1), c.Stride(1), c.As<int32_t>(3), c.rows, c.cols,
           TileOptions(c, 4), c.target);
     },
     {OfFloats(In("scores")), Out("exps", Content::kExponentials),
      Updated("states", Content::kTileStates),
      Apart("shifts", Content::kAnything, Shape::kPerRow, Element::kInt32),
      SOFTLANE_FUZZ_MASKS}},
    {"softlane_scale_rows",
     Settings::kMerge,
     [](const Call& c) {
       return softlane_scale_rows(c.Out(0), c.Stride(0),
                                  c.As<const int32_t>(1), c.rows, c.cols);
     },
     {OfFloats(Changed("accumulators")),
      Read("shifts", Content::kShifts, Shape::kPerRow, Element::kInt32)}},
    {"softlane_finish_rows",
     Settings::kEmptyRow,
     [](const Call& c) {
       return softlane_finish_rows(
           c.In(0), c.Stride(0), c.As<const softlane_softmax_state>(2),
           c.In(3), c.Out(1), c.Type(1), c.Stride(1), c.Out(4), c.rows, c.cols,
           c.options.empty_row, c.target);
     },
     {OfFloats(In("accumulators")), Out("out", Content::kAnything),
      Read("states", Content::kTileStates, Shape::kPerRow, Element::kState),
      Optional(Read("sinks", Content::kLogits, Shape::kPerRow)),
      Optional(Apart("logsumexp", Content::kAnything, Shape::kPerRow))}},
    {"softlane_merge_attention",
     Settings::kMerge,
     [](const Call& c) {
       return softlane_merge_attention(
           c.Out(1), c.Stride(1), c.As<softlane_softmax_state>(2), c.In(0),
           c.Stride(0), c.As<const softlane_softmax_state>(3), c.rows, c.cols);
     },
     {OfFloats(Read("from", Content::kLogits, Shape::kMatrix)),
      OfFloats(Changed("accumulators")),
      Updated("states", Content::kTileStates),
      Read("from_states", Content::kTileStates, Shape::kPerRow,
           Element::kState)}},
    {"softlane_merge_finished_attention",
     Settings::kNone,
     [](const Call& c) {
       return softlane_merge_finished_attention(c.Out(1), c.Stride(1), c.Out(2),
                                                c.In(0), c.Stride(0), c.In(3),
                                                c.rows, c.cols, c.target);
     },
     {OfFloats(Read("from", Content::kLogits, Shape::kMatrix)),
      OfFloats(Changed("out")), Changed("logsumexp", Shape::kPerRow),
      Read("from_logsumexp", Content::kLogits, Shape::kPerRow)}},
    {"softlane_attention_tile_backward",
     Settings::kTile,
     [](const Call& c) {
       return softlane_attention_tile_backward(
           c.In(0), c.Stride(0), c.In(1), c.Stride(1),
           c.As<const softlane_softmax_state>(kTileBackwardStates),
           c.As<const double>(4), c.Out(2), c.Type(2), c.Stride(2), c.Out(3),
           c.Type(3), c.Stride(3), c.rows, c.cols,
           TileOptions(c, kTileBackwardMasks, true), c.target);
     },
     {OfFloats(In("scores")), OfFloats(In("dprobs")),
      Out("dscores", Content::kAnything),
      Optional(Out("probs", Content::kAnything)),
      Read("delta", Content::kDots, Shape::kPerRow, Element::kDouble),
      SOFTLANE_FUZZ_MASKS,
      Option(Optional(Read("sinks", Content::kLogits, Shape::kPerRow))),
      Read("states", Content::kBackwardStates, Shape::kPerRow,
           Element::kState)}},
};
constexpr size_t kNumFunctions = sizeof(kFunctions) / sizeof(kFunctions[0]);

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_FUNCTIONS_H_
