#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs the whole test suite:
#   cmake/test.sh [--aarch64] [ctest arguments]
# With --aarch64: the NEON build, by a cross compiler, under qemu.
set -eu
cd "$(dirname "$0")/.."
. cmake/dependencies.sh

if [ "${1:-}" = --aarch64 ]; then
  shift
  build=build/aarch64
  install_dependencies doctest consumers aarch64
  configure_and_build "$build" -DSOFTLANE_BUILD_TESTS=ON -DSOFTLANE_BUILD_BENCH=OFF \
    -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/aarch64-linux-gnu.cmake"
  required=baseline,neon
else
  build=build/release
  install_dependencies doctest consumers
  configure_and_build "$build" -DSOFTLANE_BUILD_TESTS=ON -DSOFTLANE_BUILD_BENCH=OFF
  # What the kernel says of the CPU, not what the library says: those must run.
  required=baseline
  if grep -qsw avx2 /proc/cpuinfo; then required=$required,avx2; fi
  if grep -qsw avx512vl /proc/cpuinfo; then required=$required,avx512; fi
  if [ "$(uname -m)" = aarch64 ]; then required=$required,neon; fi
fi
export SOFTLANE_REQUIRE_TARGETS="${SOFTLANE_REQUIRE_TARGETS:-$required}"
echo "required targets: $SOFTLANE_REQUIRE_TARGETS"

exec ctest --test-dir "$build" --output-on-failure --no-tests=error \
  --parallel "$(nproc)" "$@"
