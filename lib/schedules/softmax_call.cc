// SPDX-License-Identifier: Apache-2.0
#include "schedules/softmax_call.h"

namespace softlane {
namespace internal {

void FillRow(float* to, size_t n, float value) {
  for (size_t i = 0; i < n; ++i) to[i] = value;
}

[[gnu::noinline]] float WriteSpecialRow(const RowKernels& row, const float* x,
                                        float* y, size_t n, float empty_value) {
  const float max = row.max_or_nan(x, n);
  if (y != nullptr) FillRow(y, n, max == -kInfinity ? empty_value : kNaN);
  return max;
}

float SpecialPlainRow(const SoftmaxCall& call, size_t r, size_t, size_t n,
                      const float*) {
  return WriteSpecialRow(call.row, call.x.Row(r), call.y.Row(r), n,
                         EmptyValue(call.empty_row, call.is_log));
}

void RunRowByRow(const RowKernels& row, const SoftmaxKernels& kernels,
                 const Rows<const float>& x, const Rows<float>& y, size_t first,
                 size_t count, float* logsumexp, const ScaleParts& parts,
                 float empty_value) {
  for (size_t r = first; r < first + count; ++r) {
    RunOneRow(row, kernels, x.Row(r), y.Row(r), x.cols,
              logsumexp == nullptr ? nullptr : logsumexp + r, parts,
              empty_value);
  }
}

void RunRowByRow(const SoftmaxCall& call, size_t first, size_t count) {
  RunRowByRow(call.row, call.kernels, call.x, call.y, first, count,
              call.logsumexp, call.parts,
              EmptyValue(call.empty_row, call.is_log));
}

void RunTwiceFewRows(const SoftmaxKernels& kernels, const Rows<const float>& x,
                     const Rows<float>& y, float* logsumexp,
                     const SoftmaxOptions& options, Target target,
                     RunRowsFunction* run_others) {
  const size_t half = (x.rows + 1) / 2;
  for (size_t r = 0; r < x.rows; r += half) {
    const size_t count = r == 0 ? half : x.rows - half;
    float* const logs = logsumexp == nullptr ? nullptr : logsumexp + r;
    if (kernels.few_rows(x.Row(r), x.stride, y.Row(r), y.stride, count, x.cols,
                         logs)) {
      continue;
    }
    run_others(x.Slice(r, count), y.Slice(r, count), logs, options, target);
  }
}

void RunShortRows(const RowKernels& row, const SoftmaxKernels& kernels,
                  const Rows<const float>& x, const Rows<float>& y,
                  float* logsumexp, const ScaleParts& parts,
                  float empty_value) {
  for (size_t r = 0; r < x.rows;) {
    const size_t left = x.rows - r;
    const size_t end = r + (left < kMaxShortRows ? left : kMaxShortRows);
    float* const log = logsumexp == nullptr ? nullptr : logsumexp + r;
    r += kernels.short_rows(x.Row(r), x.stride, y.Row(r), y.stride, end - r,
                            x.cols, log, parts);
    if (r == end) continue;
    RunRowByRow(row, kernels, x, y, r, end - r, logsumexp, parts, empty_value);
    r = end;
  }
}

}  // namespace internal
}  // namespace softlane
