#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rooms.sh LIB: includes run one way, functions of tensors -> functions of any type -> public
# functions -> schedules -> kernels -> arith; public functions and schedules are plain C++; files are short. `rooms.sh --self-test`
# shows that each rule can fail.
set -eu

# Files may have so many lines, but for these.
lines=300
long=''

# included ROOM: its lines "FILE:NUMBER:#include "NAME"".
included() {
  find "$1" -name '*.h' -o -name '*.cc' | sort |
    xargs grep -nE '^#include "' /dev/null || true
}

# not_from ROOMS FILES-AND-ROOMS: of the lines above those that include anything but
# public headers, Highway, and files of ROOMS.
not_from() { grep -vE "#include \"(softlane/|hwy/|highway\.h\"|$1)" || true; }

# complain DIRECTORY: the lines that break a rule.
complain() (
  cd "$1"
  included arith | not_from 'arith/'
  included kernels | not_from 'arith/|kernels/|dispatch\.h"'
  included schedules | not_from 'arith/|kernels/|schedules/|dispatch\.h"|fp_environment\.h"'
  grep -nE '#include "(hwy/|.*-inl\.h)|HWY_' schedules/* || true
  # But for a bias of a half type beside scores of floats.
  grep -nE '#include "tensor/' ./*.h ./*.cc c/* any/* || true
  grep -nE '#include "any/' ./*.h ./*.cc c/* |
    grep -v '^\./attention_softmax\.cc:.*any/attention_rows\.h' || true
  # A public function whose kernels have a room is plain C++.
  for file in *.cc any/*.cc c/*.cc tensor/*.cc; do
    grep -q foreach_target "$file" ||
      grep -nE '#include "(hwy/|.*-inl\.h)' "$file" /dev/null || true
  done
  # shellcheck disable=SC2086 # the files are words
  listed=" $(printf '%s ' $long)"
  for file in *.* */*.*; do
    count=$(wc -l <"$file")
    case "$listed" in
      *" $file "*)
        [ "$count" -gt $lines ] || echo "$file: has no more than $lines lines: not listed" ;;
      *)
        [ "$count" -le $lines ] || echo "$file: has $count lines, more than $lines" ;;
    esac
  done
  for file in $long; do [ -e "$file" ] || echo "$file: is listed, and not there"; done
)

if [ "$1" = --self-test ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  mkdir "$scratch/arith" "$scratch/kernels" "$scratch/schedules" "$scratch/any" "$scratch/c" \
    "$scratch/tensor"
  long='kernels/long.h'
  yes | head -301 >"$scratch/kernels/long.h"
  for file in arith/a.h kernels/k.h schedules/s.h f.cc f.h any/a.h any/a.cc c/f_c.cc tensor/t.h \
    tensor/t.cc; do
    : >"$scratch/$file"
  done
  [ -z "$(complain "$scratch")" ]
  found() { # found WHAT
    [ -n "$(complain "$scratch")" ] || { echo "not found: $1"; exit 1; }
  }
  for plant in 'arith/a.h kernels/k.h' 'arith/a.h schedules/s.h' 'arith/a.h f.h' \
    'arith/a.h dispatch.h' 'kernels/k.h schedules/s.h' 'kernels/k.h f.h' \
    'schedules/s.h f.h' 'schedules/s.h arith/v-inl.h' 'schedules/s.h hwy/highway.h' \
    'f.cc arith/v-inl.h' 'f.cc hwy/highway.h' 'c/f_c.cc hwy/highway.h' \
    'f.h any/a.h' 'f.cc any/a.h' 'schedules/s.h any/a.h' 'c/f_c.cc any/a.h' \
    'any/a.cc arith/v-inl.h' 'f.h tensor/t.h' 'any/a.cc tensor/t.h' 'c/f_c.cc tensor/t.h' \
    'tensor/t.cc arith/v-inl.h'; do
    file=$scratch/${plant% *}
    echo "#include \"${plant#* }\"" >"$file"
    found "$plant"
    : >"$file"
  done
  printf '#include "hwy/foreach_target.h"\n#include "arith/v-inl.h"\n' >"$scratch/f.cc"
  [ -z "$(complain "$scratch")" ]
  yes | head -301 >"$scratch/arith/a.h"
  found "a long file"
  yes | head -300 >"$scratch/arith/a.h"
  [ -z "$(complain "$scratch")" ]
  : >"$scratch/kernels/long.h"
  found "a file that is listed, and short"
  rm "$scratch/kernels/long.h"
  found "a file that is listed, and not there"
  exit 0
fi

found=$(complain "$1")
[ -z "$found" ] || { printf '%s\n' "$found"; exit 1; }
