// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ATTENTION_SPECIAL_H_
#define SOFTLANE_LIB_ATTENTION_SPECIAL_H_

#include <cstddef>

#include "softlane/options.h"

namespace softlane {
namespace internal {

/// For n keys of row r from column `begin` on: writes +0 where the bias or
/// `keep` masks the key, and NaN elsewhere. The bias is of floats. z has the
/// logits, and may be `to`.
void FillNaN(const AttentionOptions& options, size_t r, size_t begin, size_t n,
             const float* z, float* to);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ATTENTION_SPECIAL_H_
