// SPDX-License-Identifier: Apache-2.0
// The mean loss of one label per row, and its gradient, in one call.

#include <algorithm>
#include <cmath>

#include "kernel.h"
#include "labels.h"
#include "reference.h"

namespace softlane {
namespace bench {
namespace {

Status Run(const Operands& o, Target target) {
  return CrossEntropy(o.x, LabelsOf(o.x), o.row_results, o.y, {}, nullptr,
                      target);
}

void Naive(const Operands& o) {
  const int64_t* labels = LabelsOf(o.x);
  const size_t n = o.x.cols;
  const float share = 1.0f / static_cast<float>(o.x.rows);
  float loss = 0.0f;
  for (size_t r = 0; r < o.x.rows; ++r) {
    const float* x = o.x.Row(r);
    float* dx = o.y.Row(r);
    const float max = *std::max_element(x, x + n);
    float sum = 0.0f;
    for (size_t i = 0; i < n; ++i) {
      dx[i] = std::exp(x[i] - max);
      sum += dx[i];
    }
    loss += std::log(sum) + max - x[labels[r]];
    for (size_t i = 0; i < n; ++i) dx[i] *= share / sum;
    dx[labels[r]] -= share;
  }
  o.row_results[0] = loss * share;
}

double Error(const Operands& o) {
  const int64_t* labels = LabelsOf(o.x);
  const double share = 1.0 / static_cast<double>(o.x.rows);
  double worst = 0.0, loss = 0.0;
  for (size_t r = 0; r < o.x.rows; ++r) {
    const SoftmaxReference want = ReferenceSoftmax(o.x.Row(r), o.x.cols, 1.0f);
    loss += want.logsumexp - double{o.x.Row(r)[labels[r]]};
    for (size_t i = 0; i < o.x.cols; ++i) {
      const bool is_label = static_cast<int64_t>(i) == labels[r];
      const double p = want.probs[i];
      const double gradient = share * (is_label ? p - 1.0 : p);
      const double error = std::abs(o.y.Row(r)[i] - gradient);
      worst = std::max(worst, error / (share * (is_label ? 1.0 : p)));
    }
  }
  worst /= kCrossEntropyGradientMaxError * 0x1p-24;
  const double error = std::abs(o.row_results[0] - loss * share);
  return std::max(worst,
                  error / std::max(1.0, loss * share) / kCrossEntropyMaxError);
}

// Other libraries sum millions of terms in float.
double ErrorOfOthers(size_t cols) {
  const double relative = cols > 1000000 ? 5e-2 : 1e-4;
  return relative / (kCrossEntropyGradientMaxError * 0x1p-24);
}

constexpr Floor kFloor = {1.0, 0.0, {0.0, 1.0}, {1.0, 1.0}};

}  // namespace

const Kernel kCrossEntropy = {"cross_entropy", 8.0,   false,        kFloor, Run,
                              Naive,           Error, ErrorOfOthers};

}  // namespace bench
}  // namespace softlane
