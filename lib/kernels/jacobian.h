// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_JACOBIAN_H_
#define SOFTLANE_LIB_KERNELS_JACOBIAN_H_

#include "dispatch.h"
#include "softlane/rows.h"

namespace softlane {
namespace internal {

/// jacobian[i, j] = p_i ((i == j) - p_j). There are as many probabilities as
/// rows. Off the diagonal the element is -(p_i p_j), so the matrix is symmetric
/// to the bit. On the diagonal it is p - p^2, rounded once. The pass writes
/// each element once.
using JacobianFunction = void(const float* p, const Rows<float>& jacobian);

extern const KernelTable<JacobianFunction> kJacobian;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_JACOBIAN_H_
