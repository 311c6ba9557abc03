// SPDX-License-Identifier: Apache-2.0
// Attention scores with a scale and an additive mask.

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernel.h"
#include "reference.h"

namespace softlane {
namespace bench {
namespace {

constexpr float kScale = 0.125f;

Status Run(const Operands& o, Target target) {
  AttentionOptions options;
  options.scale = kScale;
  options.bias = o.second;
  return AttentionSoftmax(o.x, o.y, options, target);
}

void Naive(const Operands& o) {
  const size_t n = o.x.cols;
  for (size_t r = 0; r < o.x.rows; ++r) {
    float* y = o.y.Row(r);
    for (size_t i = 0; i < n; ++i) {
      y[i] = kScale * o.x.Row(r)[i] + o.second.Row(r)[i];
    }
    const float max = *std::max_element(y, y + n);
    float sum = 0.0f;
    for (size_t i = 0; i < n; ++i) {
      y[i] = std::exp(y[i] - max);
      sum += y[i];
    }
    for (size_t i = 0; i < n; ++i) y[i] /= sum;
  }
}

double Error(const Operands& o) {
  double worst = 0.0;
  for (size_t r = 0; r < o.x.rows; ++r) {
    std::vector<float> z(o.x.cols);
    for (size_t i = 0; i < z.size(); ++i) {
      const float scaled = kScale * o.x.Row(r)[i];
      z[i] = scaled + o.second.Row(r)[i];
    }
    const SoftmaxReference want = ReferenceSoftmax(z.data(), z.size(), 1.0f);
    for (size_t i = 0; i < z.size(); ++i) {
      worst = std::max(worst, UlpError(o.y.Row(r)[i], want.probs[i]));
    }
  }
  return worst / kSoftmaxMaxUlp;
}

double ErrorOfOthers(size_t cols) {
  return (cols > 1000000 ? 2e-2 : 1e-4) * 0x1p23 / kSoftmaxMaxUlp;
}

constexpr Floor kFloor = {1.0, 2.0, {1.0, 1.0}, {1.0, 1.0}};

}  // namespace

const Kernel kAttentionSoftmax = {
    "attention_softmax", 12.0, false, kFloor, Run, Naive, Error, ErrorOfOthers};

}  // namespace bench
}  // namespace softlane
