#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# options.sh CMAKE SOURCE BUILD CMAKE-OPTIONS...: configures the project with the options
# of all variants, and looks at the commands that would compile it.
set -eu
cmake=$1 source=$2 build=$3
shift 3
failures=0

rm -rf "$build"
"$cmake" -S "$source" -B "$build" "$@" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DSOFTLANE_BUILD_TESTS=ON -DSOFTLANE_BUILD_BENCH=OFF \
  -DSOFTLANE_ENVIRONMENT=OFF -DSOFTLANE_SANITIZE=thread

expect() { # expect WORD FILE: every command that compiles the file has the word
  commands=$(grep '"command": ' "$build/compile_commands.json" | grep -F "$source/$2" || true)
  if [ -z "$commands" ] || printf '%s\n' "$commands" | grep -qvF -e " $1 "; then
    printf '%s is compiled without %s\n' "$2" "$1"
    failures=$((failures + 1))
  fi
}

for file in lib/dispatch.cc tests/target_test.cc; do
  expect -DSOFTLANE_NO_ENVIRONMENT "$file"
done
for path in "$source"/lib/*.cc "$source/tests/race_test.cc" "$source/tests/main.cc"; do
  expect -fsanitize=thread "${path#"$source/"}"
done
printf '%d failures\n' "$failures"
[ "$failures" -eq 0 ]
