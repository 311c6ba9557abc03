// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernel.h"
#include "reference.h"

namespace softlane {
namespace bench {
namespace {

Status Run(const Operands& o, Target target) { return Exp(o.x, o.y, target); }

Status RunAny(const Operands& o, Target target) {
  return Exp(o.any_x, o.any_y, target);
}

void Naive(const Operands& o) {
  for (size_t r = 0; r < o.x.rows; ++r) {
    const float* x = o.x.Row(r);
    float* y = o.y.Row(r);
    for (size_t i = 0; i < o.x.cols; ++i) y[i] = std::exp(x[i]);
  }
}

double Error(const Operands& o) {
  double worst = 0.0;
  for (size_t r = 0; r < o.x.rows; ++r) {
    for (size_t i = 0; i < o.x.cols; ++i) {
      worst = std::max(
          worst, UlpError(o.y.Row(r)[i], std::exp(double{o.x.Row(r)[i]})));
    }
  }
  return worst / kExpMaxUlp;
}

double ErrorOfOthers(size_t) { return 2.0; }

}  // namespace

const Kernel kExp = {"exp", 8.0,   false,         {},    Run,
                     Naive, Error, ErrorOfOthers, RunAny};

}  // namespace bench
}  // namespace softlane
