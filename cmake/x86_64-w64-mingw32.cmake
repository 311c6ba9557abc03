# SPDX-License-Identifier: Apache-2.0
# Cross compilation for 64-bit Windows by MinGW-w64; programs run under Wine. On Debian:
#   apt-get install g++-mingw-w64-x86-64-posix wine64
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
if(NOT CMAKE_C_COMPILER)
  set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
endif()
if(NOT CMAKE_CXX_COMPILER)
  set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
endif()

set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)

# Debian has wine64 outside of the PATH.
find_program(SOFTLANE_WINE NAMES wine64 wine PATHS /usr/lib/wine)
mark_as_advanced(SOFTLANE_WINE)
if(SOFTLANE_WINE)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${SOFTLANE_WINE}")
endif()

# Programs need no DLL of the compiler's, which Wine would not find.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
