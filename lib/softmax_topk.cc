// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_topk.h"

#include <limits>

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/topk.h"
#include "topk_results.h"

namespace softlane {
namespace internal {

// Not inlined: see FpEnvironment. A second reason: a call that does not need
// these functions then saves no registers for them.
[[gnu::noinline]] void RenormalizeTopK(float* y, size_t k) {
  double sum = 0.0;
  for (size_t i = 0; i < k; ++i) sum += y[i];
  for (size_t i = 0; i < k; ++i) y[i] = static_cast<float>(y[i] / sum);
}

[[gnu::noinline]] void WriteSpecialTopK(bool is_zero, size_t k, float* y,
                                        int32_t* columns) {
  for (size_t i = 0; i < k; ++i) {
    y[i] = is_zero ? 0.0f : std::numeric_limits<float>::quiet_NaN();
    columns[i] = is_zero ? static_cast<int32_t>(i) : -1;
  }
}

}  // namespace internal

namespace {

[[gnu::noinline]] bool HasMinusInfinityOnly(const float* x, size_t n) {
  size_t i = 0;
  while (i < n && x[i] == -std::numeric_limits<float>::infinity()) ++i;
  return i == n;
}

void Run(const Rows<const float>& x, size_t k, const Rows<float>& y,
         const Rows<int32_t>& columns, const SoftmaxTopKOptions& options,
         const internal::TopKKernels& kernels) {
  for (size_t r = 0; r < x.rows; ++r) {
    const size_t end = kernels.rows(x, r, k, options.scale, y, columns);
    for (; options.renormalize && r < end; ++r)
      internal::RenormalizeTopK(y.Row(r), k);
    r = end;
    if (r == x.rows) break;
    internal::WriteSpecialTopK(options.empty_row == EmptyRow::kZero &&
                                   HasMinusInfinityOnly(x.Row(r), x.cols),
                               k, y.Row(r), columns.Row(r));
  }
}

}  // namespace

inline namespace v1 {

Status SoftmaxTopK(const Rows<const float>& logits, size_t k,
                   const Rows<float>& top_probs, const Rows<int32_t>& indices,
                   const SoftmaxTopKOptions& options, Target target) noexcept {
  const bool shapes_agree = internal::HaveShapesOfTopK(logits.rows, logits.cols,
                                                       k, top_probs, indices);
  if (Status s = internal::CheckOperands(shapes_agree, internal::Read(logits),
                                         internal::Written(top_probs),
                                         internal::Written(indices));
      s != Status::kOk) {
    return s;
  }
  if (k > kMaxTopK ||
      !internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  const internal::TopKKernels* const kernels =
      internal::Select(internal::kTopKKernels, target);
  if (kernels == nullptr) return Status::kTargetUnavailable;
  if (k == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  Run(logits, k, top_probs, indices, options, *kernels);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
