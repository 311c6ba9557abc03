# SPDX-License-Identifier: Apache-2.0
# Sourced by test.sh, bench.sh and fuzz.sh: finds what is missing on this machine and installs
# it with apt-get, as root or through sudo; elsewhere says what is missing and stops.

# require COMMAND PACKAGE: a program.
require() {
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

# require_header HEADER PACKAGE: something the C++ compiler includes.
require_header() {
  printf '#include <%s>\n' "$1" |
    "${CXX:-c++}" -std=c++17 -E -x c++ - >/dev/null 2>&1 || missing="$missing $2"
}

# require_fuzzer: clang's libFuzzer and sanitizers. Debian names their package after the
# compiler's version.
require_fuzzer() {
  echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, long) { return 0; }' |
    "$CXX" -fsanitize=fuzzer,address -x c++ - -o /dev/null >/dev/null 2>&1 ||
    missing="$missing libclang-rt-$("$CXX" -dumpversion | cut -d. -f1)-dev"
}

# require_mpi: Open MPI. Its headers are found by its own compiler.
require_mpi() {
  require mpirun openmpi-bin
  echo '#include <mpi.h>' | mpicxx -E -x c++ - >/dev/null 2>&1 ||
    missing="$missing libopenmpi-dev"
}

# require_file FILE PACKAGE: something that a package puts in its place.
require_file() {
  [ -e "$1" ] || missing="$missing $2"
}

# need_apt_get NAMES: sets as_root to what makes a command run as root.
need_apt_get() {
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "softlane: missing (names of the Debian packages):$1" >&2
    echo "softlane: there is no apt-get here; please install them and try again" >&2
    exit 1
  fi
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "softlane: missing packages:$1" >&2
      echo "softlane: run as root, or install them and try again" >&2
      exit 1
    fi
    as_root=sudo
  fi
}

install_missing() {
  [ -n "$missing" ] || return 0
  need_apt_get "$missing"
  echo "softlane: installing$missing"
  log=$(mktemp)
  # shellcheck disable=SC2086 # the list is words
  if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "softlane: apt-get could not install$missing" >&2
    exit 1
  fi
  rm -f "$log"
}

# unpack_kernel DIRECTORY: the files of Debian's kernel for virtual machines, and of a
# shell for its initial disk. They are not installed: the machine keeps its own kernel.
unpack_kernel() {
  directory=$1
  [ ! -e "$directory/complete" ] || return 0
  need_apt_get " linux-image-cloud-amd64 busybox-static"
  rm -rf "$directory"
  mkdir -p "$directory"
  kernel=$(newest_kernel)
  if [ -z "$kernel" ]; then
    $as_root apt-get -q update >/dev/null
    kernel=$(newest_kernel)
  fi
  (
    cd "$directory" || exit 1
    apt-get -q -o APT::Sandbox::User=root download "${kernel:?}" busybox-static
  )
  for package in "$directory"/*.deb; do
    dpkg -x "$package" "$directory"
    rm "$package"
  done
  touch "$directory/complete"
}
newest_kernel() {
  apt-cache depends linux-image-cloud-amd64 2>/dev/null |
    sed -n 's/^ *Depends: *//p' | head -n 1
}

# install_dependencies doctest|dlpack|consumers|aarch64|mingw|emulator|engines|abi|docs|
#   gnuplot|benchmark|peers|fuzzer ...
install_dependencies() {
  missing=
  require cmake cmake
  require ninja ninja-build
  require "${CXX:-c++}" g++
  install_missing # a compiler is needed to look for headers
  missing=
  [ -n "${SOFTLANE_HIGHWAY_INCLUDE_DIR:-}" ] || require_header hwy/highway.h libhwy-dev
  for dependency in "$@"; do
    case $dependency in
      doctest) require_header doctest/doctest.h doctest-dev ;;
      dlpack) require_header dlpack/dlpack.h libdlpack-dev ;;
      consumers)
        require pkg-config pkg-config
        require qemu-x86_64 qemu-user
        require_mpi
        require_header cblas.h libopenblas-dev
        ;;
      aarch64)
        require aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
        require qemu-aarch64 qemu-user
        ;;
      mingw)
        require x86_64-w64-mingw32-g++-posix g++-mingw-w64-x86-64-posix
        PATH=$PATH:/usr/lib/wine require wine64 wine64 # where Debian has it
        ;;
      emulator)
        require bochs bochs
        require_file /usr/share/bochs/BIOS-bochs-latest bochsbios
        require_file /usr/share/vgabios/vgabios.bin vgabios
        require_file /usr/lib/ISOLINUX/isolinux.bin isolinux
        require_file /usr/lib/syslinux/modules/bios/ldlinux.c32 syslinux-common
        require genisoimage genisoimage
        require cpio cpio
        ;;
      engines)
        require_header ATen/ATen.h libtorch-dev
        require_file /usr/include/opencv4/opencv2/dnn.hpp libopencv-dnn-dev
        ;;
      abi) require abidiff abigail-tools ;;
      docs) require doxygen doxygen ;;
      gnuplot) require gnuplot gnuplot-nox ;;
      fuzzer) require_fuzzer ;;
      benchmark) require_header benchmark/benchmark.h libbenchmark-dev ;;
      peers)
        require_header pthreadpool.h libpthreadpool-dev
        require_header xnnpack.h libxnnpack-dev
        require_header dnnl.hpp libdnnl-dev
        require_header sleef.h libsleef-dev
        require_header ATen/ATen.h libtorch-dev
        ;;
    esac
  done
  install_missing
}

# configure DIRECTORY CMAKE-OPTIONS...: a Release build there. SOFTLANE_WERROR=ON makes
# warnings errors.
configure() {
  directory=$1
  shift
  cmake -S . -B "$directory" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DSOFTLANE_WERROR="${SOFTLANE_WERROR:-OFF}" \
    -DSOFTLANE_HIGHWAY_INCLUDE_DIR="${SOFTLANE_HIGHWAY_INCLUDE_DIR:-}" "$@"
}

# configure_and_build DIRECTORY CMAKE-OPTIONS...
configure_and_build() {
  configure "$@"
  cmake --build "$directory"
}
