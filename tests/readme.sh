#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# readme.sh README CC CXX PREFIX DIRECTORY: the programs in the README can be compiled, and
# print what they should. What the README shows of MPI, PyTorch and OpenCV is in consumer/.
set -eu
readme=$1 cc=$2 cxx=$3 directory=$5
PKG_CONFIG_PATH=$4
export PKG_CONFIG_PATH
flags="$(pkg-config --cflags --libs softlane) -pthread"
rm -rf "$directory"
mkdir -p "$directory"
# The nth program of a language is program-n.language.
for language in cpp c; do
  awk -v fence="^\`\`\`$language\$" -v name="$directory/program" -v language="$language" '
    $0 ~ fence { inside = 1; file = name "-" ++n "." language; next }
    /^```/ { inside = 0 }
    inside { print >file }' "$readme"
done

# run N.LANGUAGE WANT: compiles a program, whose first line must be WANT.
run() {
  case $1 in
    *.cpp) compiler=$cxx standard=c++17 ;;
    *) compiler=$cc standard=c99 ;;
  esac
  # shellcheck disable=SC2086 # the flags are words
  "$compiler" -std=$standard -Wall -Wextra -Werror "$directory/program-$1" $flags \
    -o "$directory/$1.program"
  ${EMULATOR:-} "$directory/$1.program" | tee /dev/stderr | head -1 | grep -qxF "$2"
}
want='0.0900306 0.244728 0.665241'
run 1.cpp "$want"
run 1.c "kOk: $want"
run 2.c "$want"
run 2.cpp "$want"
run 3.cpp 'the bits of one call'

# part WORD SOURCE: the fragments of C++ with this word stand in a source, as they are.
part() {
  awk -v word="$1" -v name="$directory/part-$1" '
    /^```c\+\+$/ { inside = 1; text = ""; next }
    /^```/ { if (inside && index(text, word)) printf "%s", text >(name "-" ++n); inside = 0 }
    inside { text = text $0 "\n" }' "$readme"
  for fragment in "$directory/part-$1"-*; do
    awk -v RS='\1' '
      NR == 1 { part = $0; next }
      { found = index($0, part) }
      END { exit !found }' "$fragment" "$(dirname "$0")/consumer/$2" ||
      { echo "other lines in $2:"; cat "$fragment"; exit 1; }
  done
}
part MPI mpi/vocabulary.cc
part TORCH_ torch/softlane_torch.cc
part at::cpu torch/softlane_torch.cc
part cv:: opencv/softlane_opencv.cc
[ "$(find "$directory" -name 'program-*' | wc -l)" -eq 5 ] || { echo "other programs"; exit 1; }
