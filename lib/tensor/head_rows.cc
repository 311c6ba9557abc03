// SPDX-License-Identifier: Apache-2.0
#include "tensor/head_rows.h"

#include "any/any_check.h"
#include "softlane/attention_softmax.h"

namespace softlane {
namespace internal {
HeadTensor::HeadTensor(const void* first, ElementType element_type,
                       size_t bytes, const TensorShape& shape)
    : data(static_cast<unsigned char*>(const_cast<void*>(first))),
      element_bytes(static_cast<int64_t>(bytes)),
      type(element_type) {
  // Strides that do not pass the checks may wrap here.
  for (int d = 0; data != nullptr && d < kHeadDims; ++d) {
    const uint64_t stride = static_cast<uint64_t>(shape.strides[d]);
    if (shape.sizes[d] != 1) strides[d] = static_cast<int64_t>(stride * bytes);
  }
}

HeadRow HeadsCall::RowAt(size_t r) const {
  HeadRow row;
  for (int i = kHeadDims; i-- > 0;) {
    row.at[order[i]] = r % sizes[order[i]];
    r /= sizes[order[i]];
  }
  return row;
}

void HeadsCall::Advance(HeadRow& row) const {
  for (int i = kHeadDims; i-- > 0;) {
    if (++row.at[order[i]] != sizes[order[i]]) return;
    row.at[order[i]] = 0;
  }
}

void SetRows(const TensorShape& scores, HeadsCall& call) {
  for (int d = 0; d < kHeadDims; ++d) {
    call.sizes[d] = static_cast<size_t>(scores.sizes[d]);
  }
  call.keys = static_cast<size_t>(scores.sizes[kHeadDims]);
  const auto is_before = [&](int a, int b) {
    if (call.sizes[a] == 1 || call.sizes[b] == 1) return call.sizes[a] == 1;
    const int64_t x = call.probs.strides[a], y = call.probs.strides[b];
    return (x < 0 ? -x : x) > (y < 0 ? -y : y);
  };
  int* const order = call.order;
  for (int i = 1; i < kHeadDims; ++i) {
    for (int k = i; k > 0 && is_before(order[k], order[k - 1]); --k) {
      const int d = order[k];
      order[k] = order[k - 1];
      order[k - 1] = d;
    }
  }
}

bool HeadsCall::HasAlibi() const {
  for (size_t h = 0;
       options.alibi_slopes.data != nullptr && h < sizes[kHeadDim]; ++h) {
    if (options.alibi_slopes[h] != 0.0f) return true;
  }
  return false;
}

bool HeadsCall::HasBiasScales() const {
  const bool may_have =
      bias.data != nullptr && options.bias_scales.data != nullptr;
  for (size_t h = 0; may_have && h < sizes[kHeadDim]; ++h) {
    if (options.bias_scales[h] != 1.0f) return true;
  }
  return false;
}

void RowValues::Set(HeadRow row, size_t count, bool has_causal) {
  const HeadValues<float>& all_sinks = call_.options.sinks;
  const int inner = call_.order[kHeadDims - 1];
  // Along the innermost dimension, the positions of rows are consecutive or all
  // the same.
  const int64_t step = inner == kQueryDim ? 1 : 0;
  const int64_t end_step = has_causal ? step : 0;
  for (size_t k = 0; k < count;) {
    size_t run = inner == kBatchDim ? 1 : call_.sizes[inner] - row.at[inner];
    if (run > count - k) run = count - k;
    const int64_t most = static_cast<int64_t>(call_.Length(row));
    int64_t end = most;
    // A position may be the last one there is.
    if (has_causal && call_.Position(row) < most) {
      end = call_.Position(row) + 1;
    }
    int32_t* const to = ends + k;
    for (size_t i = 0; i < run; ++i) {
      const int64_t kept = end < most ? end : most;
      to[i] = static_cast<int32_t>(kept > 0 ? kept : 0);
      end += end_step;
    }
    for (size_t i = 0; all_sinks.data != nullptr && i < run; ++i) {
      sinks[k + i] = all_sinks[row.at[kHeadDim] + (step == 0 ? i : 0)];
    }
    k += run;
    row.at[inner] += run - 1;
    call_.Advance(row);
  }
}

void RowValues::WriteLogs(HeadRow row, size_t count) const {
  if (call_.logsumexp.data == nullptr) return;
  for (size_t k = 0; k < count; ++k) {
    *row.In<float>(call_.logsumexp) = logsumexp[k];
    call_.Advance(row);
  }
}

int64_t RunStride(const HeadsCall& call, const HeadTensor& tensor) {
  int i = kHeadDims - 1;
  while (call.sizes[call.order[i]] == 1) --i;
  return tensor.Elements(call.order[i]);
}

size_t RowsOfRun(const HeadsCall& call, const HeadTensor* const* tensors,
                 size_t count, bool has_head_values, bool has_positions) {
  size_t run = 1;
  for (int i = kHeadDims; i-- > 0;) {
    const int d = call.order[i];
    if (call.sizes[d] == 1) continue;
    if (d == kHeadDim && has_head_values) return run;
    if (has_positions && (d != kQueryDim || run != 1)) return run;
    for (size_t k = 0; k < count; ++k) {
      const HeadTensor& tensor = *tensors[k];
      if (tensor.data == nullptr) continue;
      const int64_t stride = tensor.Elements(d);
      const bool is_good =
          run == 1
              ? stride == 0 || stride >= static_cast<int64_t>(call.keys)
              : stride == static_cast<int64_t>(run) * RunStride(call, tensor);
      if (!is_good) return run;
    }
    run *= call.sizes[d];
  }
  return run;
}

void ForRuns(const HeadsCall& call, size_t run, RowValues& values,
             RunFunction& function, const void* context) {
  const AttentionHeadsOptions& all = call.options;
  const bool is_in_head = run == 1 || (run <= call.sizes[kQueryDim] &&
                                       call.order[kHeadDims - 1] == kQueryDim);
  const bool has_ends =
      all.lengths.data != nullptr || (all.causal && !is_in_head);
  const bool has_values =
      has_ends || all.sinks.data != nullptr || call.logsumexp.data != nullptr;
  const size_t rows = call.Rows();
  for (size_t r = 0; r < rows;) {
    const size_t left = run - r % run;
    const size_t count = has_values && left > kHeadRows ? kHeadRows : left;
    const HeadRow row = call.RowAt(r);
    if (has_values) values.Set(row, count, has_ends && all.causal);
    AttentionOptions options;
    options.scale = all.scale;
    options.softcap = all.softcap;
    options.alibi_slope = call.AlibiSlope(row);
    options.bias_scale = call.BiasScale(row);
    options.bias = RowsFrom<ConstAnyRows>(call, call.bias, row, count);
    const AnyRows bytes = RowsFrom<AnyRows>(call, call.keep, row, count);
    options.keep = {static_cast<const uint8_t*>(bytes.data), count, call.keys,
                    bytes.stride};
    if (has_ends) options.lengths = values.ends;
    options.causal = all.causal && !has_ends;
    options.first_query = call.Position(row);
    options.window = all.window;
    if (all.sinks.data != nullptr) options.sinks = values.sinks;
    options.empty_row = all.empty_row;
    function(context, row, count, options, values);
    r += count;
  }
}

namespace {

void RunRows(const void* context, const HeadRow& row, size_t count,
             const AttentionOptions& options, RowValues& values) {
  const auto& call = *static_cast<const HeadsCall*>(context);
  const ConstAnyRows x = RowsFrom<ConstAnyRows>(call, call.scores, row, count);
  const AnyRows y = RowsFrom<AnyRows>(call, call.probs, row, count);
  Done(call.logsumexp.data == nullptr
           ? AttentionSoftmax(x, y, options, call.target)
           : AttentionSoftmaxWithLogSumExp(x, y, values.logsumexp, options,
                                           call.target));
  values.WriteLogs(row, count);
}

// Not inlined: its arrays would grow the stack frame of a call of one row.
[[gnu::noinline]] void RunManyAsRows(const HeadsCall& call, size_t run) {
  RowValues::Room<kHeadRows> room;
  RowValues values(call, room);
  ForRuns(call, run, values, RunRows, &call);
}

}  // namespace

void RunHeadsAsRows(const HeadsCall& call, size_t run) {
  if (call.Rows() != 1) return RunManyAsRows(call, run);
  RowValues::Room<1> room;
  RowValues values(call, room);
  ForRuns(call, run, values, RunRows, &call);
}

}  // namespace internal
}  // namespace softlane
