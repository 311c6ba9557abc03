// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernel.h"
#include "reference.h"

namespace softlane {
namespace bench {
namespace {

Status Run(const Operands& o, Target target) {
  return Softmax(o.x, o.y, {}, target);
}

Status RunAny(const Operands& o, Target target) {
  return Softmax(o.any_x, o.any_y, {}, target);
}

Status RunWithLogSumExp(const Operands& o, Target target) {
  return SoftmaxWithLogSumExp(o.x, o.y, o.row_results, {}, target);
}

float NaiveRow(const float* x, float* y, size_t n) {
  const float max = *std::max_element(x, x + n);
  float sum = 0.0f;
  for (size_t i = 0; i < n; ++i) {
    y[i] = std::exp(x[i] - max);
    sum += y[i];
  }
  for (size_t i = 0; i < n; ++i) y[i] /= sum;
  return max + std::log(sum);
}

void Naive(const Operands& o) {
  for (size_t r = 0; r < o.x.rows; ++r) {
    o.row_results[r] = NaiveRow(o.x.Row(r), o.y.Row(r), o.x.cols);
  }
}

double Error(const Operands& o) {
  double worst = 0.0;
  for (size_t r = 0; r < o.x.rows; ++r) {
    const SoftmaxReference want = ReferenceSoftmax(o.x.Row(r), o.x.cols, 1.0f);
    for (size_t i = 0; i < o.x.cols; ++i) {
      worst = std::max(worst, UlpError(o.y.Row(r)[i], want.probs[i]));
    }
  }
  return worst / kSoftmaxMaxUlp;
}

double ErrorWithLogSumExp(const Operands& o) {
  double worst = Error(o);
  for (size_t r = 0; r < o.x.rows; ++r) {
    const double want = ReferenceSoftmax(o.x.Row(r), o.x.cols, 1.0f).logsumexp;
    const double error = std::abs(o.row_results[r] - want);
    worst = std::max(
        worst, error / std::max(1.0, std::abs(want)) / kLogSumExpMaxError);
  }
  return worst;
}

// Other libraries subtract the maximum in float and sum millions of terms in
// float.
double ErrorOfOthers(size_t cols) {
  const double relative = cols > 1000000 ? 2e-2 : 1e-4;
  return relative / (kSoftmaxMaxUlp * 0x1p-24);
}

// Rows that no cache holds are read once more, for their sum.
constexpr Floor kFloor = {1.0, 0.0, {0.0, 1.0}, {1.0, 1.0}};

}  // namespace

const Kernel kSoftmax = {"softmax", 8.0,   false,         kFloor, Run,
                         Naive,     Error, ErrorOfOthers, RunAny};
const Kernel kSoftmaxWithLogSumExp = {
    "softmax_logsumexp", 8.0,          false, {}, RunWithLogSumExp, Naive,
    ErrorWithLogSumExp,  ErrorOfOthers};

}  // namespace bench
}  // namespace softlane
