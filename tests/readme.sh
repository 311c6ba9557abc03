#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# readme.sh README CC CXX PREFIX DIRECTORY: the programs in the README can be compiled, and
# print what they should.
set -eu
readme=$1 cc=$2 cxx=$3 directory=$5
PKG_CONFIG_PATH=$4
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs softlane)
mkdir -p "$directory"
for language in cpp c; do
  awk -v fence="^\`\`\`$language\$" '$0 ~ fence { inside = 1; next } /^```/ { inside = 0 } inside' \
    "$readme" >"$directory/program.$language"
done
# shellcheck disable=SC2086 # the flags are words
"$cxx" -std=c++17 -Wall -Wextra -Werror "$directory/program.cpp" $flags -o "$directory/cpp"
# shellcheck disable=SC2086
"$cc" -std=c99 -Wall -Wextra -Werror "$directory/program.c" $flags -o "$directory/c"
want='0.0900306 0.244728 0.665241'
${EMULATOR:-} "$directory/cpp" | tee /dev/stderr | head -1 | grep -qxF "$want"
${EMULATOR:-} "$directory/c" | tee /dev/stderr | grep -qxF "kOk: $want"
