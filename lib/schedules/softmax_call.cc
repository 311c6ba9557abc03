// SPDX-License-Identifier: Apache-2.0
#include "schedules/softmax_call.h"

namespace softlane {
namespace internal {
namespace {

float SpecialRow(const SoftmaxKernels& kernels, const float* x, float* y,
                 size_t n, EmptyRow empty_row) {
  const float max = kernels.max_or_nan(x, n);
  const bool is_zero = max == -kInfinity && empty_row == EmptyRow::kZero;
  FillRow(y, n, is_zero ? 0.0f : kNaN);
  return max;
}

}  // namespace

float SpecialPlainRow(const SoftmaxCall& call, size_t r, size_t, size_t n,
                      const float*) {
  return SpecialRow(call.kernels, call.x.Row(r), call.y.Row(r), n,
                    call.empty_row);
}

void RunOneRow(const SoftmaxKernels& kernels, const float* x, float* y,
               size_t n, float* logsumexp, const ScaleParts& parts,
               EmptyRow empty_row) {
  const RowResult result =
      kernels.one_row(x, y, n, -kInfinity, parts, logsumexp);
  if (result.sum == result.sum) return;
  const float special = SpecialRow(kernels, x, y, n, empty_row);
  if (logsumexp != nullptr) *logsumexp = special;
}

}  // namespace internal
}  // namespace softlane
