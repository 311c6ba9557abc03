// SPDX-License-Identifier: Apache-2.0
#include "softlane/version.h"

namespace softlane {
inline namespace v1 {

int Version() noexcept { return SOFTLANE_VERSION; }

}  // namespace v1
}  // namespace softlane
