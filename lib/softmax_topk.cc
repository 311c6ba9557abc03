// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_topk.h"

#include <limits>

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/topk.h"

namespace softlane {
namespace {

// Not inlined: see FpEnvironment. Also, a call that does not need these
// functions does not save registers for them.
[[gnu::noinline]] void Renormalize(float* y, size_t k) {
  double sum = 0.0;
  for (size_t i = 0; i < k; ++i) sum += y[i];
  for (size_t i = 0; i < k; ++i) y[i] = static_cast<float>(y[i] / sum);
}

bool HasMinusInfinityOnly(const float* x, size_t n) {
  size_t i = 0;
  while (i < n && x[i] == -std::numeric_limits<float>::infinity()) ++i;
  return i == n;
}

// Writes the results of a row with NaN or +inf, or of a row of -inf only.
[[gnu::noinline]] void WriteSpecialRow(const float* x, size_t n, size_t k,
                                       float* y, int32_t* columns,
                                       EmptyRow empty_row) {
  const bool is_zero =
      empty_row == EmptyRow::kZero && HasMinusInfinityOnly(x, n);
  for (size_t i = 0; i < k; ++i) {
    y[i] = is_zero ? 0.0f : std::numeric_limits<float>::quiet_NaN();
    columns[i] = is_zero ? static_cast<int32_t>(i) : -1;
  }
}

void Run(const Rows<const float>& x, size_t k, const Rows<float>& y,
         const Rows<int32_t>& columns, const SoftmaxTopKOptions& options,
         internal::TopKFunction& top_k) {
  for (size_t r = 0; r < x.rows; ++r) {
    const size_t end = top_k(x, r, k, options.scale, y, columns);
    for (; options.renormalize && r < end; ++r) Renormalize(y.Row(r), k);
    r = end;
    if (r == x.rows) break;
    WriteSpecialRow(x.Row(r), x.cols, k, y.Row(r), columns.Row(r),
                    options.empty_row);
  }
}

}  // namespace

inline namespace v1 {

Status SoftmaxTopK(const Rows<const float>& logits, size_t k,
                   const Rows<float>& top_probs, const Rows<int32_t>& indices,
                   const SoftmaxTopKOptions& options, Target target) noexcept {
  constexpr size_t kMaxColumn = std::numeric_limits<int32_t>::max();
  const Rows<const float> results(nullptr, logits.rows, k);
  const bool shapes_agree = k <= logits.cols && logits.cols <= kMaxColumn &&
                            internal::HaveSameShape(top_probs, results) &&
                            internal::HaveSameShape(indices, results);
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
  internal::TopKFunction* const top_k =
      internal::Select(internal::kTopKRows, target);
  if (top_k == nullptr) return Status::kTargetUnavailable;
  if (k == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  Run(logits, k, top_probs, indices, options, *top_k);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
