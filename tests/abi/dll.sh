#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# dll.sh ARCHIVE CXX OBJDUMP MAP SCRATCH TASK: the DLL of all functions exports those of
# softlane.abi and nothing else, and needs the C library alone. MAP is the version script,
# which the DLL is linked with. TASK is "check", or "self_test": each rule can fail.
set -eu
archive=$1 cxx=$2 objdump=$3 map=$4 scratch=$5 task=$6
baseline=$(dirname "$0")/softlane.abi
mkdir -p "$scratch"

# link MAP OPTIONS...: the DLL.
link() {
  sed 's/@softlane_soversion@/0/' "$1" >"$scratch/map"
  shift
  "$cxx" -shared -Wl,--whole-archive "$archive" -Wl,--no-whole-archive \
    "-Wl,--version-script=$scratch/map" "$@" -o "$scratch/softlane.dll"
}

# readable: names as in C++. A size_t is an unsigned long of Linux.
readable() { c++filt | sed 's/long long/long/g' | sort; }

# complain: the lines that break a rule.
complain() {
  "$objdump" -p "$scratch/softlane.dll" >"$scratch/dll"
  awk '/Ordinal\/Name/ { on = 1; next } !NF { on = 0 } on { print $NF }' "$scratch/dll" |
    readable >"$scratch/exported"
  sed -n "s/.*<elf-symbol name='\([^']*\)'.*/\1/p" "$baseline" | readable >"$scratch/public"
  [ -s "$scratch/public" ] || echo "no function is public"
  comm -3 "$scratch/public" "$scratch/exported" | awk -F '\t' '
    NF == 1 { print $1 " is public, and not exported" }
    NF == 2 { print $2 " is exported, and not public" }'
  sed -n 's/.*DLL Name: //p' "$scratch/dll" | sed 's/^/needs /' |
    grep -vixE 'needs (kernel32|msvcrt|api-ms-win-crt-.*)\.dll' || true
}

if [ "$task" = self_test ]; then
  found() { # found WHAT
    complain | grep -q "$1" || { echo "not found: $1"; exit 1; }
  }
  echo '{ global: *; };' >"$scratch/bad"
  link "$scratch/bad"
  found 'softlane::internal::.* is exported, and not public'
  sed '/_ZN/d' "$map" >"$scratch/bad"
  link "$scratch/bad"
  found 'softlane::v1::Softmax(.* is public, and not exported'
  sed 's/softlane_\*/softlane_e*/' "$map" >"$scratch/bad"
  link "$scratch/bad"
  found 'softlane_softmax is public, and not exported'
  echo 'extern "C" __declspec(dllimport) int __stdcall MessageBeep(unsigned);
    int Beep() { return MessageBeep(0); }' >"$scratch/bad.cc"
  link "$map" "$scratch/bad.cc" -luser32
  found 'needs USER32'
  exit 0
fi

link "$map"
complaints=$(complain)
[ -z "$complaints" ] || { printf '%s\n' "$complaints"; exit 1; }
echo "$(grep -c . "$scratch/exported") symbols, as in softlane.abi"
