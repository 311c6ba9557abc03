// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_SPECIAL_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_SPECIAL_ROWS_H_

#include <cstddef>

namespace softlane {
namespace internal {

inline void FillRow(float* to, size_t n, float value) {
  for (size_t i = 0; i < n; ++i) to[i] = value;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_SPECIAL_ROWS_H_
