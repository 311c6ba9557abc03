// SPDX-License-Identifier: Apache-2.0
#include <iterator>
#include <limits>

#include "arith/state.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "schedules/column_rows.h"
#include "softlane/softmax_topk.h"
#include "topk_axis.h"
#include "topk_results.h"

// Columns are transposed to rows in a buffer, and the results are transposed
// back. Columns that are too long for the buffer are read part by part.

namespace softlane {
namespace internal {
namespace {

// The floats of a cache line. If planes are aligned, each step reads whole
// lines.
constexpr size_t kMaxCols = 16;
// The size of the buffer: two of the longest columns fit. Results have a buffer
// of their own.
constexpr size_t kElements = 2 * kSumCols;

// The results of some columns, from column `col` on, as rows.
struct TopKBuffers {
  template <typename T>
  void Write(const T* rows, size_t k, const Planes<T>& to, size_t col,
             size_t cols) const {
    for (size_t c = 0; c < cols; ++c) {
      const size_t o = (col + c) / to.inner, i = (col + c) % to.inner;
      T* const first = to.data + o * to.outer_stride + i;
      for (size_t a = 0; a < k; ++a)
        first[a * to.axis_stride] = rows[c * k + a];
    }
  }
  void WriteAll(const TopKAxis& call, size_t col, size_t cols) const {
    Write(probs, call.k, call.y, col, cols);
    Write(indices, call.k, call.indices, col, cols);
  }

  float probs[kMaxCols * kMaxTopK];
  int32_t indices[kMaxCols * kMaxTopK];
};

[[gnu::noinline]] void RunShort(const TopKAxis& call, const ColumnRows& rows,
                                Target target) {
  alignas(64) float elements[kElements];
  TopKBuffers buffers;
  const size_t n = call.x.axis, all = call.x.outer * call.x.inner;
  const size_t fit = kElements / n;
  const size_t most = fit < kMaxCols ? fit : kMaxCols;
  for (size_t col = 0, cols; col < all; col += cols) {
    cols = all - col < most ? all - col : most;
    rows.Read(call.x, {col, cols, 0, n}, elements, n);
    // All arguments are good.
    const Status status = SoftmaxTopK(
        Rows<const float>(elements, cols, n), call.k,
        Rows<float>(buffers.probs, cols, call.k),
        Rows<int32_t>(buffers.indices, cols, call.k), call.options, target);
    static_cast<void>(status);
    buffers.WriteAll(call, col, cols);
  }
}

[[gnu::noinline]] void RunLong(const TopKAxis& call, const ColumnRows& rows,
                               Target target) {
  const TopKKernels& kernels = KernelsOf(kTopKKernels, target);
  alignas(64) float part[kSumCols];
  TopLogits top;
  TopKBuffers buffers;
  const size_t n = call.x.axis, all = call.x.outer * call.x.inner;
  for (size_t col = 0; col < all; ++col) {
    SoftmaxState state{};
    for (size_t first = 0; first < n; first += kSumCols) {
      const size_t count = n - first < kSumCols ? n - first : kSumCols;
      rows.Read(call.x, {col, 1, first, count}, part, 0);
      const Status status =
          UpdateStates(Rows<const float>(part, 1, count), first, &state,
                       {call.options.scale, StateUse::kSoftmax}, target);
      static_cast<void>(status);
      // Once a NaN has been read, the selection does not matter.
      if (state.max_key <= kKeyOfInfinity) {
        kernels.select(part, first, count, call.k, top);
      }
    }
    WriteTopKOfState(state, top, call.k, call.options, target, buffers.probs,
                     buffers.indices);
    buffers.WriteAll(call, col, 1);
  }
}

}  // namespace

Status TopKAxis::Check(const Operand& logits) const noexcept {
  constexpr size_t kMaxIndex = std::numeric_limits<int32_t>::max();
  const bool shapes_agree = k <= x.axis && x.axis <= kMaxIndex &&
                            y.outer == x.outer && y.axis == k &&
                            y.inner == x.inner && HaveSameShape(y, indices);
  const Operand operands[] = {logits, Operand(Written(y)),
                              Operand(Written(indices))};
  if (Status s = CheckAnyOperands(operands, std::size(operands), shapes_agree);
      s != Status::kOk) {
    return s;
  }
  return k <= kMaxTopK && AreGoodOptions(options.scale, options.empty_row)
             ? Status::kOk
             : Status::kBadOption;
}

void TopKAxis::Run(const ColumnTypes* types, Target target) const noexcept {
  if (k == 0 || x.outer == 0 || x.inner == 0) return;
  const ColumnRows rows(target, types);
  x.axis <= kSumCols ? RunShort(*this, rows, target)
                     : RunLong(*this, rows, target);
}

}  // namespace internal

inline namespace v1 {

Status SoftmaxTopKAxis(const Planes<const float>& logits, size_t k,
                       const Planes<float>& top_probs,
                       const Planes<int32_t>& indices,
                       const SoftmaxTopKOptions& options,
                       Target target) noexcept {
  const internal::TopKAxis call = {logits, k, top_probs, indices, options};
  if (Status s = call.Check(internal::Operand(internal::Read(logits)));
      s != Status::kOk) {
    return s;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  call.Run(nullptr, chosen);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
