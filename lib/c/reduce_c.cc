// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/reduce.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_row_max(const void* x, int x_type, size_t x_stride, float* max,
                     size_t rows, size_t cols, int target) {
  return ToInt(softlane::RowMax(In(x, x_type, rows, cols, x_stride), max,
                                FromInt<Target>(target)));
}

}  // extern "C"
