// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/exp.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_exp(const void* x, int x_type, size_t x_stride, void* y,
                 int y_type, size_t y_stride, size_t rows, size_t cols,
                 int target) {
  return ToInt(softlane::Exp(In(x, x_type, rows, cols, x_stride),
                             Out(y, y_type, rows, cols, y_stride),
                             FromInt<Target>(target)));
}

}  // extern "C"
