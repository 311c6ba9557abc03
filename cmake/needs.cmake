# SPDX-License-Identifier: Apache-2.0
# The files that each function needs. tests/archive/needs.sh writes this file.
set(softlane_needs_attention_heads
    any/attention_long_rows.cc any/attention_rows.cc any/attention_softmax_any.cc
    arith/exact_sum.cc arith/far_plan.cc arith/state.cc attention_run.cc
    attention_softmax.cc attention_special.cc c/attention_heads_c.cc cache_size.cc
    check.cc kernels/attention_masks.cc kernels/attention_passes.cc kernels/block_rows.cc
    kernels/block_sums.cc kernels/exp_sums.cc kernels/far_rows.cc kernels/half_passes.cc
    kernels/large_rows.cc kernels/plain_passes.cc kernels/row_passes.cc
    kernels/short_rows.cc kernels/softmax_passes.cc kernels/sse2_exp_sums.cc
    kernels/sse2_exp_vectors.cc kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc
    kernels/sse2_short_rows.cc schedules/attention_short_rows.cc
    schedules/batch_others.cc schedules/converter.cc schedules/long_rows.cc
    schedules/other_rows.cc schedules/planner.cc schedules/row_schedule.cc
    schedules/sink_rows.cc schedules/softmax_batches.cc schedules/softmax_call.cc
    schedules/softmax_rows.cc schedules/state_rows.cc schedules/uniform_rows.cc
    tensor/attention_heads.cc tensor/head_logits.cc tensor/head_rows.cc
    tensor/heads_check.cc tensor/tensor_check.cc tensor/written_heads.cc)
set(softlane_needs_attention_heads_backward
    any/attention_long_rows.cc any/attention_rows.cc any/attention_softmax_any.cc
    any/attention_softmax_backward_any.cc any/joint_chunks.cc arith/exact_sum.cc
    arith/far_plan.cc arith/state.cc attention_run.cc attention_softmax.cc
    attention_softmax_backward.cc attention_special.cc c/attention_heads_backward_c.cc
    cache_size.cc check.cc kernels/attention_backward_passes.cc
    kernels/attention_masks.cc kernels/attention_passes.cc kernels/block_rows.cc
    kernels/block_sums.cc kernels/dot_parts.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_gradients.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/plain_passes.cc kernels/row_passes.cc kernels/short_rows.cc
    kernels/softmax_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc kernels/sse2_short_rows.cc
    schedules/attention_short_rows.cc schedules/backward_planner.cc
    schedules/batch_others.cc schedules/converter.cc schedules/long_rows.cc
    schedules/other_rows.cc schedules/planner.cc schedules/row_schedule.cc
    schedules/sink_rows.cc schedules/softmax_batches.cc schedules/softmax_call.cc
    schedules/softmax_rows.cc schedules/state_rows.cc schedules/uniform_rows.cc
    tensor/attention_heads_backward.cc tensor/head_rows.cc tensor/heads_check.cc
    tensor/tensor_check.cc)
set(softlane_needs_attention_parts
    arith/exact_sum.cc arith/far_plan.cc arith/state.cc attention_parts.cc check.cc
    kernels/block_sums.cc kernels/exp_sums.cc kernels/far_rows.cc kernels/large_rows.cc
    kernels/row_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_rows.cc schedules/scaled_rows.cc schedules/state_rows.cc)
set(softlane_needs_attention_softmax
    any/attention_long_rows.cc any/attention_rows.cc any/attention_softmax_any.cc
    arith/exact_sum.cc arith/far_plan.cc arith/state.cc attention_run.cc
    attention_softmax.cc attention_special.cc c/attention_softmax_c.cc cache_size.cc
    check.cc kernels/attention_masks.cc kernels/attention_passes.cc kernels/block_rows.cc
    kernels/block_sums.cc kernels/exp_sums.cc kernels/far_rows.cc kernels/half_passes.cc
    kernels/large_rows.cc kernels/plain_passes.cc kernels/row_passes.cc
    kernels/short_rows.cc kernels/softmax_passes.cc kernels/sse2_exp_sums.cc
    kernels/sse2_exp_vectors.cc kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc
    kernels/sse2_short_rows.cc schedules/attention_short_rows.cc
    schedules/batch_others.cc schedules/converter.cc schedules/long_rows.cc
    schedules/other_rows.cc schedules/planner.cc schedules/row_schedule.cc
    schedules/sink_rows.cc schedules/softmax_batches.cc schedules/softmax_call.cc
    schedules/softmax_rows.cc schedules/state_rows.cc schedules/uniform_rows.cc)
set(softlane_needs_attention_softmax_backward
    any/attention_softmax_backward_any.cc any/joint_chunks.cc
    attention_softmax_backward.cc c/attention_softmax_backward_c.cc cache_size.cc
    check.cc kernels/attention_backward_passes.cc kernels/dot_parts.cc
    kernels/half_gradients.cc kernels/half_passes.cc schedules/backward_planner.cc
    schedules/converter.cc)
set(softlane_needs_attention_tile
    any/attention_rows.cc any/attention_tile_any.cc any/attention_tile_keys.cc
    any/attention_tile_rows.cc any/finish_rows_any.cc arith/exact_sum.cc
    arith/far_plan.cc arith/state.cc attention_parts.cc attention_run.cc
    attention_softmax.cc attention_special.cc c/attention_tile_c.cc cache_size.cc
    check.cc kernels/attention_masks.cc kernels/attention_passes.cc
    kernels/attention_tiles.cc kernels/block_rows.cc kernels/block_sums.cc
    kernels/exp_sums.cc kernels/far_rows.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/plain_passes.cc kernels/row_passes.cc kernels/short_rows.cc
    kernels/softmax_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc kernels/sse2_short_rows.cc
    schedules/attention_short_rows.cc schedules/batch_others.cc schedules/converter.cc
    schedules/long_rows.cc schedules/other_rows.cc schedules/planner.cc
    schedules/row_schedule.cc schedules/scaled_rows.cc schedules/sink_rows.cc
    schedules/softmax_batches.cc schedules/softmax_call.cc schedules/softmax_rows.cc
    schedules/state_rows.cc schedules/uniform_rows.cc)
set(softlane_needs_attention_tile_backward
    any/attention_rows.cc any/attention_tile_backward_any.cc any/attention_tile_keys.cc
    any/attention_tile_rows.cc arith/exact_sum.cc arith/far_plan.cc arith/state.cc
    attention_run.cc attention_softmax.cc attention_special.cc
    c/attention_tile_backward_c.cc cache_size.cc check.cc
    kernels/attention_backward_passes.cc kernels/attention_masks.cc
    kernels/attention_passes.cc kernels/block_rows.cc kernels/block_sums.cc
    kernels/exp_sums.cc kernels/far_rows.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/plain_passes.cc kernels/row_passes.cc kernels/short_rows.cc
    kernels/softmax_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc kernels/sse2_short_rows.cc
    kernels/tile_gradients.cc schedules/attention_short_rows.cc schedules/batch_others.cc
    schedules/converter.cc schedules/long_rows.cc schedules/other_rows.cc
    schedules/planner.cc schedules/row_schedule.cc schedules/sink_rows.cc
    schedules/softmax_batches.cc schedules/softmax_call.cc schedules/softmax_rows.cc
    schedules/state_rows.cc schedules/uniform_rows.cc)
set(softlane_needs_cross_entropy
    any/cross_entropy_any.cc arith/exact_sum.cc arith/far_plan.cc c/cross_entropy_c.cc
    check.cc cross_entropy.cc cross_entropy_check.cc kernels/block_sums.cc
    kernels/cross_entropy_parts.cc kernels/cross_entropy_passes.cc
    kernels/cross_entropy_shares.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_passes.cc kernels/large_rows.cc kernels/row_passes.cc
    kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc kernels/sse2_rows.cc
    kernels/sse2_short_rows.cc kernels/tiles.cc schedules/converter.cc
    schedules/cross_entropy_rows.cc schedules/few_losses.cc schedules/gradient_places.cc
    schedules/loaded_losses.cc schedules/long_loss.cc schedules/loss_totals.cc)
set(softlane_needs_cross_entropy_axis
    any/cross_entropy_axis_any.cc arith/exact_sum.cc arith/far_plan.cc
    c/cross_entropy_axis_c.cc check.cc cross_entropy_axis.cc cross_entropy_check.cc
    kernels/block_sums.cc kernels/column_tiles.cc kernels/cross_entropy_parts.cc
    kernels/cross_entropy_passes.cc kernels/cross_entropy_shares.cc kernels/exp_sums.cc
    kernels/far_rows.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/row_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_rows.cc kernels/sse2_short_rows.cc kernels/tiles.cc
    schedules/column_rows.cc schedules/columns.cc schedules/cross_entropy_columns.cc
    schedules/cross_entropy_rows.cc schedules/long_loss.cc schedules/loss_tiles.cc
    schedules/loss_totals.cc schedules/other_rows.cc)
set(softlane_needs_cross_entropy_backward
    any/cross_entropy_backward_any.cc arith/exact_sum.cc arith/far_plan.cc
    c/cross_entropy_backward_c.cc check.cc cross_entropy_backward.cc
    cross_entropy_check.cc kernels/block_sums.cc kernels/cross_entropy_parts.cc
    kernels/cross_entropy_passes.cc kernels/cross_entropy_shares.cc kernels/exp_sums.cc
    kernels/far_rows.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/row_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_rows.cc kernels/sse2_short_rows.cc kernels/tiles.cc
    schedules/converter.cc schedules/cross_entropy_rows.cc schedules/gradient_places.cc
    schedules/loaded_losses.cc schedules/long_loss.cc schedules/loss_totals.cc)
set(softlane_needs_cross_entropy_from_states
    any/chunks.cc any/loss_state_any.cc any/state_parts.cc arith/exact_sum.cc
    arith/far_plan.cc arith/state.cc c/cross_entropy_from_states_c.cc check.cc
    cross_entropy_from_states.cc kernels/block_sums.cc kernels/cross_entropy_parts.cc
    kernels/exp_sums.cc kernels/far_rows.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/row_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_rows.cc loss_state.cc schedules/converter.cc schedules/softmax_call.cc
    schedules/state_rows.cc)
set(softlane_needs_cross_entropy_tensor
    arith/exact_sum.cc arith/far_plan.cc c/cross_entropy_tensor_c.cc
    cross_entropy_check.cc kernels/block_sums.cc kernels/column_tiles.cc
    kernels/cross_entropy_parts.cc kernels/cross_entropy_passes.cc
    kernels/cross_entropy_shares.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_passes.cc kernels/large_rows.cc kernels/row_passes.cc
    kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc kernels/sse2_rows.cc
    kernels/sse2_short_rows.cc kernels/tiles.cc schedules/column_rows.cc
    schedules/columns.cc schedules/converter.cc schedules/cross_entropy_columns.cc
    schedules/cross_entropy_rows.cc schedules/gradient_places.cc schedules/line_copies.cc
    schedules/loaded_losses.cc schedules/long_loss.cc schedules/loss_tiles.cc
    schedules/loss_totals.cc schedules/other_rows.cc tensor/cross_entropy_tensor.cc
    tensor/dims.cc tensor/fold.cc tensor/loss_pieces.cc tensor/tensor_check.cc
    tensor/tensor_loss.cc)
set(softlane_needs_exp
    any/chunks.cc any/exp_any.cc c/exp_c.cc cache_size.cc check.cc exp.cc
    kernels/exp_passes.cc kernels/half_exponentials.cc kernels/half_passes.cc
    schedules/converter.cc)
set(softlane_needs_finish_rows
    any/finish_rows_any.cc arith/exact_sum.cc arith/far_plan.cc arith/state.cc check.cc
    kernels/block_sums.cc kernels/exp_sums.cc kernels/far_rows.cc kernels/half_passes.cc
    kernels/large_rows.cc kernels/row_passes.cc kernels/sse2_exp_sums.cc
    kernels/sse2_exp_vectors.cc kernels/sse2_rows.cc schedules/converter.cc
    schedules/scaled_rows.cc schedules/sink_rows.cc schedules/state_rows.cc)
set(softlane_needs_log_softmax
    any/any_softmax.cc any/chunks.cc any/log_softmax_any.cc arith/exact_sum.cc
    arith/far_plan.cc arith/state.cc c/log_softmax_c.cc cache_size.cc check.cc
    from_states.cc kernels/block_rows.cc kernels/block_sums.cc kernels/exp_sums.cc
    kernels/far_rows.cc kernels/half_exps.cc kernels/half_logs.cc kernels/half_passes.cc
    kernels/large_rows.cc kernels/log_passes.cc kernels/log_tiles.cc
    kernels/plain_passes.cc kernels/row_passes.cc kernels/softmax_passes.cc
    kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc kernels/sse2_narrow_rows.cc
    kernels/sse2_rows.cc kernels/sse2_short_rows.cc kernels/tiles.cc log_softmax.cc
    log_softmax_from_states.cc one_column.cc schedules/converter.cc
    schedules/half_log_rows.cc schedules/half_rows.cc schedules/log_softmax_tiles.cc
    schedules/long_rows.cc schedules/other_rows.cc schedules/planner.cc
    schedules/row_schedule.cc schedules/row_tiles.cc schedules/softmax_call.cc
    schedules/softmax_rows.cc schedules/state_rows.cc schedules/uniform_rows.cc
    softmax_state.cc)
set(softlane_needs_log_softmax_axis
    any/any_axis.cc any/any_softmax.cc any/chunks.cc any/log_softmax_any.cc
    any/log_softmax_axis_any.cc arith/exact_sum.cc arith/far_plan.cc arith/state.cc
    c/log_softmax_axis_c.cc cache_size.cc check.cc from_states.cc kernels/block_rows.cc
    kernels/block_sums.cc kernels/column_tiles.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_exps.cc kernels/half_logs.cc kernels/half_passes.cc
    kernels/large_rows.cc kernels/log_passes.cc kernels/log_tiles.cc
    kernels/narrow_planes.cc kernels/plain_passes.cc kernels/row_passes.cc
    kernels/softmax_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc kernels/sse2_short_rows.cc
    kernels/tiles.cc log_softmax.cc log_softmax_axis.cc log_softmax_from_states.cc
    one_column.cc schedules/column_blocks.cc schedules/column_logs.cc
    schedules/columns.cc schedules/converter.cc schedules/half_log_rows.cc
    schedules/half_rows.cc schedules/log_softmax_columns.cc
    schedules/log_softmax_tiles.cc schedules/long_rows.cc schedules/narrow_columns.cc
    schedules/other_rows.cc schedules/planner.cc schedules/row_schedule.cc
    schedules/row_tiles.cc schedules/softmax_call.cc schedules/softmax_rows.cc
    schedules/state_rows.cc schedules/uniform_rows.cc softmax_state.cc)
set(softlane_needs_log_softmax_backward
    any/any_backward.cc any/half_gradient_rows.cc any/joint_chunks.cc
    any/log_softmax_backward_any.cc c/log_softmax_backward_c.cc cache_size.cc check.cc
    kernels/dot_parts.cc kernels/half_gradients.cc kernels/half_passes.cc
    kernels/log_softmax_backward_passes.cc kernels/sse2_exp_vectors.cc
    log_softmax_backward.cc schedules/backward_planner.cc schedules/converter.cc)
set(softlane_needs_log_softmax_backward_axis
    any/any_axis.cc any/any_backward.cc any/half_gradient_rows.cc any/joint_chunks.cc
    any/log_softmax_backward_any.cc any/log_softmax_backward_axis_any.cc
    arith/far_plan.cc c/log_softmax_backward_axis_c.cc cache_size.cc check.cc
    kernels/column_tiles.cc kernels/dot_parts.cc kernels/half_gradients.cc
    kernels/half_passes.cc kernels/log_gradient_columns.cc
    kernels/log_softmax_backward_passes.cc kernels/narrow_planes.cc
    kernels/sse2_exp_vectors.cc kernels/tiles.cc log_softmax_backward.cc
    log_softmax_backward_axis.cc schedules/backward_planner.cc
    schedules/column_gradients.cc schedules/columns.cc schedules/converter.cc
    schedules/log_backward_columns.cc schedules/narrow_columns.cc schedules/other_rows.cc)
set(softlane_needs_log_softmax_backward_tensor
    any/any_axis.cc any/any_backward.cc any/half_gradient_rows.cc any/joint_chunks.cc
    any/log_softmax_backward_any.cc any/log_softmax_backward_axis_any.cc
    arith/far_plan.cc c/log_softmax_backward_tensor_c.cc cache_size.cc check.cc
    kernels/column_tiles.cc kernels/dot_parts.cc kernels/half_gradients.cc
    kernels/half_passes.cc kernels/log_gradient_columns.cc
    kernels/log_softmax_backward_passes.cc kernels/narrow_planes.cc
    kernels/sse2_exp_vectors.cc kernels/tiles.cc log_softmax_backward.cc
    log_softmax_backward_axis.cc schedules/backward_planner.cc
    schedules/column_gradients.cc schedules/columns.cc schedules/converter.cc
    schedules/line_copies.cc schedules/log_backward_columns.cc
    schedules/narrow_columns.cc schedules/other_rows.cc tensor/dims.cc tensor/fold.cc
    tensor/log_softmax_backward_tensor.cc tensor/tensor_check.cc
    tensor/tensor_gradient.cc)
set(softlane_needs_log_softmax_from_states
    arith/exact_sum.cc arith/far_plan.cc arith/state.cc check.cc from_states.cc
    kernels/block_sums.cc kernels/exp_sums.cc kernels/far_rows.cc kernels/large_rows.cc
    kernels/log_passes.cc kernels/row_passes.cc kernels/sse2_exp_sums.cc
    kernels/sse2_exp_vectors.cc kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc
    kernels/sse2_short_rows.cc log_softmax_from_states.cc schedules/softmax_call.cc
    schedules/state_rows.cc)
set(softlane_needs_log_softmax_tensor
    any/any_axis.cc any/any_softmax.cc any/chunks.cc any/log_softmax_any.cc
    any/log_softmax_axis_any.cc arith/exact_sum.cc arith/far_plan.cc arith/state.cc
    c/log_softmax_tensor_c.cc cache_size.cc check.cc from_states.cc kernels/block_rows.cc
    kernels/block_sums.cc kernels/column_tiles.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_exps.cc kernels/half_logs.cc kernels/half_passes.cc
    kernels/large_rows.cc kernels/log_passes.cc kernels/log_tiles.cc
    kernels/narrow_planes.cc kernels/plain_passes.cc kernels/row_passes.cc
    kernels/softmax_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc kernels/sse2_short_rows.cc
    kernels/tiles.cc log_softmax.cc log_softmax_axis.cc log_softmax_from_states.cc
    one_column.cc schedules/column_blocks.cc schedules/column_logs.cc
    schedules/columns.cc schedules/converter.cc schedules/half_log_rows.cc
    schedules/half_rows.cc schedules/line_copies.cc schedules/log_softmax_columns.cc
    schedules/log_softmax_tiles.cc schedules/long_rows.cc schedules/narrow_columns.cc
    schedules/other_rows.cc schedules/planner.cc schedules/row_schedule.cc
    schedules/row_tiles.cc schedules/softmax_call.cc schedules/softmax_rows.cc
    schedules/state_rows.cc schedules/uniform_rows.cc softmax_state.cc tensor/dims.cc
    tensor/fold.cc tensor/log_softmax_tensor.cc tensor/tensor_check.cc
    tensor/tensor_softmax.cc)
set(softlane_needs_loss_state
    any/chunks.cc any/loss_state_any.cc any/state_parts.cc arith/exact_sum.cc
    arith/far_plan.cc arith/state.cc check.cc cross_entropy_from_states.cc
    kernels/block_sums.cc kernels/cross_entropy_parts.cc kernels/exp_sums.cc
    kernels/far_rows.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/row_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_rows.cc loss_state.cc schedules/converter.cc schedules/softmax_call.cc
    schedules/state_rows.cc)
set(softlane_needs_merge_states
    arith/exact_sum.cc arith/far_plan.cc arith/state.cc check.cc kernels/block_sums.cc
    kernels/exp_sums.cc kernels/far_rows.cc kernels/large_rows.cc kernels/row_passes.cc
    kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc kernels/sse2_rows.cc
    merge_states.cc schedules/state_rows.cc)
set(softlane_needs_reduce
    any/chunks.cc any/reduce_any.cc c/reduce_c.cc check.cc kernels/half_passes.cc
    kernels/row_passes.cc reduce.cc schedules/converter.cc)
set(softlane_needs_softmax
    any/any_softmax.cc any/chunks.cc any/softmax_any.cc arith/exact_sum.cc
    arith/far_plan.cc arith/state.cc c/softmax_c.cc cache_size.cc check.cc from_states.cc
    kernels/block_rows.cc kernels/block_sums.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_exps.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/plain_passes.cc kernels/row_passes.cc kernels/short_rows.cc
    kernels/softmax_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc kernels/sse2_short_rows.cc
    kernels/tiles.cc one_column.cc schedules/batch_others.cc schedules/converter.cc
    schedules/half_batches.cc schedules/half_rows.cc schedules/large_softmax.cc
    schedules/long_rows.cc schedules/other_rows.cc schedules/planner.cc
    schedules/row_schedule.cc schedules/row_tiles.cc schedules/softmax_batches.cc
    schedules/softmax_call.cc schedules/softmax_rows.cc schedules/softmax_tiles.cc
    schedules/state_rows.cc schedules/uniform_rows.cc softmax.cc softmax_from_states.cc
    softmax_state.cc)
set(softlane_needs_softmax_axis
    any/any_axis.cc any/any_softmax.cc any/chunks.cc any/softmax_any.cc
    any/softmax_axis_any.cc arith/exact_sum.cc arith/far_plan.cc arith/state.cc
    c/softmax_axis_c.cc cache_size.cc check.cc from_states.cc kernels/block_rows.cc
    kernels/block_sums.cc kernels/column_tiles.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_exps.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/narrow_planes.cc kernels/plain_passes.cc kernels/row_passes.cc
    kernels/short_rows.cc kernels/softmax_passes.cc kernels/sse2_exp_sums.cc
    kernels/sse2_exp_vectors.cc kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc
    kernels/sse2_short_rows.cc kernels/tiles.cc one_column.cc schedules/batch_others.cc
    schedules/column_blocks.cc schedules/column_logs.cc schedules/columns.cc
    schedules/converter.cc schedules/half_batches.cc schedules/half_rows.cc
    schedules/large_softmax.cc schedules/long_rows.cc schedules/narrow_columns.cc
    schedules/other_rows.cc schedules/planner.cc schedules/row_schedule.cc
    schedules/row_tiles.cc schedules/softmax_batches.cc schedules/softmax_call.cc
    schedules/softmax_columns.cc schedules/softmax_rows.cc schedules/softmax_tiles.cc
    schedules/state_rows.cc schedules/uniform_rows.cc softmax.cc softmax_axis.cc
    softmax_from_states.cc softmax_state.cc)
set(softlane_needs_softmax_backward
    any/any_backward.cc any/half_gradient_rows.cc any/joint_chunks.cc
    any/softmax_backward_any.cc c/softmax_backward_c.cc cache_size.cc check.cc
    kernels/dot_parts.cc kernels/half_gradients.cc kernels/half_passes.cc
    kernels/softmax_backward_passes.cc schedules/backward_planner.cc
    schedules/converter.cc softmax_backward.cc)
set(softlane_needs_softmax_backward_axis
    any/any_axis.cc any/any_backward.cc any/half_gradient_rows.cc any/joint_chunks.cc
    any/softmax_backward_any.cc any/softmax_backward_axis_any.cc arith/far_plan.cc
    c/softmax_backward_axis_c.cc cache_size.cc check.cc kernels/column_tiles.cc
    kernels/dot_parts.cc kernels/gradient_columns.cc kernels/half_gradients.cc
    kernels/half_passes.cc kernels/narrow_planes.cc kernels/softmax_backward_passes.cc
    kernels/tiles.cc schedules/backward_columns.cc schedules/backward_planner.cc
    schedules/column_gradients.cc schedules/columns.cc schedules/converter.cc
    schedules/narrow_columns.cc schedules/other_rows.cc softmax_backward.cc
    softmax_backward_axis.cc)
set(softlane_needs_softmax_backward_parts
    any/joint_chunks.cc any/softmax_backward_parts_any.cc c/softmax_backward_parts_c.cc
    check.cc kernels/dot_parts.cc kernels/half_gradients.cc kernels/half_passes.cc
    kernels/softmax_backward_passes.cc schedules/converter.cc softmax_backward_parts.cc)
set(softlane_needs_softmax_backward_tensor
    any/any_axis.cc any/any_backward.cc any/half_gradient_rows.cc any/joint_chunks.cc
    any/softmax_backward_any.cc any/softmax_backward_axis_any.cc arith/far_plan.cc
    c/softmax_backward_tensor_c.cc cache_size.cc check.cc kernels/column_tiles.cc
    kernels/dot_parts.cc kernels/gradient_columns.cc kernels/half_gradients.cc
    kernels/half_passes.cc kernels/narrow_planes.cc kernels/softmax_backward_passes.cc
    kernels/tiles.cc schedules/backward_columns.cc schedules/backward_planner.cc
    schedules/column_gradients.cc schedules/columns.cc schedules/converter.cc
    schedules/line_copies.cc schedules/narrow_columns.cc schedules/other_rows.cc
    softmax_backward.cc softmax_backward_axis.cc tensor/dims.cc tensor/fold.cc
    tensor/softmax_backward_tensor.cc tensor/tensor_check.cc tensor/tensor_gradient.cc)
set(softlane_needs_softmax_from_states
    any/chunks.cc any/softmax_state_any.cc any/state_parts.cc arith/exact_sum.cc
    arith/far_plan.cc arith/state.cc c/softmax_from_states_c.cc cache_size.cc check.cc
    from_states.cc kernels/block_sums.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_passes.cc kernels/large_rows.cc kernels/log_passes.cc
    kernels/row_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc kernels/sse2_short_rows.cc
    log_softmax_from_states.cc schedules/converter.cc schedules/softmax_call.cc
    schedules/state_rows.cc softmax_from_states.cc softmax_state.cc)
set(softlane_needs_softmax_jacobian
    c/softmax_jacobian_c.cc check.cc kernels/jacobian.cc softmax_jacobian.cc)
set(softlane_needs_softmax_state
    any/chunks.cc any/softmax_state_any.cc any/state_parts.cc arith/exact_sum.cc
    arith/far_plan.cc arith/state.cc c/softmax_state_c.cc cache_size.cc check.cc
    from_states.cc kernels/block_sums.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_passes.cc kernels/large_rows.cc kernels/log_passes.cc
    kernels/row_passes.cc kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc
    kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc kernels/sse2_short_rows.cc
    log_softmax_from_states.cc merge_states.cc schedules/converter.cc
    schedules/softmax_call.cc schedules/state_rows.cc softmax_from_states.cc
    softmax_state.cc)
set(softlane_needs_softmax_tensor
    any/any_axis.cc any/any_softmax.cc any/chunks.cc any/softmax_any.cc
    any/softmax_axis_any.cc arith/exact_sum.cc arith/far_plan.cc arith/state.cc
    c/softmax_tensor_c.cc cache_size.cc check.cc from_states.cc kernels/block_rows.cc
    kernels/block_sums.cc kernels/column_tiles.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_exps.cc kernels/half_passes.cc kernels/large_rows.cc
    kernels/narrow_planes.cc kernels/plain_passes.cc kernels/row_passes.cc
    kernels/short_rows.cc kernels/softmax_passes.cc kernels/sse2_exp_sums.cc
    kernels/sse2_exp_vectors.cc kernels/sse2_narrow_rows.cc kernels/sse2_rows.cc
    kernels/sse2_short_rows.cc kernels/tiles.cc one_column.cc schedules/batch_others.cc
    schedules/column_blocks.cc schedules/column_logs.cc schedules/columns.cc
    schedules/converter.cc schedules/half_batches.cc schedules/half_rows.cc
    schedules/large_softmax.cc schedules/line_copies.cc schedules/long_rows.cc
    schedules/narrow_columns.cc schedules/other_rows.cc schedules/planner.cc
    schedules/row_schedule.cc schedules/row_tiles.cc schedules/softmax_batches.cc
    schedules/softmax_call.cc schedules/softmax_columns.cc schedules/softmax_rows.cc
    schedules/softmax_tiles.cc schedules/state_rows.cc schedules/uniform_rows.cc
    softmax.cc softmax_axis.cc softmax_from_states.cc softmax_state.cc tensor/dims.cc
    tensor/fold.cc tensor/softmax_tensor.cc tensor/tensor_check.cc
    tensor/tensor_softmax.cc)
set(softlane_needs_softmax_topk
    any/chunks.cc any/softmax_topk_any.cc arith/exact_sum.cc arith/far_plan.cc
    arith/state.cc c/softmax_topk_c.cc cache_size.cc check.cc from_states.cc
    kernels/block_rows.cc kernels/block_sums.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_passes.cc kernels/large_rows.cc kernels/row_passes.cc
    kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc kernels/sse2_rows.cc
    kernels/topk.cc schedules/converter.cc schedules/softmax_call.cc
    schedules/state_rows.cc softmax_from_states.cc softmax_state.cc softmax_topk.cc
    topk_of_state.cc)
set(softlane_needs_softmax_topk_axis
    any/softmax_topk_axis_any.cc arith/exact_sum.cc arith/far_plan.cc arith/state.cc
    c/softmax_topk_axis_c.cc cache_size.cc check.cc from_states.cc kernels/block_rows.cc
    kernels/block_sums.cc kernels/column_tiles.cc kernels/exp_sums.cc kernels/far_rows.cc
    kernels/half_passes.cc kernels/large_rows.cc kernels/row_passes.cc
    kernels/sse2_exp_sums.cc kernels/sse2_exp_vectors.cc kernels/sse2_rows.cc
    kernels/topk.cc schedules/column_rows.cc schedules/columns.cc schedules/other_rows.cc
    schedules/softmax_call.cc schedules/state_rows.cc softmax_from_states.cc
    softmax_state.cc softmax_topk.cc softmax_topk_axis.cc topk_of_state.cc)
