// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_AMOUNT_H_
#define SOFTLANE_TESTS_AMOUNT_H_

#include <cstddef>
#include <cstdlib>

// The amount of work of the long tests: all cases natively in Release, a part
// of them where a sanitizer or an emulator makes tests slow.

namespace softlane {

#ifdef SOFTLANE_FULL_TESTS
constexpr bool kFullTests = true;
#else
constexpr bool kFullTests = false;
#endif

// Whether the baseline, which is slow, does all that the other targets do in
// the longest tests: with the environment variable SOFTLANE_FULL_BASELINE.
inline bool IsBaselineFull() {
  return std::getenv("SOFTLANE_FULL_BASELINE") != nullptr;
}

// The environment variable, if it is set.
inline size_t Amount(const char* variable, size_t full, size_t part) {
  const char* value = std::getenv(variable);
  if (value != nullptr) return std::strtoull(value, nullptr, 10);
  return kFullTests ? full : part;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_AMOUNT_H_
