// SPDX-License-Identifier: Apache-2.0
#include "schedules/row_tiles.h"

#include <cstring>

namespace softlane {
namespace internal {

// One of two columns or of three. The loops are not vectorized: a vector would
// take several rows, whose stride it does not know.
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

}  // namespace internal
}  // namespace softlane
