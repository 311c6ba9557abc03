// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_C_ATTENTION_OPTIONS_H_
#define SOFTLANE_LIB_C_ATTENTION_OPTIONS_H_

#include <cstddef>

#include "c/convert.h"
#include "c/views.h"
#include "softlane/attention_softmax.h"
#include "softlane/attention_tile.h"
#include "softlane/c.h"

namespace softlane {
namespace c {

/// Null options are the defaults.
inline AttentionOptions FromC(const softlane_attention_options* options,
                              size_t rows, size_t cols) noexcept {
  AttentionOptions result;
  if (options == nullptr) return result;
  result.scale = options->scale;
  result.softcap = options->softcap;
  result.alibi_slope = options->alibi_slope;
  result.bias =
      In(options->bias, options->bias_type, rows, cols, options->bias_stride);
  result.bias_scale = options->bias_scale;
  result.keep = {options->keep, rows, cols, options->keep_stride};
  result.lengths = options->lengths;
  result.causal = options->causal != 0;
  result.first_query = options->first_query;
  result.window = options->window;
  result.sinks = options->sinks;
  result.empty_row = FromInt<EmptyRow>(options->empty_row);
  return result;
}

inline AttentionTileOptions FromC(
    const softlane_attention_tile_options* options, size_t rows,
    size_t cols) noexcept {
  AttentionTileOptions result;
  if (options == nullptr) return result;
  result.attention = FromC(&options->attention, rows, cols);
  result.first_key = options->first_key;
  result.round_exps = options->round_exps != 0;
  return result;
}

}  // namespace c
}  // namespace softlane

#endif  // SOFTLANE_LIB_C_ATTENTION_OPTIONS_H_
