// SPDX-License-Identifier: Apache-2.0
#include "schedules/other_rows.h"

#include <cstring>

namespace softlane {
namespace internal {

size_t FindOthers(const float* maxima, size_t rows, const ScaleParts& parts,
                  uint8_t* others) {
  // The bits of positive floats have the order of the floats, and infinity and
  // NaN are above all numbers. The limit is negative if no row is direct.
  const float limit = DirectLimitOf(parts);
  int32_t most;
  std::memcpy(&most, &limit, sizeof(most));
  size_t count = 0;
  for (size_t r = 0; r < rows; ++r) {
    int32_t bits;
    std::memcpy(&bits, maxima + r, sizeof(bits));
    // Without a branch, because it would often be mispredicted.
    others[count] = static_cast<uint8_t>(r);
    count += (bits & 0x7FFFFFFF) > most ? 1 : 0;
  }
  return count;
}

}  // namespace internal
}  // namespace softlane
