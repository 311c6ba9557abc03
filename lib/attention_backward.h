// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ATTENTION_BACKWARD_H_
#define SOFTLANE_LIB_ATTENTION_BACKWARD_H_

#include <cstddef>

#include "kernels/backward_passes.h"
#include "softlane/attention_softmax_backward.h"

// AttentionSoftmaxBackward after its checks, for some rows of a call, of
// floats.

namespace softlane {
namespace internal {

/// Writes the gradients of `rows`. Their first row is row `first` of the call.
void RunAttentionBackward(const AttentionBackwardKernels& kernels,
                          const KeptRows& rows, size_t first,
                          const AttentionOptions& options,
                          const AttentionSinkGradient& sink, bool is_streamed);

/// Writes the gradient of the sink of row r of the call, if the call has
/// dsinks.
void WriteSinkGradient(const AttentionBackwardKernels& kernels,
                       const AttentionOptions& options,
                       const AttentionSinkGradient& sink, size_t r, double dot);

/// kOk or kNullPointer: the gradient of the sinks needs the sinks and
/// logsumexp.
inline Status CheckSinkGradient(const AttentionOptions& options,
                                const AttentionSinkGradient& sink,
                                size_t rows) noexcept {
  const bool lacks = options.sinks == nullptr || sink.logsumexp == nullptr;
  return sink.dsinks != nullptr && rows != 0 && lacks ? Status::kNullPointer
                                                      : Status::kOk;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ATTENTION_BACKWARD_H_
