// SPDX-License-Identifier: Apache-2.0
#include "host.h"

int main() { return HostCheck() != 0; }
