// SPDX-License-Identifier: Apache-2.0
#include "schedules/scaled_rows.h"

namespace softlane {
namespace internal {

void ScaleRow(const float* x, double factor, size_t n, float* y) {
  for (size_t i = 0; i < n; ++i) {
    y[i] = static_cast<float>(factor * x[i]);
  }
}

void AddScaledRow(const float* x, double from_factor, double factor, size_t n,
                  float* y) {
  for (size_t i = 0; i < n; ++i) {
    y[i] = static_cast<float>(factor * y[i] + from_factor * x[i]);
  }
}

}  // namespace internal
}  // namespace softlane
