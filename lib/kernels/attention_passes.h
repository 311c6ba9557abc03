// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_ATTENTION_PASSES_H_
#define SOFTLANE_LIB_KERNELS_ATTENTION_PASSES_H_

#include "kernels/softmax_kernels.h"
#include "softlane/options.h"

// The passes of softmax over logits that attention makes of scores.

namespace softlane {
namespace internal {

/// The source of both kinds of logits.
struct AttentionSource {
  const AttentionOptions& options;
  const LogitsKernels& plain;
};

/// Row r of the bias, whose elements are floats here, or null.
inline const float* BiasRow(const AttentionOptions& options, size_t r) {
  const ConstAnyRows& bias = options.bias;
  if (bias.data == nullptr) return nullptr;
  return static_cast<const float*>(bias.data) + r * bias.stride;
}

/// The kernels for three kinds of logits: a scale alone; a scale and a bias; a
/// scale, an optional bias, and a mask of bytes.
extern const KernelTable<const LogitsKernels> kScaleLogitsKernels;
extern const KernelTable<const LogitsKernels> kBiasLogitsKernels;
extern const KernelTable<const LogitsKernels> kKeepLogitsKernels;
/// The kernels for logits with a softcap or ALiBi. These logits are written to
/// memory first.
extern const KernelTable<const LogitsKernels> kAttentionLogitsKernels;
/// Batches of all kinds but the last kind. A batch without masked elements has
/// no mask of bytes.
extern const KernelTable<const BatchLogitsKernels> kAttentionBatchKernels;

/// Whether a logit is scale * score + bias_scale * bias, without softcap and
/// ALiBi.
inline bool AreAffine(const AttentionOptions& options) {
  return options.softcap == 0.0f && options.alibi_slope == 0.0f;
}
/// The kernels of a call's logits.
inline const KernelTable<const LogitsKernels>& LogitsKernelsFor(
    const AttentionOptions& options) {
  if (!AreAffine(options)) return kAttentionLogitsKernels;
  if (options.keep.data != nullptr) return kKeepLogitsKernels;
  return options.bias.data != nullptr ? kBiasLogitsKernels
                                      : kScaleLogitsKernels;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_ATTENTION_PASSES_H_
