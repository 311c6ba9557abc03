// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_CROSS_ENTROPY_H_
#define SOFTLANE_LIB_CROSS_ENTROPY_H_

#include <cstddef>
#include <cstdint>

#include "softlane/cross_entropy.h"

// Between the checks of CrossEntropy and its kernel.

namespace softlane {
namespace internal {

struct CrossEntropyCall {
  /// The label of row r; 0 with probability targets.
  int64_t Label(size_t r) const {
    if (labels64 != nullptr) return labels64[r];
    return labels32 != nullptr ? labels32[r] : 0;
  }

  Rows<const float> logits;
  bool has_labels;
  const int64_t* labels64;  // or null
  const int32_t* labels32;  // or null
  Rows<const float> targets;
  float* loss;
  Rows<float> dlogits;
  const CrossEntropyOptions* options;
  float* divisor;
};

using CrossEntropyFunction = void(const CrossEntropyCall&);
/// The kernel, or null: kTargetUnavailable.
CrossEntropyFunction* SelectCrossEntropy(Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_CROSS_ENTROPY_H_
