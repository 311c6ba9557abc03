#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# update_readme.sh README TABLES...: puts measured tables into the README.
#
# TABLES are files that cmake/bench.sh wrote: build/*/results/tables.txt. A table is a
# paragraph, and its first line is its caption. A table in a text block of the README is
# replaced by the table of the same caption; the first file that has it wins. The captions
# of all other tables of the README are printed. Exits with 1 if no table was replaced.
# `update_readme.sh --self-test` shows that it does so.
set -eu

# rewrite README TABLES...: the new README, and on standard error the kept captions.
rewrite() {
  readme=$1
  shift
  awk '
    FNR == 1 { is_new = 1; keep = 0 }
    FILENAME != ARGV[ARGC - 1] { # the tables
      if (is_new && $0 != "") { caption = $0; keep = !(caption in table) }
      is_new = $0 == ""
      if (!is_new && keep) table[caption] = table[caption] $0 "\n"
      next
    }
    /^```/ { in_block = $0 == "```text"; is_new = 1; skip = 0; print; next }
    in_block && $0 == "" { is_new = 1; skip = 0 }
    in_block && $0 != "" && is_new {
      is_new = 0
      if ($0 in table) { printf "%s", table[$0]; skip = 1; replaced++ }
      else print "kept: " $0 | "cat >&2"
    }
    !skip { print }
    END { exit replaced == 0 }' "$@" "$readme"
}

if [ "$1" = --self-test ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  cd "$scratch"
  printf '%s\n' 'new' '```text' 'a: ns' 'old a' '' 'b: ns' 'old b' '```' 'a: ns' \
    '```sh' 'a: ns' '```' >readme
  printf '%s\n' '' 'a: ns' 'head | x' '1 | 2' '' 'c: ns' '3' >first
  printf '%s\n' 'a: ns' 'of the second file' >second
  printf '%s\n' 'new' '```text' 'a: ns' 'head | x' '1 | 2' '' 'b: ns' 'old b' '```' 'a: ns' \
    '```sh' 'a: ns' '```' >want
  rewrite readme first second >got 2>kept
  cmp want got
  echo 'kept: b: ns' | cmp - kept || { cat kept; exit 1; }
  rewrite got first second 2>/dev/null | cmp want -
  if rewrite readme /dev/null >got 2>kept; then
    echo "no table was replaced, and nothing is said"
    exit 1
  fi
  exit 0
fi

new=$(mktemp)
trap 'rm -f "$new"' EXIT
rewrite "$@" >"$new"
cat "$new" >"$1"
