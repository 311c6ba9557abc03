// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_EXP_PASSES_H_
#define SOFTLANE_LIB_KERNELS_EXP_PASSES_H_

#include "dispatch.h"
#include "softlane/rows.h"

namespace softlane {
namespace internal {

/// y = exp(x), in place or not. The pass reads and writes each element once.
/// With is_streamed the results go past the caches and are not in place. The
/// x86-64 baseline ignores is_streamed.
using ExpPassFunction = void(const Rows<const float>& x, const Rows<float>& y,
                             bool is_streamed);

extern const KernelTable<ExpPassFunction> kExpRows;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_EXP_PASSES_H_
