#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh LIBRARY INCLUDE [--update]: the shared library has the name of its version, needs
# the C library alone, and exports the public functions and nothing else. Their types are
# those of softlane.abi, which --update writes. The library was built by GCC for x86-64 with
# -g. `check.sh LIBRARY INCLUDE --self-test` shows that each rule can fail.
set -eu
library=$1 include=$2 task=${3:-}
baseline=$(dirname "$0")/softlane.abi

# declared: the functions that the headers of C declare.
declared() {
  cat "$include/softlane/c.h" "$include/softlane/version.h" |
    grep -oE '\bsoftlane_[a-z0-9_]+\(' | tr -d '(' | sort -u
}

# complain LIBRARY: the lines that break a rule of its symbols.
complain() {
  part() { sed -n "s/^#define SOFTLANE_VERSION_$1 //p" "$include/softlane/version.h"; }
  version=$(part MAJOR)
  [ "$version" != 0 ] || version=0.$(part MINOR)
  name=$(objdump -p "$1" | awk '$1 == "SONAME" { print $2 }')
  [ "$name" = "libsoftlane.so.$version" ] || echo "the SONAME is '$name'"
  objdump -p "$1" | awk '$1 == "NEEDED" && $2 !~ /^libc\./ { print "needs " $2 }'

  nm -D --defined-only "$1" | awk -v node="SOFTLANE_$version" '
    $2 == "A" && $3 == node { next }
    $2 !~ /[TW]/ { print $3 " is no function"; next }
    !sub("@@" node "$", "", $3) { print $3 " has no version" }
    # A function of the namespace itself: no member of a class.
    $3 !~ /^(softlane_|_ZN8softlane2v1[0-9]+[A-Za-z]+(E|IvE))/ || $3 ~ /C[12]E/ {
      print $3 " is exported" }'
  nm -D --defined-only "$1" | sed -n 's/.* \(softlane_[a-z0-9_]*\)@.*/\1/p' | sort -u \
    >"$scratch/exported"
  declared | comm -3 - "$scratch/exported" | awk -F '\t' '
    NF == 1 { print $1 " is declared, and not exported" }
    NF == 2 { print $2 " is exported, and not declared" }'
}

# write_abi FILE: what the library promises to programs that are linked with it.
write_abi() {
  abidw --headers-dir "$include" --exported-interfaces-only --drop-private-types \
    --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --type-id-style hash \
    --out-file "$1" "$library"
}

# stub SOURCE OPTIONS...: a library with these functions and the name and version of ours.
stub() {
  source=$1
  shift
  printf 'SOFTLANE_%s { global: *; };\n' "$version" >"$scratch/stub.map"
  "${CC:-cc}" -shared -fPIC -w "-Wl,-soname,$name" "-Wl,--version-script=$scratch/stub.map" \
    "$@" -x c "$source" -o "$scratch/stub.so"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ "$task" = --update ]; then
  write_abi "$baseline"
  exit 0
fi

if [ "$task" = --self-test ]; then
  complain "$library" >"$scratch/complaints" # sets version and name
  good=$scratch/good.c
  declared | sed 's/.*/void &(void) {}/' >"$good"
  found() { # found WHAT
    complain "$scratch/stub.so" | grep -q "$1" || { echo "not found: $1"; exit 1; }
  }
  stub "$good"
  [ -z "$(complain "$scratch/stub.so")" ]
  (cat "$good"; echo 'void softlane_more(void) {}') >"$scratch/bad.c"
  stub "$scratch/bad.c"
  found 'softlane_more is exported, and not declared'
  sed 1d "$good" >"$scratch/bad.c"
  stub "$scratch/bad.c"
  found 'is declared, and not exported'
  for symbol in _ZN8softlane8internal7ResolveENS_2v16TargetE other_library \
    _ZN8softlane2v111TensorShapeC1EiPKlS3_; do
    (cat "$good"; echo "void $symbol(void) {}") >"$scratch/bad.c"
    stub "$scratch/bad.c"
    found "$symbol is exported"
  done
  (cat "$good"; echo 'int softlane_data = 1;') >"$scratch/bad.c"
  stub "$scratch/bad.c"
  found 'softlane_data.* is no function'
  stub "$good" -Wl,-soname,libsoftlane.so.9
  found 'the SONAME is'
  stub "$good" -Wl,--no-as-needed -lm
  found 'needs libm'
  sed "s/name='kOverlap' value='3'/name='kOverlap' value='4'/" "$baseline" >"$scratch/other.abi"
  if abidiff "$scratch/other.abi" "$library" >/dev/null; then
    echo "not found: another value of an enumerator"
    exit 1
  fi
  exit 0
fi

complaints=$(complain "$library")
[ -z "$complaints" ] || { printf '%s\n' "$complaints"; exit 1; }
if ! abidiff --headers-dir2 "$include" --no-show-locs "$baseline" "$library"; then
  echo "The types of the public functions are others. docs/versions.md in cmake says which"
  echo "version may have that. To accept them: sh tests/abi/check.sh LIBRARY INCLUDE --update"
  exit 1
fi
echo "$(nm -D --defined-only "$library" | wc -l) symbols, as in softlane.abi"
