// SPDX-License-Identifier: Apache-2.0
#include "schedules/attention_short_rows.h"

#include "kernels/row_limits.h"

namespace softlane {
namespace internal {

void RunPartOfOneRow(const SoftmaxCall& call, const KeyRange& keys) {
  float* const y = call.y.data;
  FillRow(y, keys.begin, 0.0f);
  FillRow(y + keys.end, call.x.cols - keys.end, 0.0f);
  RunOneRowOfKeys(call, call.x.data, keys.begin, keys.end - keys.begin,
                  y + keys.begin);
}

void RunShortRowsOfKeys(const SoftmaxCall& call) {
  const Rows<float>& y = call.y;
  const size_t n = y.cols;
  for (size_t r = 0; r < y.rows;) {
    const size_t left = y.rows - r;
    const size_t count = left < kMaxShortRows ? left : kMaxShortRows;
    const size_t end = r + count;
    for (size_t i = r; i < end; ++i) {
      WriteLogits(call, call.x.Row(i), i, 0, n, y.Row(i));
    }
    r += call.kernels.short_rows(y.Row(r), y.stride, y.Row(r), y.stride, count,
                                 n, call.LogAt(r), call.parts);
    for (; r < end; ++r) RunByItself(call, r, 0, n, y.Row(r), y.Row(r));
  }
}

}  // namespace internal
}  // namespace softlane
