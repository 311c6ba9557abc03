#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAM: runs it on 1 to 4 ranks of Open MPI. Status 77, which means skipped, where
# that is missing, unless SOFTLANE_REQUIRE_MPI is set.
set -eu

skip() {
  echo "$1"
  [ -z "${SOFTLANE_REQUIRE_MPI:-}" ] || exit 1
  echo "skipped"
  exit 77
}
command -v mpirun >/dev/null || skip "mpirun is missing (Debian: openmpi-bin)"
mpirun --version | grep -q "Open MPI" || skip "mpirun is not that of Open MPI"
[ -x "$1" ] || skip "MPI was missing when this was built (Debian: libopenmpi-dev)"

for ranks in 1 2 3 4; do
  mpirun --allow-run-as-root --oversubscribe -n "$ranks" "$1"
done
