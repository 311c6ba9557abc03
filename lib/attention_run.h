// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ATTENTION_RUN_H_
#define SOFTLANE_LIB_ATTENTION_RUN_H_

#include "kernels/softmax_kernels.h"
#include "schedules/softmax_call.h"
#include "softlane/target.h"

// Chooses a schedule for attention's softmax, for logits from any source.

namespace softlane {
namespace internal {

/// Properties of the call on which the choice of the schedule depends.
struct AttentionTraits {
  const BatchLogitsKernels& batches;
  bool may_batch;  // kernels exist for batches of these logits
  bool is_in_place;
  bool is_dense;       // see BatchRows
  bool has_masked;     // masked elements are common
  bool has_begins;     // rows may begin after the first column
  bool has_bias_rows;  // the bias differs from row to row
};

/// Does all rows of a call but a single short row.
void RunAttentionCall(const SoftmaxCall& call, const AttentionTraits& traits,
                      Target target);

/// For the n keys of row r from column `begin` on: writes NaN where a key is
/// not masked, and +0 where it is masked. z has the logits of these keys, and
/// may be `to`.
using FillNaNFunction = void(const void* source, size_t r, size_t begin,
                             size_t n, const float* z, float* to);
/// A SpecialRowFunction for the logits of a source, which gives the
/// FillNaNFunction.
float SpecialAttentionRow(const SoftmaxCall& call, size_t r, size_t begin,
                          size_t n, const float* z, FillNaNFunction* fill_nan);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ATTENTION_RUN_H_
