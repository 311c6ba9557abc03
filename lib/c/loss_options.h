// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_C_LOSS_OPTIONS_H_
#define SOFTLANE_LIB_C_LOSS_OPTIONS_H_

#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/options.h"

namespace softlane {
namespace c {

inline CrossEntropyOptions FromC(
    const softlane_cross_entropy_options* options) noexcept {
  CrossEntropyOptions result;
  if (options == nullptr) return result;
  result.reduction = FromInt<Reduction>(options->reduction);
  result.ignore_index = options->ignore_index;
  result.label_smoothing = options->label_smoothing;
  result.class_weights = options->class_weights;
  result.z_loss = options->z_loss;
  result.scale = options->scale;
  result.upstream_rows = options->upstream_rows;
  result.upstream_stride = options->upstream_stride;
  result.upstream = options->upstream;
  result.zero_if_all_ignored = options->zero_if_all_ignored != 0;
  result.accumulate = options->accumulate != 0;
  return result;
}

}  // namespace c
}  // namespace softlane

#endif  // SOFTLANE_LIB_C_LOSS_OPTIONS_H_
