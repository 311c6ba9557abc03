// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_OTHER_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_OTHER_ROWS_H_

#include <cstddef>
#include <cstdint>

#include "arith/plan.h"

namespace softlane {
namespace internal {

/// Finds the rows whose maximum is not finite or beyond the direct limit, among
/// at most 255 rows. Returns their number. `others` has room for all rows and
/// one more.
size_t FindOthers(const float* maxima, size_t rows, const ScaleParts& parts,
                  uint8_t* others);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_OTHER_ROWS_H_
