// SPDX-License-Identifier: Apache-2.0
#include "../digest.h"

extern "C" __attribute__((visibility("default"))) int PluginRun() {
  return DigestAll();
}
