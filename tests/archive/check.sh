#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh ARCHIVE NM OBJDUMP: the archive stands alone. It needs nothing but a few
# functions of libc and the compiler's runtime, runs nothing before main, and has
# nothing that a linker could take for another library's.
set -eu
archive=$1 nm=$2 objdump=$3
"$objdump" --version | grep -q GNU || { echo "$objdump: not GNU's"; exit 1; }
failures=0
"$nm" "$archive" >/dev/null # there is one

complain() { # complain WHAT LINES
  [ -n "$2" ] || return 0
  printf '%s:\n%s\n' "$1" "$2"
  failures=$((failures + 1))
}

is_windows=false
if "$objdump" -f "$archive" | grep -q 'file format pe-x86-64'; then is_windows=true; fi

# The functions that we call, getenv and strlen, and those that a compiler calls by itself.
# On Windows a compiler also touches the pages of a large frame by its runtime's function.
allowed='getenv|strlen|memcpy|memmove|memset|memcmp|bcmp|_GLOBAL_OFFSET_TABLE_'
if $is_windows; then allowed="$allowed|___chkstk_ms"; fi
# By awk: the symbols are more than an argument may have.
needed=$("$nm" "$archive" | awk '
  NF == 3 { defined[$3] }
  NF == 2 && ($1 == "U" || $1 == "w") { undefined[$2] }
  END { for (symbol in undefined) if (!(symbol in defined)) print symbol }' | sort)
complain "needs symbols beyond libc's $allowed" \
  "$(printf '%s\n' "$needed" | grep -vxE "$allowed" || true)"

complain "has symbols of Highway's own namespace" \
  "$("$nm" -C "$archive" | grep -E '(^|[^_[:alnum:]])hwy::' || true)"

# On Windows GCC makes a pointer, .refptr, to what another file has.
complain "exports symbols that are not softlane's" \
  "$("$nm" -C --defined-only --extern-only "$archive" |
    awk 'NF >= 3 && $2 == "T" || $2 == "D" || $2 == "B" || $2 == "R"' |
    grep -vE ' (softlane::|softlane_|\.refptr\._ZN8softlane)' || true)"

# Tools that unpack archives keep the last of them.
complain "has two members of one name" \
  "$("$nm" "$archive" | grep ':$' | sort | uniq -d || true)"

# Inline functions are weak where they are not inlined, and the linker keeps any
# library's copy: they must not contain what the CPU may lack (VEX and EVEX
# mnemonics begin with v). On Windows each has a section of its own instead, .text$NAME.
weak=$({ "$nm" --defined-only "$archive" | awk 'NF == 3 && $2 ~ /[WVu]/ { print $3 }'
  "$objdump" -h "$archive" | sed -n 's/^ *[0-9]* \.text\$\([^ ]*\) .*/\1/p'
} | sort -u)
for symbol in $weak; do
  complain "weak symbol $symbol has AVX code" \
    "$("$objdump" -d --no-show-raw-insn --disassemble="$symbol" "$archive" |
      grep -E '^ +[0-9a-f]+:[[:space:]]+v[a-z]' | head -3 || true)"
done

# Outside of the namespaces of the targets, code runs on any CPU.
complain "has AVX code where any CPU runs" \
  "$("$objdump" -d --no-show-raw-insn "$archive" | awk '
    /^[0-9a-f]+ <.*>:$/ { name = $2; any = name !~ /N_AVX[23]/ }
    any && /^ +[0-9a-f]+:[[:space:]]+v[a-z]/ { print name, $0; if (++n == 3) exit }')"

# Windows aligns the stack to 16 bytes. These instructions fault unless an address is a
# multiple of the vector's 32 or 64 bytes. Stores past the caches (vmovnt) are such
# instructions; they may go to the caller's rows, where kernels look at the address.
if $is_windows; then
  moves=$("$objdump" -d --no-show-raw-insn "$archive" | awk '
    { sub(/ +#.*/, "") }
    /^[0-9a-f]+ <.*>:$/ { name = $2 }
    /%[yz]mm.*\(|\(.*%[yz]mm/ && /[[:space:]]vmov/ { print name, $0 }')
  complain "moves vectors as if the stack was aligned for them" \
    "$(printf '%s\n' "$moves" | grep -E \
      '[[:space:]]vmov((ap[sd]|dqa|dqa32|dqa64|ntdqa)[[:space:]]|nt.*\(%rsp)' | head -3 || true)"
  on_stack=$(printf '%s\n' "$moves" | grep -c '(%rsp' || true)
  printf 'moves of vectors between the stack and registers: %s\n' "$on_stack"
  [ "$on_stack" -gt 0 ] || complain "moves no vector: something else was looked at" none
fi

complain "has code that runs before main or after it" \
  "$("$objdump" -h "$archive" |
    grep -E '\.(init_array|fini_array|ctors|dtors|preinit_array)' || true)"

printf 'needs from outside: %s\n' "$(printf '%s\n' "$needed" | tr '\n' ' ')"
printf 'weak symbols looked at: %s\n' "$(printf '%s\n' "$weak" | grep -c . || true)"
printf '%s: %d failures\n' "$(basename "$archive")" "$failures"
[ "$failures" -eq 0 ]
