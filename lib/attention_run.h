// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ATTENTION_RUN_H_
#define SOFTLANE_LIB_ATTENTION_RUN_H_

#include "kernels/softmax_kernels.h"
#include "schedules/softmax_call.h"
#include "softlane/target.h"

// The choice of a schedule for attention's softmax, for logits of any source.

namespace softlane {
namespace internal {

/// What the choice depends on, beside the call.
struct AttentionTraits {
  const BatchLogitsKernels& batches;
  bool may_batch;  // the logits have kernels for batches
  bool is_in_place;
  bool is_dense;       // see BatchRows
  bool has_masked;     // masked elements are usual
  bool has_begins;     // ranges may begin after the first column
  bool has_bias_rows;  // a bias that differs from row to row
};

/// Does all rows of a call but a single short row.
void RunAttentionCall(const SoftmaxCall& call, const AttentionTraits& traits,
                      Target target);

/// Writes NaN to the n keys of row r from column `begin` on that are not
/// masked, and +0 to those that are. z has their logits, and may be `to`.
using FillNaNFunction = void(const void* source, size_t r, size_t begin,
                             size_t n, const float* z, float* to);
/// A SpecialRowFunction, with what a source does.
float SpecialAttentionRow(const SoftmaxCall& call, size_t r, size_t begin,
                          size_t n, const float* z, FillNaNFunction* fill_nan);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ATTENTION_RUN_H_
