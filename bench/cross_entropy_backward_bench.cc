// SPDX-License-Identifier: Apache-2.0
// The gradient of the mean loss of one label per row, from the logsumexp of the
// forward pass.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "kernel.h"
#include "labels.h"
#include "reference.h"

namespace softlane {
namespace bench {
namespace {

// Those of the operands' logits, as the forward pass has saved them.
const float* LogSumExpsOf(const Rows<float>& logits) {
  static std::vector<float> saved;
  static const float* of = nullptr;
  if (of != logits.data || saved.size() != logits.rows) {
    of = logits.data;
    saved.resize(logits.rows);
    if (LogSumExp(logits, saved.data()) != Status::kOk) std::abort();
  }
  return saved.data();
}

Status Run(const Operands& o, Target target) {
  return CrossEntropyBackward(o.x, LogSumExpsOf(o.x), LabelsOf(o.x), o.y, {},
                              target);
}

void Naive(const Operands& o) {
  const int64_t* labels = LabelsOf(o.x);
  const float* logsumexps = LogSumExpsOf(o.x);
  const float share = 1.0f / static_cast<float>(o.x.rows);
  for (size_t r = 0; r < o.x.rows; ++r) {
    const float* x = o.x.Row(r);
    float* dx = o.y.Row(r);
    for (size_t i = 0; i < o.x.cols; ++i) {
      dx[i] = std::exp(x[i] - logsumexps[r]) * share;
    }
    dx[labels[r]] -= share;
  }
}

double Error(const Operands& o) {
  const int64_t* labels = LabelsOf(o.x);
  const double share = 1.0 / static_cast<double>(o.x.rows);
  double worst = 0.0;
  for (size_t r = 0; r < o.x.rows; ++r) {
    const SoftmaxReference want = ReferenceSoftmax(o.x.Row(r), o.x.cols, 1.0f);
    // The logsumexp errs, too.
    const double bound =
        kCrossEntropyBackwardMaxError * 0x1p-24 +
        kLogSumExpMaxError * std::max(1.0, std::abs(want.logsumexp));
    for (size_t i = 0; i < o.x.cols; ++i) {
      const double q = static_cast<int64_t>(i) == labels[r] ? 1.0 : 0.0;
      const double p = want.probs[i];
      const double error = std::abs(o.y.Row(r)[i] - share * (p - q));
      worst = std::max(worst, error / (share * (p + q) * bound));
    }
  }
  return worst;
}

// Other libraries subtract the logsumexp in float.
double ErrorOfOthers(size_t) {
  return 1e-4 / (kCrossEntropyBackwardMaxError * 0x1p-24);
}

constexpr Floor kFloor = {1.0, 0.0, {0.0, 1.0}, {0.0, 1.0}};

}  // namespace

const Kernel kCrossEntropyBackward = {"cross_entropy_backward",
                                      8.0,
                                      false,
                                      kFloor,
                                      Run,
                                      Naive,
                                      Error,
                                      ErrorOfOthers};

}  // namespace bench
}  // namespace softlane
