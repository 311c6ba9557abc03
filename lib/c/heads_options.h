// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_C_HEADS_OPTIONS_H_
#define SOFTLANE_LIB_C_HEADS_OPTIONS_H_

#include "c/tensors.h"
#include "softlane/attention_heads.h"

namespace softlane {
namespace c {

/// Null options are the defaults.
inline AttentionHeadsOptions FromC(
    const softlane_attention_heads_options* options) noexcept {
  AttentionHeadsOptions result;
  if (options == nullptr) return result;
  const softlane_attention_heads_options& o = *options;
  result.scale = o.scale;
  result.softcap = o.softcap;
  result.alibi_slopes = {o.alibi_slopes, o.alibi_slopes_stride};
  if (o.bias != nullptr) result.bias = In(o.bias);
  result.bias_scales = {o.bias_scales, o.bias_scales_stride};
  if (o.keep != nullptr) result.keep = TensorOf<const uint8_t>(o.keep);
  result.lengths = {o.lengths, o.lengths_stride};
  result.causal = o.causal != 0;
  result.first_query = o.first_query;
  result.first_queries = {o.first_queries, o.first_queries_stride};
  result.window = o.window;
  result.sinks = {o.sinks, o.sinks_stride};
  result.empty_row = FromInt<EmptyRow>(o.empty_row);
  return result;
}

}  // namespace c
}  // namespace softlane

#endif  // SOFTLANE_LIB_C_HEADS_OPTIONS_H_
