// SPDX-License-Identifier: Apache-2.0
#include "one_column.h"

#include <limits>

#include "check.h"

namespace softlane {
namespace internal {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Keeps the compiler from vectorizing a loop. Calls with one column have few
// rows, and a vectorized loop has ten times the code.
void KeepLoop() { __asm__ volatile(""); }

}  // namespace

void MapOneColumn(const Rows<const float>& x, const Rows<float>& y,
                  float if_finite, float if_masked) noexcept {
  constexpr uint32_t kMinusInfinity = 0xFF800000u;
  for (size_t r = 0; r < x.rows; ++r) {
    KeepLoop();
    const float logit = *x.Row(r);
    const float if_not = BitsOf(logit) == kMinusInfinity ? if_masked : kNaN;
    *y.Row(r) = IsFinite(logit) ? if_finite : if_not;
  }
}

void LogSumExpOfOneColumn(const Rows<const float>& x, float* logsumexp,
                          float scale) noexcept {
  for (size_t r = 0; r < x.rows; ++r) {
    KeepLoop();
    const float logit = *x.Row(r);
    // Adding 0 turns -0 into +0, because a maximum of zero is +0.
    const double scaled = static_cast<double>(scale) * logit + 0.0;
    const float if_not = logit == logit ? logit : kNaN;
    logsumexp[r] = IsFinite(logit) ? static_cast<float>(scaled) : if_not;
  }
}

}  // namespace internal
}  // namespace softlane
