/* SPDX-License-Identifier: Apache-2.0 */
/* One function of the library, and no other: see one_family.sh. */
#include <stdio.h>

#include "softlane/c.h"

int main(void) {
  float x[3] = {1.0f, 2.0f, 3.0f};
  const int status =
      softlane_softmax(x, SOFTLANE_F32, 3, x, SOFTLANE_F32, 3, 1, 3, 1.0f,
                       SOFTLANE_EMPTY_ROW_NAN, SOFTLANE_TARGET_AUTO);
  printf("%d: %g %g %g\n", status, (double)x[0], (double)x[1], (double)x[2]);
  return status != SOFTLANE_OK || !(x[2] > 0.66f && x[2] < 0.67f);
}
