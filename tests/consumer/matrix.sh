#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# matrix.sh SOURCE ARCHIVE SCRATCH [ROW ...]: the builds that hosts ask for, each by
# itself; without rows, all. SOURCE is the project, ARCHIVE its library built for
# release, which the rows on packages install. The first rows build two files of it: one
# with kernels, and the one that chooses between them. The last rows, from "shared" on, build
# all of their libraries.
# shellcheck disable=SC2016 # ${...} in a host's lines is CMake's
set -u
source=$1 archive=$2 scratch=$3
shift 3
all='macros unity processor own_type debug min_size no_type option_o1 shadow relative_highway
  bits32 sve include_dir lib_dir lib_dir_dots absolute_inside absolute_outside twice
  after_package old_policies shared only_baseline only_avx2 some_functions shared_part dll_part'
# shellcheck disable=SC2086 # the rows are words
[ $# -gt 0 ] || set -- $all
objects='lib/CMakeFiles/softlane.dir/kernels/row_passes.cc.o lib/CMakeFiles/softlane.dir/dispatch.cc.o'
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)

configure() { # configure DIRECTORY OPTIONS...: the project by itself
  directory=$1
  shift
  rm -rf "$directory"
  cmake -S "$source" -B "$directory" -G Ninja -DSOFTLANE_BUILD_TESTS=OFF \
    -DSOFTLANE_BUILD_BENCH=OFF "$@"
}

builds() { # builds OPTIONS...: a row's two files compile
  # shellcheck disable=SC2086 # the objects are words
  configure "$build" "$@" && ninja -C "$build" $objects
}

has_targets() { # the kernels are there for AVX2 and AVX-512
  [ "$(uname -m)" = x86_64 ] || return 0
  symbols=$(nm -C "$build/lib/CMakeFiles/softlane.dir/kernels/row_passes.cc.o")
  for name in N_AVX2 N_AVX3; do
    printf '%s\n' "$symbols" | grep -q "softlane::$name::.*MaxOfRows" || return 1
  done
}

optimizes() { # optimizes DIRECTORY: the compiler gets -O2 or more, and nothing less after it
  ninja -C "$build" -t commands "$1lib/CMakeFiles/softlane.dir/kernels/row_passes.cc.o" |
    grep -o -- ' -O[a-z0-9]*' | tail -1 | grep -q '[23]'
}

macros() {
  builds "-DCMAKE_CXX_FLAGS=-DHWY_COMPILE_ONLY_STATIC -DHWY_WANT_SSE4 \
    -DHWY_DISABLED_TARGETS=0 -DHWY_BASELINE_TARGETS=HWY_SCALAR \
    -DHWY_BROKEN_TARGETS=HWY_AVX2 -DHWY_IS_DEBUG_BUILD=1 -DHWY_DISABLE_F16C" && has_targets
}
unity() {
  configure "$build" -DCMAKE_UNITY_BUILD=ON || return 1
  # The library's files, or those that CMake puts together from them.
  targets=$(ninja -C "$build" -t targets all | sed -n 's/\(.*unity.*\.o\): .*/\1/p')
  # shellcheck disable=SC2086 # the objects are words
  ninja -C "$build" ${targets:-$objects}
}
processor() { # a tool chain that does not name it
  printf 'set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_SYSTEM_PROCESSOR "")\n' >"$scratch/nameless.cmake"
  builds "-DCMAKE_TOOLCHAIN_FILE=$scratch/nameless.cmake" && has_targets
}
own_type() { builds -DCMAKE_BUILD_TYPE=Production && optimizes ''; }
debug() { builds -DCMAKE_BUILD_TYPE=Debug && optimizes ''; }
min_size() { builds -DCMAKE_BUILD_TYPE=MinSizeRel -DCMAKE_CXX_FLAGS=-O3 && optimizes ''; }
no_type() { # of a host that sets none
  host 'add_subdirectory("${SOURCE}" softlane)' -DCMAKE_BUILD_TYPE= && optimizes softlane/
}
option_o1() { # of a host that gives it to all
  host 'add_compile_options(-O1)
    add_subdirectory("${SOURCE}" softlane)' -DCMAKE_BUILD_TYPE=Release && optimizes softlane/
}
shadow() { # of a host that wants errors
  host 'add_compile_options(-Wshadow -Wconversion -Wold-style-cast -Werror)
    add_subdirectory("${SOURCE}" softlane)' &&
    ninja -C "$build" softlane/lib/CMakeFiles/softlane.dir/kernels/row_passes.cc.o
}
relative_highway() { # named from the host's directory
  host 'set(SOFTLANE_HIGHWAY_INCLUDE_DIR third_party)
    add_subdirectory("${SOURCE}" softlane)' &&
    ninja -C "$build" softlane/lib/CMakeFiles/softlane.dir/kernels/row_passes.cc.o
}
bits32() { # refused, in one sentence
  echo 'int main() { return sizeof(void*) == 4; }' >"$scratch/bits.cc"
  "${CXX:-c++}" -m32 -c "$scratch/bits.cc" -o "$scratch/bits.o" 2>/dev/null || return 77
  output=$(configure "$build" -DCMAKE_CXX_FLAGS=-m32 \
    -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY 2>&1) && return 1
  printf '%s\n' "$output" | tr -s ' \n' ' ' |
    grep 'softlane needs pointers and a size_t of 64 bits'
}
sve() {
  command -v aarch64-linux-gnu-g++ >/dev/null || return 77
  builds "-DCMAKE_TOOLCHAIN_FILE=$source/cmake/aarch64-linux-gnu.cmake" \
    -DCMAKE_CXX_FLAGS=-mcpu=neoverse-v1
}

host() { # host LINES OPTIONS...: a project that has softlane in its tree
  mkdir -p "$scratch/$row.host"
  ln -sfn "$(highway)" "$scratch/$row.host/third_party"
  printf 'cmake_minimum_required(VERSION 3.14)\nproject(host LANGUAGES CXX)\n%s\n%s\n' "$1" \
    'add_executable(host host.cc)
target_link_libraries(host PRIVATE softlane::softlane)' >"$scratch/$row.host/CMakeLists.txt"
  cat >"$scratch/$row.host/host.cc" <<'END'
#include "softlane/softlane.h"
int main() { return softlane::BestTarget() == softlane::Target::kAuto; }
END
  shift
  rm -rf "$build"
  cmake -S "$scratch/$row.host" -B "$build" -G Ninja "-DSOURCE=$source" "$@"
}
highway() { # the directory that holds hwy/
  printf '#include <hwy/highway.h>\n' | "${CXX:-c++}" -std=c++17 -E -x c++ - 2>/dev/null |
    sed -n 's|^# [0-9]* "\(.*\)/hwy/highway.h".*|\1|p' | head -1
}

# Installs the archive as if it were built with these directories; a project outside
# finds it by CMake and by pkg-config, and runs.
packages() { # packages LIBRARY-DIRECTORY OPTIONS...
  libdir=$1
  shift
  to=$scratch/$row.prefix
  rm -rf "$to"
  configure "$build" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_INSTALL_PREFIX=$to" "$@" || return 1
  cp "$archive" "$build/lib/" || return 1
  cmake --install "$build" || return 1
  mkdir -p "$scratch/$row.user"
  cat >"$scratch/$row.user/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.14)
project(user LANGUAGES C)
find_package(softlane REQUIRED)
file(WRITE "${CMAKE_BINARY_DIR}/user.c" "#include \"softlane/c.h\"
int main(void) { return softlane_best_target() == 0; }")
add_executable(user "${CMAKE_BINARY_DIR}/user.c")
target_link_libraries(user PRIVATE softlane::softlane)
END
  rm -rf "$build.out"
  cmake -S "$scratch/$row.user" -B "$build.out" -G Ninja \
    "-Dsoftlane_DIR=$libdir/cmake/softlane" && ninja -C "$build.out" &&
    "$build.out/user" || return 1
  command -v pkg-config >/dev/null || return 0
  # shellcheck disable=SC2046
  PKG_CONFIG_PATH=$libdir/pkgconfig "${CC:-cc}" "$build.out/user.c" \
    $(PKG_CONFIG_PATH=$libdir/pkgconfig pkg-config --cflags --libs softlane) -lm \
    -o "$build.out/user2" && "$build.out/user2"
}
include_dir() {
  packages "$scratch/$row.prefix/lib" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_INSTALL_INCLUDEDIR=include/softlane-0/deep
}
lib_dir() { packages "$scratch/$row.prefix/lib/deep/er" -DCMAKE_INSTALL_LIBDIR=lib/deep/er; }
lib_dir_dots() {
  packages "$scratch/$row.prefix/lib" -DCMAKE_INSTALL_LIBDIR=lib64/../lib
}
absolute_inside() {
  packages "$scratch/$row.prefix/libs" "-DCMAKE_INSTALL_LIBDIR=$scratch/$row.prefix/libs" \
    "-DCMAKE_INSTALL_INCLUDEDIR=$scratch/$row.prefix/headers"
}
absolute_outside() {
  packages "$scratch/$row.elsewhere/libs" \
    "-DCMAKE_INSTALL_LIBDIR=$scratch/$row.elsewhere/libs" \
    "-DCMAKE_INSTALL_INCLUDEDIR=$scratch/$row.elsewhere/headers"
}

twice() {
  host 'add_subdirectory("${SOURCE}" one)
    add_subdirectory("${SOURCE}" two)'
}
after_package() {
  packages "$scratch/$row.prefix/lib" -DCMAKE_INSTALL_LIBDIR=lib &&
    host 'find_package(softlane REQUIRED)
      add_subdirectory("${SOURCE}" softlane)' \
      "-DCMAKE_PREFIX_PATH=$scratch/$row.prefix" && ninja -C "$build"
}
old_policies() { # what a host on CMake 3.14 gets, whose own library is exported
  host 'add_subdirectory("${SOURCE}" softlane)
    add_library(part STATIC host.cc)
    target_link_libraries(part PUBLIC softlane::softlane)
    install(TARGETS part EXPORT parts ARCHIVE DESTINATION lib)
    install(EXPORT parts NAMESPACE host:: DESTINATION lib/cmake/host)'
}

# A shared library: its symbols, its types, and programs that link it. Its build is whole.
shared() {
  [ "$(uname -m)" = x86_64 ] && command -v abidiff >/dev/null || return 77
  to=$scratch/$row.prefix
  configure "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS=-g -DSOFTLANE_SHARED=ON \
    "-DCMAKE_INSTALL_PREFIX=$to" -DCMAKE_INSTALL_LIBDIR=lib || return 1
  ninja -C "$build" install && rm -rf "$build/lib" || return 1
  for task in '' --self-test; do
    sh "$source/tests/abi/check.sh" "$to/lib/libsoftlane.so" "$to/include" $task || return 1
  done
  for user in c/c_digest threads/threads; do
    project=${user%/*}
    cmake -S "$source/tests/consumer/$project" -B "$build.$project" -G Ninja \
      -DCMAKE_BUILD_TYPE=Release "-DCMAKE_PREFIX_PATH=$to" && ninja -C "$build.$project" &&
      objdump -p "$build.$user" | grep 'NEEDED *libsoftlane' && "$build.$user" || return 1
  done
}

# Parts of the library: a name that is left out is asked for by nothing else.
part() { # part NAMESPACES OPTIONS...: the targets' namespaces that it has are these
  [ "$(uname -m)" = x86_64 ] || return 77
  wanted=$1
  shift
  configure "$build" -DCMAKE_BUILD_TYPE=Release "$@" && ninja -C "$build" || return 1
  library=$(find "$build/lib" -name 'libsoftlane.[as]*' | head -1)
  has=$(nm -C "$library" | grep -oE 'softlane::N_AVX[23]' | sort -u | tr '\n' ' ')
  [ "$has" = "$wanted" ] || { echo "error: has $has, not $wanted"; return 1; }
  "${CC:-cc}" -shared -Wl,--whole-archive "$library" -Wl,--no-whole-archive -Wl,-z,defs \
    -o "$build/whole.so"
}
runs() { # runs PROGRAM: a program in C runs with the part
  "${CC:-cc}" -std=c99 -O2 -I "$source/include" "$source/tests/consumer/c/$1.c" "$library" \
    -lm -o "$build/$1" && env -u SOFTLANE_REQUIRE_TARGETS "$build/$1"
}
only_baseline() { # all functions, with their bits
  part '' -DSOFTLANE_TARGETS=baseline && runs digest
}
only_avx2() {
  part 'softlane::N_AVX2 ' '-DSOFTLANE_TARGETS=avx2;baseline' -DSOFTLANE_FUNCTIONS=softmax &&
    runs softmax
}
some_functions() {
  part 'softlane::N_AVX2 softlane::N_AVX3 ' '-DSOFTLANE_FUNCTIONS=exp;reduce;softmax_topk'
}
shared_part() {
  part '' -DSOFTLANE_TARGETS=baseline -DSOFTLANE_FUNCTIONS=softmax_tensor -DSOFTLANE_SHARED=ON
}
dll_part() { # exports the public functions and nothing else
  command -v x86_64-w64-mingw32-g++-posix >/dev/null || return 77
  configure "$build" -DSOFTLANE_FUNCTIONS=exp -DSOFTLANE_SHARED=ON \
    "-DCMAKE_TOOLCHAIN_FILE=$source/cmake/x86_64-w64-mingw32.cmake" && ninja -C "$build" &&
    x86_64-w64-mingw32-objdump -p "$build/lib/libsoftlane.dll" >"$build/dll" &&
    awk '/Ordinal\/Name/ { on = 1; next } !NF { on = 0 } on { print $NF }' "$build/dll" \
      >"$build/exports" && grep -qx softlane_exp "$build/exports" || return 1
  ! grep -vE '^(_ZN8softlane2v1|softlane_)' "$build/exports"
}

failed=0 passed=0 skipped=0
for row in "$@"; do
  build=$scratch/$row
  log=$scratch/$row.log
  "$row" >"$log" 2>&1
  case $? in
    0) verdict=passed passed=$((passed + 1)) ;;
    77) verdict=skipped skipped=$((skipped + 1)) ;;
    *)
      verdict=FAILED failed=$((failed + 1))
      ;;
  esac
  printf '%-18s %s\n' "$row" "$verdict"
  [ $verdict != FAILED ] || grep -iE 'error|fatal|not found|refuse' "$log" | head -2
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
