// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_MAX_ROWS_H_
#define SOFTLANE_LIB_KERNELS_MAX_ROWS_H_

#include "dispatch.h"
#include "softlane/rows.h"

namespace softlane {
namespace internal {

/// max[r] = the maximum of row r, which is not empty; NaN if the row holds one.
/// One pass, which reads each element once.
using MaxRowsFunction = void(const Rows<const float>& x, float* max);

extern const KernelTable<MaxRowsFunction> kMaxRows;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_MAX_ROWS_H_
