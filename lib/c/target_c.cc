// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace {

using softlane::Status;
using softlane::Target;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

const char* softlane_status_name(int status) {
  return softlane::StatusName(FromInt<Status>(status));
}

const char* softlane_target_name(int target) {
  return softlane::TargetName(FromInt<Target>(target));
}

int softlane_parse_target(const char* name, int* target) {
  if (name == nullptr) return 0;
  const auto parsed = softlane::ParseTarget(name);
  if (parsed) *target = ToInt(*parsed);
  return parsed ? 1 : 0;
}

int softlane_is_available(int target) {
  return softlane::IsAvailable(FromInt<Target>(target)) ? 1 : 0;
}

size_t softlane_available_targets(int targets[4]) {
  const softlane::TargetList list = softlane::AvailableTargets();
  for (size_t i = 0; i < list.size; ++i) targets[i] = ToInt(list.data[i]);
  return list.size;
}

int softlane_best_target(void) { return ToInt(softlane::BestTarget()); }

int softlane_auto_target(void) { return ToInt(softlane::AutoTarget()); }

}  // extern "C"
