// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_HALF_EXPONENTIALS_H_
#define SOFTLANE_LIB_KERNELS_HALF_EXPONENTIALS_H_

#include <cstddef>

#include "dispatch.h"

namespace softlane {
namespace internal {

struct HalfExponentials {
  /// y = exp(x) for n elements of the same half type, whole blocks of 64. y may
  /// be x. The index is HalfIndexOf the type. Null: the target has none.
  void (*exp[2])(const void* x, void* y, size_t n);
};

extern const KernelTable<const HalfExponentials> kHalfExponentials;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_HALF_EXPONENTIALS_H_
