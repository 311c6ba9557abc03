/* SPDX-License-Identifier: Apache-2.0 */
#include "../digest.h"

/* Every function by its name, every value against its name. */
static int CheckNames(void) {
  int target = -1;
  int failures = 0;
  failures +=
      strcmp(softlane_status_name(SOFTLANE_BAD_OPTION), "kBadOption") != 0;
  failures += strcmp(softlane_status_name(256), "unknown") != 0;
  failures += strcmp(softlane_status_name(-1), "unknown") != 0;
  failures +=
      strcmp(softlane_target_name(SOFTLANE_TARGET_AVX512), "avx512") != 0;
  failures += !softlane_parse_target("neon", &target);
  failures += target != SOFTLANE_TARGET_NEON;
  failures += softlane_parse_target("sse", &target) || target != 4;
  failures += softlane_parse_target(NULL, &target);
  failures += !softlane_is_available(softlane_best_target());
  failures += softlane_is_available(256 + SOFTLANE_TARGET_BASELINE);
  failures += softlane_auto_target() == SOFTLANE_TARGET_AUTO;
  failures += softlane_exp(NULL, 1, NULL, 1, 1, 1, SOFTLANE_TARGET_AUTO) !=
              SOFTLANE_NULL_POINTER;
  return failures;
}

int main(void) {
  const int failures = CheckNames() + DigestAll();
  printf("%d failures\n", failures);
  return failures != 0;
}
