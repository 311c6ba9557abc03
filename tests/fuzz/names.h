// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_NAMES_H_
#define SOFTLANE_TESTS_FUZZ_NAMES_H_

#include <cstring>
#include <string>

#include "softlane/c.h"
#include "source.h"

// The functions of softlane/c.h that compute nothing: names and targets.

namespace softlane {
namespace fuzz {

struct NameFunction {
  const char* name;
  bool (*is_good)(Source&);  // calls it, and tells whether the answer is right
};

constexpr const char* kStatusNames[] = {
    "kOk",        "kNullPointer", "kBadShape",         "kOverlap",
    "kBadOption", "kBadLabel",    "kTargetUnavailable"};
constexpr const char* kTargetNames[] = {"auto", "baseline", "avx2", "avx512",
                                        "neon"};

// A good value, or any int.
inline int ChooseValue(Source& source, int bound) {
  const size_t kind = source.Byte();
  if (kind < 128) return static_cast<int>(kind) % bound;
  const uint32_t word = source.Word();
  int value;
  std::memcpy(&value, &word, sizeof(value));
  return value;
}
template <size_t n>
bool IsNameOf(const char* name, int value, const char* const (&names)[n]) {
  const bool is_known = value >= 0 && value < static_cast<int>(n);
  return name != nullptr &&
         std::strcmp(name, is_known ? names[value] : "unknown") == 0;
}

inline bool IsGoodParse(Source& source) {
  std::string name = source.OneOf(kTargetNames);
  for (size_t edits = source.Below(3); edits > 0; --edits) {
    const size_t at = source.Below(name.size() + 1);
    name.insert(at, 1, static_cast<char>(source.Byte()));
  }
  int expected = -7, target = -7;
  for (int t = 0; t < 5; ++t) {
    if (std::strcmp(name.c_str(), kTargetNames[t]) == 0) expected = t;
  }
  const int found = softlane_parse_target(name.c_str(), &target);
  return found == (expected == -7 ? 0 : 1) && target == expected;
}

inline bool IsListed(int target) {
  int list[4];
  const size_t count = softlane_available_targets(list);
  for (size_t i = 0; i < count; ++i) {
    if (list[i] == target) return true;
  }
  return false;
}

inline const NameFunction kNameFunctions[] = {
    {"softlane_status_name",
     [](Source& source) {
       const int value = ChooseValue(source, 7);
       return IsNameOf(softlane_status_name(value), value, kStatusNames);
     }},
    {"softlane_target_name",
     [](Source& source) {
       const int value = ChooseValue(source, 5);
       return IsNameOf(softlane_target_name(value), value, kTargetNames);
     }},
    {"softlane_parse_target", IsGoodParse},
    {"softlane_is_available",
     [](Source& source) {
       const int value = ChooseValue(source, 5);
       const bool expected = value == SOFTLANE_TARGET_AUTO
                                 ? softlane_auto_target() != 0
                                 : IsListed(value);
       return softlane_is_available(value) == (expected ? 1 : 0);
     }},
    {"softlane_available_targets",
     [](Source&) {
       int list[] = {-7, -7, -7, -7, -7};
       const size_t count = softlane_available_targets(list);
       return count >= 1 && count <= 4 && list[4] == -7 &&
              IsListed(SOFTLANE_TARGET_BASELINE);
     }},
    {"softlane_best_target",
     [](Source&) {
       int list[4];
       softlane_available_targets(list);
       return softlane_best_target() == list[0];
     }},
    {"softlane_auto_target",
     [](Source&) {
       const int target = softlane_auto_target();
       return target == SOFTLANE_TARGET_AUTO || IsListed(target);
     }},
};
constexpr size_t kNumNameFunctions =
    sizeof(kNameFunctions) / sizeof(kNameFunctions[0]);

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_NAMES_H_
