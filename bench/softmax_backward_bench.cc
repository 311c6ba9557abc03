// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernel.h"
#include "reference.h"

namespace softlane {
namespace bench {
namespace {

Status Run(const Operands& o, Target target) {
  return SoftmaxBackward(o.x, o.second, o.y, 1.0f, target);
}

void Naive(const Operands& o) {
  for (size_t r = 0; r < o.x.rows; ++r) {
    const float* p = o.x.Row(r);
    const float* dp = o.second.Row(r);
    float* dx = o.y.Row(r);
    float dot = 0.0f;
    for (size_t i = 0; i < o.x.cols; ++i) dot += p[i] * dp[i];
    for (size_t i = 0; i < o.x.cols; ++i) dx[i] = p[i] * (dp[i] - dot);
  }
}

double Error(const Operands& o) {
  double worst = 0.0;
  for (size_t r = 0; r < o.x.rows; ++r) {
    const BackwardReference want =
        ReferenceBackward(o.x.Row(r), o.second.Row(r), o.x.cols, 1.0f);
    for (size_t i = 0; i < o.x.cols; ++i) {
      const double error = std::abs(o.y.Row(r)[i] - want.dlogits[i]);
      worst = std::max(worst, error / (want.magnitude[i] + 0x1p-149));
    }
  }
  return worst / (kSoftmaxBackwardMaxError * 0x1p-24);
}

// Other libraries sum millions of terms in float.
double ErrorOfOthers(size_t cols) {
  const double relative = cols > 1000000 ? 2e-2 : 1e-4;
  return relative / (kSoftmaxBackwardMaxError * 0x1p-24);
}

// Rows that no cache holds are read twice, the first time for the dot product.
constexpr Floor kFloor = {0.0, 5.0, {1.0, 1.0}, {3.0, 1.0}};

}  // namespace

const Kernel kSoftmaxBackward = {
    "softmax_backward", 12.0, true, kFloor, Run, Naive, Error, ErrorOfOthers};

}  // namespace bench
}  // namespace softlane
