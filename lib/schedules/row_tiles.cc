// SPDX-License-Identifier: Apache-2.0
#include "schedules/row_tiles.h"

#include <cstring>

#include "schedules/other_rows.h"

namespace softlane {
namespace internal {

// Does rows of two or of three columns. The loops are not vectorized, because a
// vector would span several rows, whose stride is unknown to the compiler.
void PadRows(const Rows<const float>& x, size_t first, size_t count,
             float* to) {
  const float* from = x.Row(first);
  for (size_t i = 0; i < count; ++i, to += kPaddedCols) {
    std::memcpy(to, from, 2 * sizeof(float));
    to[2] = x.cols > 2 ? from[2] : -kInfinity;
    to[3] = -kInfinity;
    if (i + 1 < count) from += x.stride;
    __asm__ volatile("");
  }
}

void CopyPaddedRows(const float* from, const Rows<float>& y, size_t first,
                    size_t count) {
  float* to = y.Row(first);
  for (size_t i = 0; i < count; ++i, from += kPaddedCols) {
    std::memcpy(to, from, 2 * sizeof(float));
    if (y.cols > 2) to[2] = from[2];
    if (i + 1 < count) to += y.stride;
    __asm__ volatile("");
  }
}

void OtherLanes::Find(const ScaleParts& parts, const Tile& tile,
                      TileRows& rows) {
  count_ = FindOthers(tile.max, tile.width, parts, lanes_);
  for (size_t k = 0; k < count_; ++k) {
    const size_t i = lanes_[k];
    if (IsFiniteMax(tile.max[i])) rows.to[i] = nowhere_;
  }
}

void OtherLanes::SetEmptyLanes(const SoftmaxCall& call, Tile& tile) const {
  for (size_t k = 0; k < count_; ++k) {
    const size_t i = lanes_[k];
    if (tile.sums[i] != 0.0) continue;
    tile.head[i] = tile.rest[i] = EmptyValue(call.empty_row, false);
  }
}

void OtherLanes::SetEmptyLogs(const SoftmaxCall& call, const Tile& tile,
                              double* logs) const {
  for (size_t k = 0; k < count_; ++k) {
    const size_t i = lanes_[k];
    if (tile.sums[i] == 0.0) logs[i] = EmptyValue(call.empty_row, false);
  }
}

void OtherLanes::WriteMaxima(const SoftmaxCall& call, const TileRows& rows,
                             size_t cols) const {
  for (size_t k = 0; k < count_ && lanes_[k] < rows.count; ++k) {
    const size_t i = lanes_[k];
    call.logsumexp[rows.first + i] = call.row.max_or_nan(rows.from[i], cols);
  }
}

void OtherLanes::RunEach(const SoftmaxCall& call, const TileRows& rows) const {
  for (size_t k = 0; k < count_ && lanes_[k] < rows.count; ++k) {
    const size_t i = lanes_[k];
    if (IsFar(rows, i)) RunRowByRow(call, rows.first + i, 1);
  }
}

}  // namespace internal
}  // namespace softlane
