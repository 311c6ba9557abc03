// SPDX-License-Identifier: Apache-2.0
#include "softlane/version.h"

#include <string>

#include "doctest/doctest.h"
#include "softlane/c.h"

namespace softlane {
namespace {

TEST_CASE("the library has the version of its headers") {
  CHECK(Version() == SOFTLANE_VERSION);
  CHECK(softlane_version() == SOFTLANE_VERSION);
}

TEST_CASE("the number, the string and the build files have the same version") {
  CHECK(SOFTLANE_VERSION == 1000000 * SOFTLANE_VERSION_MAJOR +
                                1000 * SOFTLANE_VERSION_MINOR +
                                SOFTLANE_VERSION_PATCH);
  const std::string parts = std::to_string(SOFTLANE_VERSION_MAJOR) + "." +
                            std::to_string(SOFTLANE_VERSION_MINOR) + "." +
                            std::to_string(SOFTLANE_VERSION_PATCH);
  CHECK(parts == SOFTLANE_VERSION_STRING);
  CHECK(parts == SOFTLANE_TESTS_PROJECT_VERSION);
}

}  // namespace
}  // namespace softlane
