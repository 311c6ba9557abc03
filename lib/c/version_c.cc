// SPDX-License-Identifier: Apache-2.0
#include "softlane/version.h"

extern "C" int softlane_version(void) { return softlane::Version(); }
