#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAMS MACHINE: the tests of AVX-512 in an emulated machine. PROGRAMS is where
# the target "emulated" puts them, MACHINE the directory of boot.sh. The emulator takes
# about 200 times as long as a CPU, so the tests do a small part of their cases.
set -eu
programs=$1 machine=$2
here=$(cd "$(dirname "$0")" && pwd)

boot() { # boot SECONDS DISABLED FILE..., commands from standard input
  cat >"$machine/commands"
  seconds=$1 disabled=$2
  shift 2
  sh "$here/boot.sh" "$machine" "$seconds" "$disabled" "$machine/commands" \
    "$programs/cpu_model_test" "$programs/target_test" "$programs/bits" \
    "$programs/cpu_state" "$@"
}

# CPUID says that there is AVX-512; the kernel leaves its registers disabled.
echo "AVX-512 that the OS does not enable:"
boot 600 ,avx512f <<'END'
cpu_state disabled
cpu_model_test avx2
SOFTLANE_REQUIRE_TARGETS=baseline,avx2 target_test -nc
SOFTLANE_TARGET=avx512 target_test -nc
bits avx512 1 /words; [ $? -eq 77 ]
END

if grep -qsw avx512vl /proc/cpuinfo; then
  echo "This CPU has AVX-512: all tests run on it natively, so none is emulated."
  exit 0
fi

# The emulator rounds ties of float16 up, also where AVX2's instruction rounds them.
export SOFTLANE_FLOAT16_TIES=0
native=baseline
if grep -qsw avx2 /proc/cpuinfo; then native=avx2; fi
calls=4000
"$programs/bits" "$native" $calls "$machine/native.words"

echo "AVX-512 that the OS enables; random calls are compared with native $native:"
boot 2400 '' "$machine/native.words" "$programs/arguments_test" "$programs/half_gradients_test" \
  "$programs/half_passes_test" "$programs/half_rows_test" "$programs/large_batches_test" \
  "$programs/layout_test" "$programs/memory_test" "$programs/row_order_test" \
  "$programs/same_bits_test" "$programs/semantics_test" <<END
export SOFTLANE_FLOAT16_TIES=0
cpu_state enabled
cpu_model_test avx512
SOFTLANE_REQUIRE_TARGETS=baseline,avx2,avx512 target_test -nc
bits avx512 $calls /words
bits avx512 $calls /programs/native.words /words
export SOFTLANE_REQUIRE_TARGETS=avx512
SOFTLANE_BATCH_STEP=16 same_bits_test -nc --subcase=avx512
SOFTLANE_POSITIONS_STEP=11 semantics_test -nc --subcase=avx512
SOFTLANE_MEMORY_STEP=41 SOFTLANE_BATCHES_STEP=3 memory_test -nc --subcase=avx512
arguments_test -nc --subcase=avx512
half_gradients_test -nc --subcase=avx512
half_passes_test -nc --subcase=avx512
half_rows_test -nc --subcase=avx512
layout_test -nc --subcase=avx512 --test-case='*stride*,*slices*'
SOFTLANE_ORDERS=200 row_order_test -nc --subcase=avx512
large_batches_test -nc --subcase=avx512 --test-case='softmax*'
END
