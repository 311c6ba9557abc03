// SPDX-License-Identifier: Apache-2.0
#include "tensor/heads_check.h"

#include <algorithm>

#include "attention_check.h"

namespace softlane {
namespace internal {
namespace {

// The shape of a mask in which sizes of 1 are repeated. Sizes that do not fit
// stay as they are.
TensorShape Repeated(const TensorShape& mask, const TensorShape& scores) {
  TensorShape all = mask;
  for (int d = 0; d < 3; ++d) {
    if (mask.sizes[d] != 1 || scores.sizes[d] == 1) continue;
    all.sizes[d] = scores.sizes[d];
    all.strides[d] = 0;
  }
  return all;
}

// Values along dimension `dim` of the scores, repeated for all rows.
TensorShape ValuesOf(const TensorShape& scores, int dim, int64_t stride) {
  TensorShape all = scores;
  for (int d = 0; d < 4; ++d) all.strides[d] = 0;
  all.strides[dim] = stride;
  all.sizes[3] = 1;
  return all;
}

// Checks the options that are not values per head or per index of the batch.
Status CheckSettings(const AttentionHeadsOptions& options) {
  AttentionOptions settings;
  settings.scale = options.scale;
  settings.softcap = options.softcap;
  settings.window = options.window;
  settings.empty_row = options.empty_row;
  return CheckAttentionOptions(settings, 0, 0);
}

// The number of values to check for `size` indices: values with a stride of 0
// are one value.
template <typename T>
size_t CountOf(const HeadValues<T>& values, int64_t size) {
  const bool is_one = values.data == nullptr || values.stride == 0;
  return is_one && size != 0 ? 1 : static_cast<size_t>(size);
}

bool AreGoodValues(const AttentionHeadsOptions& options,
                   const TensorShape& scores) {
  // Without keys, the other sizes may be huge, so repeated values are checked
  // once.
  const size_t batch =
      std::max(CountOf(options.lengths, scores.sizes[0]),
               CountOf(options.first_queries, scores.sizes[0]));
  const size_t heads = std::max(CountOf(options.alibi_slopes, scores.sizes[1]),
                                CountOf(options.bias_scales, scores.sizes[1]));
  for (size_t b = 0; b < batch; ++b) {
    const int64_t own =
        options.first_queries.data == nullptr ? 0 : options.first_queries[b];
    int64_t first, last;
    if (__builtin_add_overflow(options.first_query, own, &first) ||
        __builtin_add_overflow(first, scores.sizes[2] - 1, &last)) {
      return false;
    }
    if (options.lengths.data == nullptr) continue;
    const int32_t length = options.lengths[b];
    if (length < 0 || length > scores.sizes[3]) return false;
  }
  for (size_t h = 0; h < heads; ++h) {
    if (options.alibi_slopes.data != nullptr &&
        !IsFinite(options.alibi_slopes[h])) {
      return false;
    }
    if (options.bias_scales.data != nullptr &&
        !IsFinitePositive(options.bias_scales[h])) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool HasRowsOfKeys(const TensorShape& shape) noexcept {
  return shape.rank == 4 &&
         (shape.sizes[3] <= 1 || shape.strides[3] == 1 || !HasElements(shape));
}

HeadMasks::HeadMasks(const TensorShape& scores,
                     const AttentionHeadsOptions& options)
    : have_rows_of_keys(
          (options.bias.data == nullptr || HasRowsOfKeys(options.bias)) &&
          (options.keep.data == nullptr || HasRowsOfKeys(options.keep))),
      bias(Repeated(options.bias, scores)),
      keep(Repeated(options.keep, scores)),
      of_batch{ValuesOf(scores, 0, options.lengths.stride),
               ValuesOf(scores, 0, options.first_queries.stride)},
      of_heads{ValuesOf(scores, 1, options.alibi_slopes.stride),
               ValuesOf(scores, 1, options.bias_scales.stride),
               ValuesOf(scores, 1, options.sinks.stride)} {}

size_t HeadMasks::AddOperands(const AttentionHeadsOptions& options,
                              TensorOperand* operands) const {
  size_t count = 0;
  const auto add = [&](const TensorShape& shape, const void* data, size_t bytes,
                       bool is_reduced) {
    if (data == nullptr) return;
    operands[count++] = {shape, data, bytes, Role::kRead, is_reduced};
  };
  add(bias, options.bias.data, SizeOf(options.bias.type), false);
  add(keep, options.keep.data, 1, false);
  add(of_batch[0], options.lengths.data, sizeof(int32_t), true);
  add(of_batch[1], options.first_queries.data, sizeof(int64_t), true);
  add(of_heads[0], options.alibi_slopes.data, sizeof(float), true);
  add(of_heads[1], options.bias_scales.data, sizeof(float), true);
  add(of_heads[2], options.sinks.data, sizeof(float), true);
  return count;
}

Status CheckHeads(const TensorOperand* operands, size_t count,
                  const AttentionHeadsOptions& options,
                  bool& interleave) noexcept {
  const TensorShape& scores = *operands[0].shape;
  int dim;
  if (Status s = CheckTensors({operands, count, 3}, dim, interleave);
      s != Status::kOk) {
    return s;
  }
  if (Status s = CheckSettings(options); s != Status::kOk) return s;
  const bool has_rows =
      scores.sizes[0] != 0 && scores.sizes[1] != 0 && scores.sizes[2] != 0;
  return !has_rows || AreGoodValues(options, scores) ? Status::kOk
                                                     : Status::kBadOption;
}

}  // namespace internal
}  // namespace softlane
