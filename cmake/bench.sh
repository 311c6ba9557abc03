#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and compares the ISA variants on this machine:
#   cmake/bench.sh [--quick] [--peers] [Google Benchmark arguments]
# With --peers: beside other libraries, from their Debian packages, on one thread. The
# README's tables and picture are those of both runs: see README.md.
set -eu
cd "$(dirname "$0")/.."
. cmake/dependencies.sh

peers=OFF
build=build/release # the library is that of the tests
for argument in "$@"; do
  shift
  if [ "$argument" = --peers ]; then
    peers=ON
    build=build/peers
  else
    set -- "$@" "$argument"
  fi
done
install_dependencies benchmark gnuplot
if [ "$peers" = ON ]; then
  install_dependencies peers
  OMP_NUM_THREADS=1
  export OMP_NUM_THREADS
fi
configure "$build" -DSOFTLANE_BUILD_TESTS=OFF -DSOFTLANE_BUILD_BENCH=ON \
  -DSOFTLANE_BENCH_PEERS=$peers
cmake --build "$build" --target softlane_bench

# Our arguments first, so that the caller's win.
results=$build/results
mkdir -p "$results"
status=0
$build/bench/softlane_bench --benchmark_out="$results/softlane_bench.json" \
  --benchmark_out_format=json --plot_data="$results/times.dat" \
  --ratio_data="$results/ratios.dat" "$@" >"$results/tables.txt" || status=$?
cat "$results/tables.txt"
[ $status -eq 0 ] || exit $status

# plot NAME SUFFIX: per kernel and element type in the data results/NAME.dat a picture, by
# bench/NAME.gp: softmax.svg for floats, softmax_bf16.svg.
plot() {
  for kernel in $(sed -n 's|^# \(.*\)/[a-z0-9]*$|\1|p' "$results/$1.dat" | sort -u); do
    [ "$kernel" = copy/f32 ] ||
      gnuplot -e "data='$results/$1.dat'; kernel='$kernel'; \
        output='$results/$(echo "$kernel" | sed 's|/f32$||; s|/|_|')$2'" "bench/$1.gp"
  done
}
plot times ""
plot ratios _ratios # of peers: none without --peers
echo
echo "Google Benchmark JSON, all repetitions: $results/softlane_bench.json"
echo "The tables above: $results/tables.txt"
echo "Pictures, over row length: $results/*.svg and *.png"
