// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernel.h"

namespace softlane {
namespace bench {
namespace {

Status Run(const Operands& o, Target target) {
  return RowMax(o.x, o.row_results, target);
}

void Naive(const Operands& o) {
  for (size_t r = 0; r < o.x.rows; ++r) {
    const float* x = o.x.Row(r);
    float max = -HUGE_VALF;
    for (size_t i = 0; i < o.x.cols; ++i) {
      if (!(x[i] <= max)) max = x[i];
    }
    o.row_results[r] = max;
  }
}

double Error(const Operands& o) {
  for (size_t r = 0; r < o.x.rows; ++r) {
    const float* x = o.x.Row(r);
    if (o.row_results[r] != *std::max_element(x, x + o.x.cols)) return HUGE_VAL;
  }
  return 0.0;
}

double ErrorOfOthers(size_t) { return 0.0; }

}  // namespace

const Kernel kRowMax = {"row_max", 4.0,   false, {},
                        Run,       Naive, Error, ErrorOfOthers};

}  // namespace bench
}  // namespace softlane
