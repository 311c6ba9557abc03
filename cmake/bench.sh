#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and compares the ISA variants on this machine:
#   cmake/bench.sh [--quick] [Google Benchmark arguments]
set -eu
cd "$(dirname "$0")/.."
. cmake/dependencies.sh

install_dependencies benchmark
configure_and_build build/bench -DSOFTLANE_BUILD_TESTS=OFF \
  -DSOFTLANE_BUILD_BENCH=ON

# Behind our arguments, so that the caller's win.
json=build/bench/softlane_bench.json
build/bench/bench/softlane_bench --benchmark_out="$json" \
  --benchmark_out_format=json "$@"
echo
echo "Google Benchmark JSON, all repetitions: $json"
