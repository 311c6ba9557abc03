// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_C_STATES_H_
#define SOFTLANE_LIB_C_STATES_H_

#include <cstddef>

#include "softlane/c.h"
#include "softlane/softmax_state.h"

namespace softlane {
namespace c {

// The C struct and the C++ struct have the same bytes, so a pointer to one is a
// pointer to the other. The C twins read no member.
using CState = softlane_softmax_state;
static_assert(sizeof(CState) == sizeof(SoftmaxState) &&
                  alignof(CState) == alignof(SoftmaxState) &&
                  offsetof(CState, max_key) ==
                      offsetof(SoftmaxState, max_key) &&
                  offsetof(CState, window) == offsetof(SoftmaxState, window) &&
                  offsetof(CState, limbs) == offsetof(SoftmaxState, limbs),
              "");

inline SoftmaxState* FromC(CState* states) noexcept {
  return reinterpret_cast<SoftmaxState*>(states);
}
inline const SoftmaxState* FromC(const CState* states) noexcept {
  return reinterpret_cast<const SoftmaxState*>(states);
}

}  // namespace c
}  // namespace softlane

#endif  // SOFTLANE_LIB_C_STATES_H_
