// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_C_CONVERT_H_
#define SOFTLANE_LIB_C_CONVERT_H_

#include "softlane/softmax.h"
#include "softlane/status.h"
#include "softlane/target.h"

// Conversions between the ints of softlane/c.h and the enumerators of C++.

namespace softlane {
namespace c {

// The enumerator of an int. An int without an enumerator gives 0xFF, which is
// no enumerator. A cast alone could wrap to an enumerator.
template <typename Enum>
Enum FromInt(int value) noexcept {
  return static_cast<Enum>(0 <= value && value < 0xFF ? value : 0xFF);
}

inline int ToInt(Status status) noexcept { return static_cast<int>(status); }
inline int ToInt(Target target) noexcept { return static_cast<int>(target); }

}  // namespace c
}  // namespace softlane

#endif  // SOFTLANE_LIB_C_CONVERT_H_
