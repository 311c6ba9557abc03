// SPDX-License-Identifier: Apache-2.0
#include "attention_special.h"

#include <cstdint>

#include "arith/plan.h"
#include "kernels/attention_passes.h"

namespace softlane {
namespace internal {

void FillNaN(const AttentionOptions& options, size_t r, size_t begin, size_t n,
             const float* z, float* to) {
  const uint8_t* const keep =
      options.keep.data == nullptr ? nullptr : options.keep.Row(r) + begin;
  const float* const bias =
      options.bias.data == nullptr ? nullptr : BiasRow(options, r) + begin;
  for (size_t i = 0; i < n; ++i) {
    // Without a branch, because it would often be mispredicted. z may be `to`.
    const bool is_masked =
        bias != nullptr && (bias[i] == -kInfinity) & (z[i] == z[i]);
    to[i] = is_masked ? 0.0f : kNaN;
  }
  for (size_t i = 0; keep != nullptr && i < n; ++i) {
    if (keep[i] == 0) to[i] = 0.0f;
  }
}

}  // namespace internal

}  // namespace softlane
