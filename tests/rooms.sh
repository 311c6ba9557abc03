#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rooms.sh LIB: includes run one way, schedules -> kernels -> arith, and schedules are
# plain C++. `rooms.sh --self-test` shows that each rule can fail.
set -eu

# complain DIRECTORY: the lines that break a rule.
complain() (
  cd "$1"
  grep -nE '#include "(kernels|schedules)/' arith/* || true
  grep -nE '#include "schedules/' kernels/* || true
  grep -nE '#include "(hwy/|.*-inl\.h)|HWY_' schedules/* || true
)

if [ "$1" = --self-test ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  mkdir "$scratch/arith" "$scratch/kernels" "$scratch/schedules"
  touch "$scratch/arith/a.h" "$scratch/kernels/k.h" "$scratch/schedules/s.h"
  [ -z "$(complain "$scratch")" ]
  for plant in 'arith/a.h kernels/k.h' 'arith/a.h schedules/s.h' \
    'kernels/k.h schedules/s.h' 'schedules/s.h arith/v-inl.h' 'schedules/s.h hwy/highway.h'; do
    file=$scratch/${plant% *}
    echo "#include \"${plant#* }\"" >"$file"
    [ -n "$(complain "$scratch")" ] || { echo "not found: $plant"; exit 1; }
    : >"$file"
  done
  exit 0
fi

found=$(complain "$1")
[ -z "$found" ] || { printf '%s\n' "$found"; exit 1; }
