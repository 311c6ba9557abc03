#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cpu_models.sh QEMU-X86_64 CPU_MODEL_TEST: runs the program on other CPUs than this
# machine's, and natively. QEMU 7.2 emulates up to AVX2.
set -eu
qemu=$1 program=$2
failures=0
unset SOFTLANE_TARGET SOFTLANE_REQUIRE_TARGETS

run() { # run NAME TARGET COMMAND...
  name=$1 target=$2
  shift 2
  if output=$("$@" "$program" "$target" 2>&1); then result=ok; else
    result=FAILED
    failures=$((failures + 1))
  fi
  printf '%-16s %-9s %s\n' "$name" "$target" "$result"
  [ "$result" = ok ] || printf '%s\n' "$output"
}

native=baseline
if grep -qsw avx2 /proc/cpuinfo; then native=avx2; fi
if grep -qsw avx512vl /proc/cpuinfo; then native=avx512; fi

printf '%-16s %-9s\n' CPU target
run "this machine" "$native" env
for model in max:avx2 Haswell:avx2 Haswell,-fma:baseline Haswell,-abm:baseline max,-avx2:baseline \
  Haswell,-xsave:baseline Nehalem:baseline qemu64:baseline; do
  run "${model%:*}" "${model#*:}" "$qemu" -cpu "${model%:*}"
done
printf '%d failures\n' "$failures"
[ "$failures" -eq 0 ]
