// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "doctest/doctest.h"
#include "each_target.h"

namespace {

// With SOFTLANE_REQUIRE_TARGETS=avx2,avx512 both targets must be available, and
// a test program that loops over targets must have run both.
bool RequiredTargetsRan() {
  const char* required = std::getenv("SOFTLANE_REQUIRE_TARGETS");
  if (required == nullptr) return true;
  bool ok = true;
  std::istringstream names(required);
  for (std::string name; std::getline(names, name, ',');) {
    const auto target = softlane::ParseTarget(name);
    const auto& run = softlane::TargetsRun();
    if (!target || !softlane::IsAvailable(*target) ||
        (!run.empty() && run.count(*target) == 0)) {
      std::fprintf(stderr, "required target did not run: %s\n", name.c_str());
      ok = false;
    }
  }
  return ok;
}

}  // namespace

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int failed = context.run();
  if (context.shouldExit()) return failed;
  return RequiredTargetsRan() ? failed : 1;
}
