#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# spdx.sh PREFIX LIBDIR VERSION: the installed bill of materials has the version, and the
# hashes of the installed library.
set -eu
spdx=$1/share/softlane/softlane.spdx
file=$1/$2/$(sed -n 's|^FileName: ./||p' "$spdx")
for hash in sha1 sha256; do
  name=$(echo $hash | tr a-z A-Z)
  grep -qxF "FileChecksum: $name: $(${hash}sum "$file" | cut -d ' ' -f 1)" "$spdx"
done
grep -qxF "PackageVersion: $3" "$spdx"
grep -qxF 'FileComment: <text>Targets: all; functions: all</text>' "$spdx"
