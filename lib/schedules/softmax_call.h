// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_SOFTMAX_CALL_H_
#define SOFTLANE_LIB_SCHEDULES_SOFTMAX_CALL_H_

#include <cstdint>
#include <limits>

#include "kernels/row_passes.h"
#include "kernels/softmax_kernels.h"
#include "schedules/key_ranges.h"
#include "softlane/rows.h"
#include "softlane/softmax.h"

namespace softlane {
namespace internal {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct SoftmaxCall;

/// A row whose maximum is not finite, or whose sum is NaN. Writes its
/// probabilities and gives its logsumexp. z: the n logits from column `begin`
/// on, or their exp values, of which the same are NaN.
using SpecialRowFunction = float(const SoftmaxCall& call, size_t r,
                                 size_t begin, size_t n, const float* z);

/// Rows of probabilities from rows of logits, as a schedule sees them; or of
/// their logarithms. Views by reference: a copy would wait for the stores that
/// made them.
struct SoftmaxCall {
  const RowKernels& row;
  const SoftmaxKernels& kernels;
  const LogitsKernels& plain;   // of logits in memory
  const LogitsKernels& logits;  // of this call's kind; may be `plain`
  const void* source;           // of that kind
  SpecialRowFunction* special;
  const Rows<const float>& x;
  const Rows<float>& y;  // of stride 0 and null: logsumexp alone
  float* logsumexp;      // may be null
  const ScaleParts& parts;
  EmptyRow empty_row;
  /// A logit per row that only joins the sum; null: none.
  const float* sinks = nullptr;
  /// The columns that each row has; null: all.
  const KeyRanges* ranges = nullptr;
  /// What is read besides x, for a look ahead; null: nothing.
  const Rows<const float>* second = nullptr;
  /// The last step is that of log-softmax, which reads the logits again: no exp
  /// values are kept.
  bool is_log = false;

  float Sink(size_t r) const {
    return sinks == nullptr ? -kInfinity : sinks[r];
  }
  /// Where logsumexp of a row goes; null: nowhere.
  float* LogAt(size_t r) const {
    return logsumexp == nullptr ? nullptr : logsumexp + r;
  }
};

/// Whether all rows are whole cache lines.
inline bool HasWholeLines(const Rows<float>& y) {
  return reinterpret_cast<uintptr_t>(y.data) % 64 == 0 && y.stride % 16 == 0 &&
         y.cols % 16 == 0;
}

inline void FillRow(float* to, size_t n, float value) {
  for (size_t i = 0; i < n; ++i) to[i] = value;
}

/// The special rows of Softmax.
float SpecialPlainRow(const SoftmaxCall& call, size_t r, size_t begin, size_t n,
                      const float* z);

/// What a row of -inf alone gets.
inline float EmptyValue(EmptyRow empty_row, bool is_log) {
  if (empty_row != EmptyRow::kZero) return kNaN;
  return is_log ? -kInfinity : 0.0f;
}

/// Rows by their maxima, each by itself. y may be null if that of the kernel
/// may; logsumexp may be null.
void RunRowByRow(const RowKernels& row, const SoftmaxKernels& kernels,
                 const Rows<const float>& x, const Rows<float>& y, size_t first,
                 size_t count, float* logsumexp, const ScaleParts& parts,
                 float empty_value);
/// Rows [first, first + count) of a call.
void RunRowByRow(const SoftmaxCall& call, size_t first, size_t count);
/// All rows, in batches of the kernel `short_rows`, which there is.
void RunShortRows(const RowKernels& row, const SoftmaxKernels& kernels,
                  const Rows<const float>& x, const Rows<float>& y,
                  float* logsumexp, const ScaleParts& parts, float empty_value);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_SOFTMAX_CALL_H_
