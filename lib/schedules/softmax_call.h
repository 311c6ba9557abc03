// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_SOFTMAX_CALL_H_
#define SOFTLANE_LIB_SCHEDULES_SOFTMAX_CALL_H_

#include <cstdint>

#include "kernels/row_passes.h"
#include "kernels/softmax_kernels.h"
#include "schedules/key_ranges.h"
#include "softlane/options.h"
#include "softlane/rows.h"

namespace softlane {
namespace internal {

struct SoftmaxCall;

/// Writes the probabilities of a special row and returns its logsumexp. The
/// maximum of a special row is not finite, or its sum is NaN. z has the n
/// logits from column `begin` on, or their exp values. Both are NaN in the same
/// places.
using SpecialRowFunction = float(const SoftmaxCall& call, size_t r,
                                 size_t begin, size_t n, const float* z);

/// A call of softmax or log-softmax, for a schedule. Views are references,
/// because a copy would wait for the stores that made the view.
struct SoftmaxCall {
  const RowKernels& row;
  const SoftmaxKernels& kernels;
  const LogitsKernels& plain;   // for logits in memory
  const LogitsKernels& logits;  // for this call's logits; may be `plain`
  const void* source;           // the source that `logits` reads
  SpecialRowFunction* special;
  const Rows<const float>& x;
  const Rows<float>& y;  // null with stride 0 if logsumexp alone is wanted
  float* logsumexp;      // may be null
  const ScaleParts& parts;
  EmptyRow empty_row;
  /// A logit per row that is only added to the sum. Null means that there are
  /// no sinks.
  const float* sinks = nullptr;
  /// The columns that each row has. Null: all columns.
  const KeyRanges* ranges = nullptr;
  /// The second input, for prefetches. Null: x is the only input.
  const float* second = nullptr;
  size_t second_stride = 0;
  /// Log-softmax. Its last step reads the logits again, so no exp values are
  /// kept.
  bool is_log = false;

  float Sink(size_t r) const {
    return sinks == nullptr ? -kInfinity : sinks[r];
  }
  /// The place of the logsumexp of row r. Null: it is not wanted.
  float* LogAt(size_t r) const {
    return logsumexp == nullptr ? nullptr : logsumexp + r;
  }
};

/// Whether all rows are whole cache lines.
inline bool HasWholeLines(const Rows<float>& y) {
  return reinterpret_cast<uintptr_t>(y.data) % 64 == 0 && y.stride % 16 == 0 &&
         y.cols % 16 == 0;
}

void FillRow(float* to, size_t n, float value);

/// Writes a special row, unless y is null, and returns its logsumexp.
float WriteSpecialRow(const RowKernels& row, const float* x, float* y, size_t n,
                      float empty_value);

/// The SpecialRowFunction of all functions but attention.
float SpecialPlainRow(const SoftmaxCall& call, size_t r, size_t begin, size_t n,
                      const float* z);

/// The result of a row whose logits are all -inf.
inline float EmptyValue(EmptyRow empty_row, bool is_log) {
  if (empty_row != EmptyRow::kZero) return kNaN;
  return is_log ? -kInfinity : 0.0f;
}

/// Does a row by its maximum. See the function below.
inline void RunOneRow(const RowKernels& row, const SoftmaxKernels& kernels,
                      const float* x, float* y, size_t n, float* logsumexp,
                      const ScaleParts& parts, float empty_value) {
  const RowResult result =
      kernels.one_row(x, y, n, -kInfinity, parts, logsumexp);
  if (result.sum == result.sum) return;
  const float special = WriteSpecialRow(row, x, y, n, empty_value);
  if (logsumexp != nullptr) *logsumexp = special;
}
/// Writes the n logits of a row from column `begin` on, for a call whose logits
/// are not in memory. The logits are computed from the row `x`. Inlined,
/// because a job that is passed to a function would wait for the stores that
/// made it.
[[gnu::always_inline]] inline void WriteLogits(const SoftmaxCall& call,
                                               const float* x, size_t r,
                                               size_t begin, size_t n,
                                               float* to) {
  RowJob job;
  job.logits = x;
  job.row = r;
  job.begin = begin;
  job.n = n;
  call.logits.write_logits(call.source, job, to);
}
/// Does a row from its logits z, with its sink, by its maximum. `to` may be z.
[[gnu::always_inline]] inline void RunByItself(const SoftmaxCall& call,
                                               size_t r, size_t begin, size_t n,
                                               const float* z, float* to) {
  float* const log = call.LogAt(r);
  const RowResult result =
      call.kernels.one_row(z, to, n, call.Sink(r), call.parts, log);
  if (result.sum == result.sum) return;
  const float special = call.special(call, r, begin, n, z);
  if (log != nullptr) *log = special;
}
/// Does rows one by one, each by its maximum. y may be null if the kernel
/// allows a null y. logsumexp may be null.
void RunRowByRow(const RowKernels& row, const SoftmaxKernels& kernels,
                 const Rows<const float>& x, const Rows<float>& y, size_t first,
                 size_t count, float* logsumexp, const ScaleParts& parts,
                 float empty_value);
/// Does rows [first, first + count) of a call.
void RunRowByRow(const SoftmaxCall& call, size_t first, size_t count);
/// Does all rows at once by a FewRowsFunction. False if the rows are not few or
/// are scaled, if the target has no such function, or if a row needs more.
inline bool RunFewRows(const SoftmaxKernels& kernels,
                       const Rows<const float>& x, const Rows<float>& y,
                       float* logsumexp, float scale) {
  return AreFewRows(x.rows, x.cols) && kernels.few_rows != nullptr &&
         scale == 1.0f &&
         kernels.few_rows(x.data, x.stride, y.data, y.stride, x.rows, x.cols,
                          logsumexp);
}
/// Whether all rows are too many for a FewRowsFunction, but each half of them
/// is not. Two steps take less time than a tile: on Zen 5 with AVX-512 48 and
/// 79 ns for softmax of 8 x 8, 52 and 69 of 4 x 16; with AVX2 48 and 60, 52 and
/// 60.
inline bool AreTwiceFewRows(const SoftmaxKernels& kernels,
                            const Rows<const float>& x, float scale) {
  return AreFewRows((x.rows + 1) / 2, x.cols) && kernels.few_rows != nullptr &&
         scale == 1.0f;
}
/// Does such rows in two steps. If a half has a row for another schedule,
/// run_others does this half.
using RunRowsFunction = void(const Rows<const float>& x, const Rows<float>& y,
                             float* logsumexp, const SoftmaxOptions& options,
                             Target target);
void RunTwiceFewRows(const SoftmaxKernels& kernels, const Rows<const float>& x,
                     const Rows<float>& y, float* logsumexp,
                     const SoftmaxOptions& options, Target target,
                     RunRowsFunction* run_others);
/// Does all rows in batches. The kernel `short_rows` must not be null.
void RunShortRows(const RowKernels& row, const SoftmaxKernels& kernels,
                  const Rows<const float>& x, const Rows<float>& y,
                  float* logsumexp, const ScaleParts& parts, float empty_value);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_SOFTMAX_CALL_H_
