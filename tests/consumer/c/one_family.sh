#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# one_family.sh NM PROGRAM: a program that calls softlane_softmax alone has the kernels
# of softmax, and those of no other family.
set -eu
symbols=$("$1" -C "$2" | grep 'softlane::N_' || true)
if ! printf '%s\n' "$symbols" | grep -qE '::(OneRow|BaselineRow)\('; then
  echo "the kernels of softmax are not found"
  exit 1
fi
others=$(printf '%s\n' "$symbols" |
  grep -E 'Attention|Affine|CrossEntropy|LogSoftmax|LogSumExpRows|TopK|ExpRows\(|MaxRows|Jacobian|Backward|Planes' || true)
if [ -n "$others" ]; then
  printf 'kernels of other families:\n%s\n' "$others"
  exit 1
fi
