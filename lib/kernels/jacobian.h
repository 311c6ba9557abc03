// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_JACOBIAN_H_
#define SOFTLANE_LIB_KERNELS_JACOBIAN_H_

#include "dispatch.h"
#include "softlane/rows.h"

namespace softlane {
namespace internal {

/// Row i, column j: p_i ((i == j) - p_j), of as many probabilities as there are
/// rows. Off the diagonal -(p_i p_j), which is the same product as -(p_j p_i);
/// on it p - p^2, rounded once. One pass, which writes each element once.
using JacobianFunction = void(const float* p, const Rows<float>& jacobian);

extern const KernelTable<JacobianFunction> kJacobian;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_JACOBIAN_H_
