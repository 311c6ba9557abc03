// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_CPU_FEATURES_H_
#define SOFTLANE_LIB_ARITH_CPU_FEATURES_H_

#include <atomic>

namespace softlane {
namespace internal {

/// Whether a CPU with AVX-512 has AVX512-BF16. dispatch.cc stores it before the
/// first kernel runs.
extern std::atomic<bool> g_has_bfloat16;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_CPU_FEATURES_H_
