// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/exp.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_exp(const float* x, size_t x_stride, float* y, size_t y_stride,
                 size_t rows, size_t cols, int target) {
  return ToInt(softlane::Exp({x, rows, cols, x_stride},
                             {y, rows, cols, y_stride},
                             FromInt<Target>(target)));
}

}  // extern "C"
