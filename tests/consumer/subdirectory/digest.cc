// SPDX-License-Identifier: Apache-2.0
#include "../digest.h"

int main() { return DigestAll() != 0; }
