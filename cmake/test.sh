#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs the whole test suite:
#   cmake/test.sh [--aarch64 | --mingw | --avx512 | --engines] [ctest arguments]
# With --aarch64: the NEON build, by a cross compiler, under qemu. With --mingw: the build
# for Windows, by MinGW-w64, under Wine, without the tests that need Unix. With --avx512:
# the heart of the suite in an emulated machine that has AVX-512, if this machine has none,
# and the choice of target where the OS does not enable it. With --engines: PyTorch and
# OpenCV with softmax by this library, and nothing else.
set -eu
cd "$(dirname "$0")/.."
. cmake/dependencies.sh

# The targets that must run. The kernel, not the library, says which the CPU has.
required=baseline
if grep -qsw avx2 /proc/cpuinfo; then required=$required,avx2; fi
if grep -qsw avx512vl /proc/cpuinfo; then required=$required,avx512; fi

if [ "${1:-}" = --aarch64 ]; then
  shift
  build=build/aarch64
  install_dependencies doctest consumers aarch64
  configure_and_build "$build" -DSOFTLANE_BUILD_TESTS=ON -DSOFTLANE_BUILD_BENCH=OFF \
    -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/aarch64-linux-gnu.cmake"
  required=neon
elif [ "${1:-}" = --mingw ]; then
  shift
  build=build/mingw
  install_dependencies doctest mingw
  configure_and_build "$build" -DSOFTLANE_BUILD_TESTS=ON -DSOFTLANE_BUILD_BENCH=OFF \
    -DSOFTLANE_WERROR=ON -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/x86_64-w64-mingw32.cmake"
  # What Wine writes stays in the build. It is set up before the tests: the first program
  # would leave services behind that keep ctest waiting for its output.
  export WINEPREFIX="$PWD/$build/wine" WINEDEBUG=-all
  wine=$(PATH=$PATH:/usr/lib/wine command -v wine64)
  "$wine" wineboot --init </dev/null >/dev/null 2>&1
elif [ "${1:-}" = --avx512 ]; then
  build=build/release # the library is that of the tests
  install_dependencies doctest emulator
  configure "$build" -DSOFTLANE_BUILD_TESTS=ON -DSOFTLANE_BUILD_BENCH=OFF
  cmake --build "$build" --target emulated
  unpack_kernel "$build/machine/packages"
  exec sh tests/emulated/run.sh "$build/tests/emulated" "$build/machine"
elif [ "${1:-}" = --engines ]; then
  shift
  build=build/release # the library is that of the tests
  install_dependencies doctest engines
  configure "$build" -DSOFTLANE_BUILD_TESTS=ON -DSOFTLANE_BUILD_BENCH=OFF \
    -DSOFTLANE_ENGINE_TESTS=ON
  cmake --build "$build" --target softlane
  set -- --tests-regex '^consumer_(torch|opencv)' "$@"
else
  build=build/release
  install_dependencies doctest dlpack consumers
  configure_and_build "$build" -DSOFTLANE_BUILD_TESTS=ON -DSOFTLANE_BUILD_BENCH=OFF \
    -DSOFTLANE_ENGINE_TESTS=OFF
  if [ "$(uname -m)" = aarch64 ]; then required=neon; fi
fi
export SOFTLANE_REQUIRE_TARGETS="${SOFTLANE_REQUIRE_TARGETS:-$required}"
echo "required targets: $SOFTLANE_REQUIRE_TARGETS"

exec ctest --test-dir "$build" --output-on-failure --no-tests=error \
  --parallel "$(nproc)" "$@"
