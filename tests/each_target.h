// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_EACH_TARGET_H_
#define SOFTLANE_TESTS_EACH_TARGET_H_

#include <set>

#include "doctest/doctest.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

// doctest prints these types by these functions.
inline doctest::String toString(Status status) { return StatusName(status); }
inline doctest::String toString(Target target) { return TargetName(target); }

}  // namespace v1

// The targets for which a test body ran; main() compares it with the
// environment variable SOFTLANE_REQUIRE_TARGETS.
inline std::set<Target>& TargetsRun() {
  static std::set<Target> targets;
  return targets;
}

// AArch64's baseline is another name for NEON: dispatch.h has one pointer for
// both, planner.cc one plan. Most tests run one of the two.
enum class Twins { kSkipped, kRun };

// body(target), in a subcase named after the target, for each available one.
template <class Body>
void ForEachTarget(Twins twins, const Body& body) {
  for (const Target target : AvailableTargets()) {
    const bool is_twin =
        target == Target::kBaseline && IsAvailable(Target::kNeon);
    if (is_twin && twins == Twins::kSkipped) continue;
    SUBCASE(TargetName(target)) {
      TargetsRun().insert(target);
      body(target);
    }
  }
}
template <class Body>
void ForEachTarget(const Body& body) {
  ForEachTarget(Twins::kSkipped, body);
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_EACH_TARGET_H_
