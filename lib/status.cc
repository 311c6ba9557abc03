// SPDX-License-Identifier: Apache-2.0
#include "softlane/status.h"

namespace softlane {
inline namespace v1 {

const char* StatusName(Status status) noexcept {
  switch (status) {
    case Status::kOk:
      return "kOk";
    case Status::kNullPointer:
      return "kNullPointer";
    case Status::kBadShape:
      return "kBadShape";
    case Status::kOverlap:
      return "kOverlap";
    case Status::kBadOption:
      return "kBadOption";
    case Status::kBadLabel:
      return "kBadLabel";
    case Status::kTargetUnavailable:
      return "kTargetUnavailable";
  }
  return "unknown";
}

}  // namespace v1
}  // namespace softlane
