// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernel.h"
#include "reference.h"

namespace softlane {
namespace bench {
namespace {

Status Run(const Operands& o, Target target) {
  return LogSoftmax(o.x, o.y, {}, target);
}

Status RunAny(const Operands& o, Target target) {
  return LogSoftmax(o.any_x, o.any_y, {}, target);
}

void Naive(const Operands& o) {
  for (size_t r = 0; r < o.x.rows; ++r) {
    const float* x = o.x.Row(r);
    const size_t n = o.x.cols;
    const float max = *std::max_element(x, x + n);
    float sum = 0.0f;
    for (size_t i = 0; i < n; ++i) sum += std::exp(x[i] - max);
    const float log = max + std::log(sum);
    for (size_t i = 0; i < n; ++i) o.y.Row(r)[i] = x[i] - log;
  }
}

double Error(const Operands& o) {
  double worst = 0.0;
  for (size_t r = 0; r < o.x.rows; ++r) {
    const double log = ReferenceSoftmax(o.x.Row(r), o.x.cols, 1.0f).logsumexp;
    for (size_t i = 0; i < o.x.cols; ++i) {
      const double want = double{o.x.Row(r)[i]} - log;
      const double error = std::abs(o.y.Row(r)[i] - want);
      worst = std::max(worst, error / std::max(1.0, std::abs(want)));
    }
  }
  return worst / kLogSoftmaxMaxError;
}

// Other libraries sum millions of terms in float.
double ErrorOfOthers(size_t cols) {
  return (cols > 1000000 ? 2e-2 : 1e-4) / kLogSoftmaxMaxError;
}

constexpr Floor kFloor = {1.0, 0.0, {0.0, 1.0}, {1.0, 1.0}};

}  // namespace

const Kernel kLogSoftmax = {"log_softmax", 8.0,   false,         kFloor, Run,
                            Naive,         Error, ErrorOfOthers, RunAny};

}  // namespace bench
}  // namespace softlane
