#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the fuzz harness with clang's libFuzzer,
# AddressSanitizer and UBSan, and runs it:
#   cmake/fuzz.sh [SECONDS] [FUNCTION]
# Without FUNCTION all functions of softlane/c.h share the seconds, 1800 by default, and
# each stops early after 2 million executions. Inputs that reach new code stay in
# build/fuzz/corpus for the next run.
set -eu
cd "$(dirname "$0")/.."
. cmake/dependencies.sh

seconds=${1:-1800}
functions=${2:-$(sed -n 's/.*\(softlane_[a-z0-9_]*\)(.*/\1/p' include/softlane/c.h)}
runs=2000000
[ -z "${2:-}" ] || runs=-1
: "${CC:=clang}" "${CXX:=clang++}"
export CC CXX

missing=
require "$CXX" "$CC" # the package has the name of the C compiler
install_missing
install_dependencies fuzzer

build=build/fuzz
cmake -S . -B "$build" -G Ninja -DSOFTLANE_FUZZ=ON -DSOFTLANE_BUILD_BENCH=OFF \
  -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1" \
  -DSOFTLANE_SANITIZE=address,undefined,fuzzer-no-link \
  -DSOFTLANE_HIGHWAY_INCLUDE_DIR="${SOFTLANE_HIGHWAY_INCLUDE_DIR:-}"
cmake --build "$build" --target softlane_fuzz

count=0
for function in $functions; do count=$((count + 1)); done
for function in $functions; do
  corpus=$build/corpus/$function
  mkdir -p "$corpus"
  # A large corpus makes the entropic schedule slower than the calls.
  if ! SOFTLANE_FUZZ_FUNCTION=$function "$build/tests/fuzz/softlane_fuzz" \
    -max_total_time=$(((seconds + count - 1) / count)) -runs=$runs -max_len=256 \
    -len_control=0 -entropic=0 -print_final_stats=1 \
    -artifact_prefix="$build/$function-" "$corpus" tests/fuzz/corpus \
    >"$build/$function.log" 2>&1; then
    grep -v -e '^#' -e NEW_FUNC "$build/$function.log" | tail -40
    echo "softlane: $function failed; the input is in $build" >&2
    exit 1
  fi
  [ "$count" -eq 1 ] || echo "$function: $(sed -n \
    's/^stat::average_exec_per_sec: *//p' "$build/$function.log") executions/s"
done
echo
sed -n '/^function /p' "$build/$function.log"
for function in $functions; do grep "^$function " "$build/$function.log"; done
