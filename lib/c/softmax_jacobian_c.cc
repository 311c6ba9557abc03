// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/softmax_jacobian.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax_jacobian(const float* probs, size_t n, float* jacobian,
                              size_t jacobian_stride, int target) {
  return ToInt(softlane::SoftmaxJacobian(
      probs, n, {jacobian, n, n, jacobian_stride}, FromInt<Target>(target)));
}

}  // extern "C"
