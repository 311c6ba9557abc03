#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sizes.sh ARCHIVE SIZE CC INCLUDE SCRATCH TASK: text and constants, in bytes, of the
# objects, of the archive, and of C programs with one function. TASK is "sizes", which
# compares them with the limits below, or "sizes_self_test": each rule can fail.
set -eu
archive=$1 size=$2 cc=$3 include=$4 scratch=$5 task=$6

# Of GCC 12 with Highway 1.0.3, x86-64, Release. "object" is for those that have no line.
limits='
archive                      692000
softlane_softmax             256000
softlane_attention_softmax   330000
object                        80000
'

mkdir -p "$scratch"

# program FUNCTION ARGUMENTS: "FUNCTION BYTES" of a program that calls it.
program() {
  printf '#include "softlane/c.h"\nint main(void) { return %s(%s); }\n' "$1" "$2" \
    >"$scratch/program.c"
  "$cc" -O2 -I "$include" "$scratch/program.c" "$archive" -o "$scratch/program"
  "$size" "$scratch/program" | awk -v name="$1" 'NR == 2 { print name, $1 }'
}

# measure: the lines "NAME BYTES" of all there is.
measure() {
  "$size" "$archive" | awk 'NR > 1 { print "object", $6, $1 }'
  "$size" "$archive" | awk 'NR > 1 { sum += $1 } END { print "archive", sum }'
  program softlane_softmax '0, 0, 0, 0, 0, 0, 1.0f, 0, 0'
  program softlane_attention_softmax '0, 0, 0, 0, 0, 0, 0, 0, 0'
}

# complain LIMITS: the lines that break a rule, of those in $scratch/measured.
complain() {
  printf '%s\n' "$1" | awk '
    NR == FNR { if (NF) limit[$1] = $2; next }
    $1 == "object" { name = $2 in limit ? $2 : "object"; what = $2; bytes = $3 }
    $1 != "object" { name = what = $1; bytes = $2 }
    { seen[name] = 1 }
    bytes + 0 == 0 { print what ": nothing was measured" }
    bytes + 0 > limit[name] { print what ": " bytes " bytes of text, more than " limit[name] }
    $1 == "object" && $2 in limit && bytes + 0 <= limit["object"] { print what ": is small: not listed" }
    END { for (name in limit) if (!seen[name]) print name ": is listed, and not there" }
  ' - "$scratch/measured"
}

# fails WHAT LIMITS: with these limits there is a complaint.
fails() {
  [ -n "$(complain "$2")" ] || { echo "not found: $1"; exit 1; }
}

measure >"$scratch/measured"
if [ "$task" = sizes_self_test ]; then
  for name in $(printf '%s\n' "$limits" | awk 'NF { print $1 }'); do
    fails "$name, too large" "$(printf '%s\n' "$limits" |
      awk -v name="$name" '$1 == name { $2 = 40 } { print }')"
  done
  fails "an object that is listed, and not there" "$limits
nothing.cc.o 90000"
  fails "an object that is listed, and small" "$limits
status.cc.o 90000"
  echo "object empty.cc.o 0" >>"$scratch/measured"
  fails "nothing measured" "$limits"
  exit 0
fi
grep -v '^object' "$scratch/measured"
found=$(complain "$limits")
[ -z "$found" ] || { printf '%s\n' "$found"; exit 1; }
