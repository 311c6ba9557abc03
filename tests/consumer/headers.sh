#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# headers.sh C-COMPILER C++-COMPILER INCLUDE-DIRECTORY SCRATCH-DIRECTORY: each public
# header by itself, not as a system header, gives no warning in any standard.
set -eu
cc=$1 cxx=$2 include=$3 scratch=$4
mkdir -p "$scratch"
failures=0

common='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wundef
  -Wnull-dereference -Werror'
only_cxx='-Wold-style-cast -Wzero-as-null-pointer-constant -Wuseless-cast'

accepts() { # accepts COMPILER LANGUAGE FLAGS...
  compiler=$1 language=$2
  shift 2
  echo 'int softlane_nothing;' | "$compiler" -x "$language" -Werror "$@" -fsyntax-only - >/dev/null 2>&1
}

check() { # check COMPILER LANGUAGE HEADER FLAGS...: with those of the flags that it knows
  compiler=$1 language=$2 header=$3
  shift 3
  printf '#include "%s"\nextern int softlane_nothing;\n' "$header" >"$scratch/header.$language"
  if ! "$compiler" -x "$language" "$@" -I "$include" -fsyntax-only "$scratch/header.$language"; then
    echo "$compiler $* $header"
    failures=$((failures + 1))
  fi
}

known() { # known COMPILER LANGUAGE FLAGS...: prints those that it knows
  compiler=$1 language=$2
  shift 2
  for flag in "$@"; do
    if accepts "$compiler" "$language" "$flag"; then printf '%s ' "$flag"; fi
  done
}

# shellcheck disable=SC2086 # the flags are words
cxx_flags=$(known "$cxx" c++ $common $only_cxx)
# shellcheck disable=SC2086
c_flags=$(known "$cc" c $common)
checked=0
for path in "$include"/softlane/*.h; do
  header=softlane/$(basename "$path")
  for standard in c++17 c++20 c++2b; do
    accepts "$cxx" c++ "-std=$standard" || continue
    # shellcheck disable=SC2086
    check "$cxx" c++ "$header" "-std=$standard" $cxx_flags
    checked=$((checked + 1))
  done
done
for standard in c99 c11 c17 c2x; do
  accepts "$cc" c "-std=$standard" || continue
  for header in softlane/c.h softlane/c_types.h softlane/version.h; do
    # shellcheck disable=SC2086
    check "$cc" c "$header" "-std=$standard" $c_flags
    checked=$((checked + 1))
  done
done
echo "$checked headers and standards with $cxx_flags: $failures failures"
[ "$failures" -eq 0 ] && [ "$checked" -gt 0 ]
