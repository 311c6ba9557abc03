#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs.sh LIB NM ARCHIVE TASK: for each function, the files that it needs, by the symbols of
# the whole archive. A function is the stem of a file in LIB with a public symbol. TASK is
# "check", which compares them with cmake/needs.cmake, or "update", which adds what is missing
# there, or "self_test": a missing file is found. Without needs.cmake, "update" begins anew.
set -eu
lib=$1 nm=$2 archive=$3 task=$4
list=$lib/../cmake/needs.cmake
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

(cd "$lib" && find . -name '*.cc' | sed 's|^\./||' | sort) >"$scratch/files"
# The files of every part of the library.
always='dispatch.cc status.cc version.cc c/target_c.cc c/version_c.cc'

# needs: the lines "FUNCTION FILE".
needs() {
  "$nm" -A "$archive" 2>/dev/null | awk -v always="$always" '
    NR == FNR { name = $0; sub(/.*\//, "", name); file[name] = $0; next }
    {
      at = $0; sub(/:[0-9a-fA-F ]*[ ].*/, "", at); sub(/.*:/, "", at)
      sub(/\.(o|obj)$/, "", at); from = file[at]
      symbol = $NF; type = $(NF - 1)
      if (type == "U" || type == "w") { asks[from] = asks[from] " " symbol }
      else if (type ~ /[TDBR]/) strong[symbol] = from
      # Another file asks for an explicit instantiation, and for no inline function.
      else if (type ~ /[WV]/) weak[symbol] = from
      if (type ~ /[TW]/ && symbol ~ /^(softlane_|_ZN8softlane2v1[0-9]+[A-Za-z]+(E|IvE))/) {
        name = from; sub(/.*\//, "", name); sub(/(_any|_c)?\.cc$/, "", name)
        functions[name]
      }
    }
    function visit(f,    symbols, n, i, to) {
      if (f == "" || f in seen) return
      seen[f]
      n = split(asks[f], symbols)
      for (i = 1; i <= n; i++) {
        to = symbols[i] in strong ? strong[symbols[i]] : weak[symbols[i]]
        visit(to)
      }
    }
    END {
      n = split(always, always_files)
      for (name in functions) {
        if (name ~ /^(dispatch|status|target|version)$/) continue
        split("", seen)
        visit(file[name "_any.cc"])
        visit(file[name ".cc"])
        visit(file[name "_c.cc"])
        for (i = 1; i <= n; i++) delete seen[always_files[i]]
        for (f in seen) print name, f
      }
    }' "$scratch/files" - | sort
}

# listed: the same of needs.cmake, without the files that are gone.
listed() {
  [ -e "$list" ] || return 0
  awk 'NR == FNR { is_file[$1]; next }
    /^set/ { name = $1; sub(/^set\(softlane_needs_/, "", name); next }
    { sub(/\)$/, ""); for (i = 1; i <= NF; i++) if ($i in is_file) print name, $i }
  ' "$scratch/files" "$list" | sort
}

needs >"$scratch/needs"
[ -s "$scratch/needs" ]
listed >"$scratch/listed"
case $task in
  update)
    sort -u "$scratch/needs" "$scratch/listed" | awk '
      BEGIN {
        print "# SPDX-License-Identifier: Apache-2.0"
        print "# The files that each function needs. tests/archive/needs.sh writes this file."
      }
      $1 != name { if (name != "") print line ")"; name = $1; print "set(softlane_needs_" name; line = "   " }
      length(line " " $2) > 89 { print line; line = "   " }
      { line = line " " $2 }
      END { print line ")" }' >"$scratch/new"
    mv "$scratch/new" "$list" ;;
  self_test)
    sed 1d "$scratch/needs" >"$scratch/listed"
    comm -23 "$scratch/needs" "$scratch/listed" | grep -q . ;;
  *)
    missing=$(comm -23 "$scratch/needs" "$scratch/listed")
    [ -z "$missing" ] || {
      printf '%s\n' "$missing" | sed 's/\(.*\) \(.*\)/\1 needs \2/'
      echo "To add them: sh tests/archive/needs.sh lib $nm $archive update"
      exit 1
    } ;;
esac
