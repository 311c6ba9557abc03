#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bits.sh OLD NEW [COUNT [TARGET ...]]: whether two builds of the library give the same
# bits. OLD and NEW are archives, libsoftlane.a; the calls are those of bits.cc, 100,000
# by default. Both archives must have this tree's headers. If OLD has other headers,
# SOFTLANE_OLD_TREE is its source tree, and calls of half types are left out.
set -eu
old=$1 new=$2 count=${3:-100000}
if [ $# -gt 3 ]; then shift 3; else set --; fi
[ $# -gt 0 ] || set -- baseline avx2 avx512 neon
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
compile() { # compile TESTS ARCHIVE PROGRAM
  "${CXX:-c++}" -std=c++17 -O2 -ffp-contract=off ${SOFTLANE_OLD_TREE:+-DSOFTLANE_TESTS_FLOATS} \
    -I"$1" -I"$1/../include" "$1/bits.cc" "$2" -o "$3"
}
compile "$here" "$new" "$scratch/new"
if [ -n "${SOFTLANE_OLD_TREE:-}" ]; then
  compile "$SOFTLANE_OLD_TREE/tests" "$old" "$scratch/old"
else
  compile "$here" "$old" "$scratch/old"
fi

failed=0 ran=0
for target in "$@"; do
  printf '%s: ' "$target"
  status=0
  "$scratch/old" "$target" "$count" "$scratch/old.words" || status=$?
  [ $status -ne 77 ] || continue
  [ $status -eq 0 ] || exit $status
  "$scratch/new" "$target" "$count" "$scratch/new.words"
  "$scratch/new" "$target" "$count" "$scratch/old.words" "$scratch/new.words" || failed=1
  ran=$((ran + 1))
done
[ $ran -gt 0 ] && [ $failed -eq 0 ]
