// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_LOG_GRADIENT_COLUMNS_H_
#define SOFTLANE_LIB_KERNELS_LOG_GRADIENT_COLUMNS_H_

#include "dispatch.h"
#include "kernels/column_tiles.h"

namespace softlane {
namespace internal {

/// Writes the gradients of log-softmax's backward pass for a tile of columns,
/// from the sums of d in the tile. log_p and d have room for 4 more elements,
/// and the values of log_p may change.
using LogGradientColumns = void(float* log_p, float* d, float scale,
                                const Tile& tile, const ColumnsOut& out);
extern const KernelTable<LogGradientColumns> kLogGradientColumns;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_LOG_GRADIENT_COLUMNS_H_
