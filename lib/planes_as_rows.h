// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_PLANES_AS_ROWS_H_
#define SOFTLANE_LIB_PLANES_AS_ROWS_H_

#include "check.h"
#include "one_column.h"
#include "softlane/planes.h"
#include "softlane/rows.h"
#include "softlane/status.h"

// Views of planes as rows, for planes whose axis is the last dimension.

namespace softlane {
namespace internal {

template <class View>
bool IsEmpty(const View& v) noexcept {
  return v.outer == 0 || v.axis == 0 || v.inner == 0;
}

/// Whether the axis is the last dimension, so that inner is 1.
template <class View>
bool IsRows(const View& v) noexcept {
  return v.inner == 1 && (v.axis <= 1 || v.axis_stride == 1);
}

template <typename T>
Rows<T> AsRows(const Planes<T>& v) noexcept {
  return Rows<T>(v.data, v.outer, v.axis, v.outer_stride);
}

/// Whether logsumexp has a column per inner index of x, and a row per outer
/// index.
template <class View>
bool HasLogsOf(const View& x, const Rows<float>& logsumexp) noexcept {
  return logsumexp.rows == x.outer && logsumexp.cols == x.inner;
}

/// Calls run(first, count, float* logs) for all rows of a logsumexp of one
/// column. If the elements of logsumexp have gaps, `logs` is a buffer, and
/// `run` gets a few rows at a time. The first call of `run` checks the
/// arguments that the caller has not checked.
template <class Run>
Status ForLogsOfRows(const Rows<float>& logsumexp, const Run& run) noexcept {
  const size_t rows = logsumexp.rows;
  if (rows <= 1 || logsumexp.stride == 1) {
    return run(size_t{0}, rows, logsumexp.data);
  }
  constexpr size_t kFewRows = 64;
  float logs[kFewRows];
  for (size_t r = 0; r < rows; r += kFewRows) {
    const size_t count = rows - r < kFewRows ? rows - r : kFewRows;
    if (Status s = run(r, count, logs); s != Status::kOk) return s;
    for (size_t k = 0; k < count; ++k) *logsumexp.Row(r + k) = logs[k];
  }
  return Status::kOk;
}

/// Writes the logsumexp of planes whose axis has no index: -inf.
inline void FillMinusInfinity(const Rows<float>& logsumexp) noexcept {
  for (size_t o = 0; o < logsumexp.rows; ++o) {
    FillMinusInfinity(logsumexp.Row(o), logsumexp.cols);
  }
}

/// LogSumExpOfOneColumn for planes whose axis has one element.
inline void LogSumExpOfAxisOfOne(const Planes<const float>& x,
                                 const Rows<float>& logsumexp,
                                 float scale) noexcept {
  for (size_t o = 0; o < x.outer; ++o) {
    LogSumExpOfOneColumn(
        Rows<const float>(x.data + o * x.outer_stride, x.inner, 1),
        logsumexp.Row(o), scale);
  }
}

/// MapOneColumn for planes whose axis has one element.
inline void MapAxisOfOne(const Planes<const float>& x, const Planes<float>& y,
                         float if_finite, float if_masked) noexcept {
  for (size_t o = 0; o < x.outer; ++o) {
    MapOneColumn(Rows<const float>(x.data + o * x.outer_stride, x.inner, 1),
                 Rows<float>(y.data + o * y.outer_stride, y.inner, 1),
                 if_finite, if_masked);
  }
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_PLANES_AS_ROWS_H_
