#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and compares the ISA variants on this machine:
#   cmake/bench.sh [--quick] [Google Benchmark arguments]
set -eu
cd "$(dirname "$0")/.."
. cmake/dependencies.sh

install_dependencies benchmark gnuplot
configure_and_build build/bench -DSOFTLANE_BUILD_TESTS=OFF \
  -DSOFTLANE_BUILD_BENCH=ON

# Our arguments first, so that the caller's win.
results=build/bench/results
mkdir -p "$results"
build/bench/bench/softlane_bench --benchmark_out="$results/softlane_bench.json" \
  --benchmark_out_format=json --plot_data="$results/softlane_bench.dat" "$@"

for kernel in $(sed -n 's|^# \(.*\)/[a-z0-9]*$|\1|p' "$results/softlane_bench.dat" | sort -u); do
  [ "$kernel" = copy/f32 ] ||
    gnuplot -e "data='$results/softlane_bench.dat'; kernel='$kernel'; \
      output='$results/${kernel%%/*}'" bench/plot.gp
done
echo
echo "Google Benchmark JSON, all repetitions: $results/softlane_bench.json"
echo "ns per element over row length: $results/*.svg and *.png"
