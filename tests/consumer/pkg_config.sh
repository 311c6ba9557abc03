#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pkg_config.sh CC PKG-CONFIG DIRECTORY-OF-THE-PC-FILE PROGRAM VERSION: a program in C,
# built with one command by the C compiler, linked with nothing else but libm.
set -eu
PKG_CONFIG_PATH=$3
export PKG_CONFIG_PATH
"$2" "--exact-version=$5" softlane
# shellcheck disable=SC2046 # the flags are words
"$1" -std=c99 -Wall -Wextra -pedantic-errors -Werror -O2 \
  "$(dirname "$0")/c/digest.c" $("$2" --cflags --libs softlane) -lm -o "$4"
# shellcheck disable=SC2086
exec ${EMULATOR:-} "$4"
