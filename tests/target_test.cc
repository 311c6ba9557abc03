// SPDX-License-Identifier: Apache-2.0
#include "softlane/target.h"

#include <cstdlib>
#include <string>

#include "doctest/doctest.h"
#include "each_target.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr Target kTargets[] = {Target::kAuto, Target::kBaseline, Target::kAvx2,
                               Target::kAvx512, Target::kNeon};

TEST_CASE("target: names, there and back") {
  for (const Target target : kTargets) {
    CHECK(ParseTarget(TargetName(target)) == target);
  }
  CHECK(TargetName(static_cast<Target>(5)) == std::string("unknown"));
  for (const char* name : {"", "AVX2", "avx", "avx5120", "unknown", " avx2"}) {
    CHECK(!ParseTarget(name));
  }
}

TEST_CASE("target: what is available") {
  const TargetList list = AvailableTargets();
  REQUIRE(list.size >= 1);
  CHECK(list.data[0] == BestTarget());
  CHECK(IsAvailable(Target::kBaseline));
  size_t listed = 0;
  for (const Target target : list) {
    CHECK(target != Target::kAuto);
    CHECK(IsAvailable(target));
    ++listed;
  }
  size_t available = 0;
  for (const Target target : kTargets) {
    available += target != Target::kAuto && IsAvailable(target);
  }
  CHECK(listed == available);
  for (int value = 5; value < 256; ++value) {
    CHECK(!IsAvailable(static_cast<Target>(value)));
  }
}

// This file is run several times, with SOFTLANE_TARGET set to what a target is
// called, to nonsense, and not at all.
TEST_CASE("target: the environment redirects kAuto and nothing else") {
#ifdef SOFTLANE_NO_ENVIRONMENT
  const char* name = nullptr;
#else
  const char* name = std::getenv("SOFTLANE_TARGET");
#endif
  float x = 0.0f;
  const Rows<float> view(&x, 1, 1);
  const bool is_set =
      name != nullptr && *name != '\0' && std::string(name) != "auto";
  if (!is_set) {
    CHECK(AutoTarget() == BestTarget());
  } else if (const auto target = ParseTarget(name);
             target && IsAvailable(*target)) {
    CHECK(AutoTarget() == *target);
  } else {
    CHECK(AutoTarget() == Target::kAuto);
    CHECK(!IsAvailable(Target::kAuto));
    CHECK(Exp(view, view) == Status::kTargetUnavailable);
    CHECK(x == 0.0f);
    CHECK(Exp(view, view, BestTarget()) == Status::kOk);
    return;
  }
  CHECK(IsAvailable(Target::kAuto));
  CHECK(Exp(view, view) == Status::kOk);
  CHECK(x == 1.0f);
}

TEST_CASE("status: names") {
  CHECK(StatusName(Status::kOk) == std::string("kOk"));
  CHECK(StatusName(Status::kNullPointer) == std::string("kNullPointer"));
  CHECK(StatusName(Status::kBadShape) == std::string("kBadShape"));
  CHECK(StatusName(Status::kOverlap) == std::string("kOverlap"));
  CHECK(StatusName(Status::kBadOption) == std::string("kBadOption"));
  CHECK(StatusName(Status::kBadLabel) == std::string("kBadLabel"));
  CHECK(StatusName(Status::kTargetUnavailable) ==
        std::string("kTargetUnavailable"));
  CHECK(StatusName(static_cast<Status>(7)) == std::string("unknown"));
}

}  // namespace
}  // namespace softlane
