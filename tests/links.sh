#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# links.sh FOLDER: the links of the HTML files lead to files and places that exist.
# `links.sh --self-test` shows that each rule can fail.
set -eu

# complain FOLDER: the links that lead nowhere, once per file.
complain() (
  cd "$1"
  for file in *.html search/*.html; do
    [ -e "$file" ] || continue
    case $file in */*) echo "file ${file%/*}/ $file" ;; *) echo "file ./ $file" ;; esac
    grep -oE '(href|src|id|name)="[^"]*"' "$file" | tr -d '"' | sort -u
  done | awk '
    $1 == "file" { folder = $2 == "./" ? "" : $2; file = $3; is_file[file]; next }
    /^(id|name)=/ { sub(/^[a-z]*=/, ""); place[file "#" $0]; next }
    { sub(/^[a-z]*=/, "") }
    /^(https?:|javascript:|mailto:)/ || $0 == "" || $0 == "#" { next }
    {
      hash = index($0, "#")
      path = hash == 0 ? $0 : substr($0, 1, hash - 1)
      to = path == "" ? file : folder path
      links[++n] = to (hash == 0 ? "" : substr($0, hash)); from[n] = file
    }
    END {
      for (i = 1; i <= n; i++) {
        to = links[i]; sub(/#.*/, "", to)
        if (!(to in known)) known[to] = (to in is_file) || (getline line < to) >= 0
        if (!known[to]) print from[i] ": no file " to
        else if (index(links[i], "#") && (to in is_file) && !(links[i] in place)) {
          print from[i] ": no place " links[i]
        }
      }
    }' | sort -u
)

if [ "$1" = --self-test ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  : >"$scratch/style.css"
  echo '<a id="here"></a><a href="#here"></a>' >"$scratch/b.html"
  good='<link href="style.css"/><a href="b.html"></a><a href="b.html#here"></a>
    <a href="https://example.org/x#y"></a>'
  echo "$good" >"$scratch/a.html"
  [ -z "$(complain "$scratch")" ]
  for bad in '<a href="c.html"></a>' '<a href="b.html#there"></a>' '<a href="#here"></a>' \
    '<img src="picture.svg"/>'; do
    printf '%s\n%s\n' "$good" "$bad" >"$scratch/a.html"
    [ "$(complain "$scratch" | wc -l)" -eq 1 ] || { echo "not found: $bad"; exit 1; }
  done
  exit 0
fi

[ -e "$1/index.html" ]
found=$(complain "$1")
[ -z "$found" ] || { printf '%s\n' "$found"; exit 1; }
