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

double SumInLanes(const float* e, size_t n) {
  constexpr size_t kLanes = 8;
  double lanes[kLanes] = {};
  size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) lanes[k] += e[i + k];
  }
  for (size_t k = 0; i + k < n; ++k) lanes[k] += e[i + k];
  for (size_t half = kLanes / 2; half != 0; half /= 2) {
    for (size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
  }
  return lanes[0];
}

}  // namespace internal
}  // namespace softlane
