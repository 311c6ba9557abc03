# SPDX-License-Identifier: Apache-2.0
# Options of single files, each with what it gains. Included by CMakeLists.txt.

# Plain C++ between passes, and some passes: -O3 makes 36 kB more, and nothing faster.
set_source_files_properties(
  any/attention_tile_any.cc any/attention_tile_keys.cc arith/exact_sum.cc
  attention_softmax_backward.cc
  cache_size.cc
  cross_entropy_axis.cc cross_entropy_backward.cc cross_entropy_from_states.cc
  kernels/attention_masks.cc
  kernels/attention_tiles.cc
  kernels/block_sums.cc
  kernels/column_tiles.cc
  kernels/cross_entropy_shares.cc
  kernels/gradient_columns.cc
  kernels/half_passes.cc
  kernels/large_rows.cc
  kernels/log_passes.cc
  kernels/log_gradient_columns.cc
  kernels/row_passes.cc
  kernels/sse2_exp_sums.cc
  kernels/tile_gradients.cc
  kernels/tiles.cc
  log_softmax.cc log_softmax_axis.cc loss_state.cc
  schedules/column_blocks.cc
  schedules/column_logs.cc
  schedules/column_rows.cc
  schedules/cross_entropy_columns.cc
  schedules/cross_entropy_rows.cc
  schedules/few_losses.cc
  schedules/column_gradients.cc
  schedules/half_batches.cc schedules/half_log_rows.cc schedules/half_rows.cc
  schedules/loaded_losses.cc
  schedules/log_softmax_columns.cc
  schedules/log_softmax_tiles.cc
  schedules/loss_totals.cc
  schedules/planner.cc
  schedules/row_schedule.cc
  schedules/row_tiles.cc
  schedules/softmax_batches.cc
  schedules/softmax_call.cc
  schedules/softmax_rows.cc
  schedules/uniform_rows.cc
  from_states.cc log_softmax_from_states.cc softmax_axis.cc softmax_from_states.cc
  softmax_topk.cc softmax_topk_axis.cc topk_of_state.cc
  PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-O2>)
# The loops over short rows are so short that their place counts: with AVX2 on Zen 3, 800
# x 10 took 4 % more time where SumAndWriteRows began in the middle of 32 bytes.
set_property(
  SOURCE kernels/attention_masks.cc kernels/log_tiles.cc kernels/short_rows.cc kernels/tiles.cc
  APPEND
  PROPERTY COMPILE_OPTIONS -falign-functions=32)
# The place of a loop with exponentials and sums counts, too: AVX-512 on Zen 5, 3 % at
# 64 x 64.
set_property(
  SOURCE kernels/log_tiles.cc
  APPEND
  PROPERTY COMPILE_OPTIONS -falign-loops=64)
# A loop reads two rows of two operands. AVX-512 on Zen 5, 8 x 1024 takes 6 % more time
# where the loop begins at the begin of a cache line or in its last 16 bytes.
set_property(
  SOURCE kernels/softmax_backward_passes.cc
  APPEND
  PROPERTY COMPILE_OPTIONS $<$<CXX_COMPILER_ID:GNU>:-falign-loops=64:16>)
set_property(
  SOURCE kernels/log_softmax_backward_passes.cc
  APPEND
  PROPERTY COMPILE_OPTIONS -falign-loops=32)
# Places of jumps do not count here.
set_property(
  SOURCE kernels/attention_masks.cc kernels/attention_passes.cc kernels/attention_tiles.cc
         kernels/cross_entropy_passes.cc kernels/log_passes.cc kernels/plain_passes.cc
         kernels/softmax_passes.cc kernels/tiles.cc
  APPEND
  PROPERTY COMPILE_OPTIONS $<$<CXX_COMPILER_ID:GNU>:-fno-align-jumps>)
# Far rows are rare. -Os would leave out vzeroupper.
set_source_files_properties(kernels/far_rows.cc PROPERTIES COMPILE_OPTIONS
                                                           $<$<CONFIG:Release>:-O2>)
set_source_files_properties(
  any/any_axis.cc
  any/attention_long_rows.cc
  any/attention_rows.cc
  any/attention_softmax_any.cc
  any/attention_softmax_backward_any.cc
  any/attention_tile_backward_any.cc
  any/attention_tile_rows.cc
  any/chunks.cc
  any/cross_entropy_axis_any.cc
  any/cross_entropy_backward_any.cc
  any/exp_any.cc
  any/finish_rows_any.cc
  any/loss_state_any.cc
  any/softmax_backward_parts_any.cc
  any/softmax_state_any.cc
  arith/far_plan.cc
  arith/state.cc
  attention_parts.cc
  attention_special.cc
  kernels/block_rows.cc
  schedules/batch_others.cc
  schedules/columns.cc
  schedules/large_softmax.cc
  schedules/long_loss.cc
  schedules/long_rows.cc
  schedules/sink_rows.cc
  schedules/state_rows.cc
  ${c_sources}
  ${tensor_sources}
  PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-Os>)
# With -Os GCC sets and copies structs by `rep stos` and `rep movs`, which take some 30
# cycles each. A call of all heads, 1 x 8 x 64 on Zen 5, takes 357 ns with these and 295 ns
# with memset and memcpy.
softlane_compiler_sees("defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)"
                       SOFTLANE_COMPILES_REP)
if(SOFTLANE_COMPILES_REP)
  set_property(
    SOURCE tensor/attention_heads.cc tensor/head_rows.cc tensor/heads_check.cc
           tensor/tensor_check.cc
    APPEND
    PROPERTY COMPILE_OPTIONS -mstringop-strategy=libcall)
endif()
# A vector that copies two members of a view waits for the stores of both. A call of
# softmax of 8 floats takes 26 ns on Zen 5, and 45 ns with such vectors.
set_property(SOURCE ${any_sources} APPEND PROPERTY COMPILE_OPTIONS
                                                   -fno-tree-slp-vectorize)
