#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sizes.sh ARCHIVE SIZE CC INCLUDE SCRATCH TASK: text and constants, in bytes, of the
# objects, of the archive, and of programs with one function. TASK is "sizes", which
# compares them with the limits below, or "sizes_self_test": each rule can fail.
set -eu
archive=$1 size=$2 cc=$3 include=$4 scratch=$5 task=$6

# Of GCC 12 with Highway 1.0.3, x86-64, Release. "object" is for those that have no line.
# A function of C serves all element types; a function of C++ here serves floats alone.
limits='
archive                      982000
softlane_softmax             320000
softlane_attention_softmax   400000
Softmax                      256000
AttentionSoftmax             331000
object                        80000
'

mkdir -p "$scratch"

# program NAME LANGUAGE HEADER CALL: "NAME BYTES" of a program that makes the call.
program() {
  printf '#include "softlane/%s"\nint main(void) { return (int)(%s); }\n' "$3" "$4" \
    >"$scratch/program"
  "$cc" -x "$2" -O2 -I "$include" "$scratch/program" -x none "$archive" \
    -o "$scratch/program.out"
  "$size" "$scratch/program.out" | awk -v name="$1" 'NR == 2 { print name, $1 }'
}

# measure: the lines "NAME BYTES" of all there is.
measure() {
  "$size" "$archive" | awk 'NR > 1 { print "object", $6, $1 }'
  "$size" "$archive" | awk 'NR > 1 { sum += $1 } END { print "archive", sum }'
  program softlane_softmax c c.h 'softlane_softmax(0, 0, 0, 0, 0, 0, 0, 0, 1.0f, 0, 0)'
  program softlane_attention_softmax c c.h \
    'softlane_attention_softmax(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)'
  views='softlane::Rows<const float>(), softlane::Rows<float>()'
  program Softmax c++ softmax.h "softlane::Softmax($views)"
  program AttentionSoftmax c++ attention_softmax.h "softlane::AttentionSoftmax($views)"
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
