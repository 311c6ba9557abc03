# SPDX-License-Identifier: Apache-2.0
# Compiler options: of the kernels, and of everything in this project.

include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)

# Whether the compiler, with the flags it gets here, sees a condition hold. It is asked,
# and not CMAKE_SYSTEM_PROCESSOR, which may be empty or the name of something else.
function(softlane_compiler_sees condition variable)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # nothing is linked
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_source_compiles(
    "#if !(${condition})
     #error
     #endif
     int main() { return 0; }"
    ${variable})
endfunction()

# By the compiler's own macros: the headers of the C library may be missing.
softlane_compiler_sees(
  "(defined(__SIZEOF_POINTER__) && __SIZEOF_POINTER__ * __SIZEOF_SIZE_T__ != 64) || (defined(_WIN32) && !defined(_WIN64))" SOFTLANE_HAS_FEWER_BITS)
if(SOFTLANE_HAS_FEWER_BITS)
  message(FATAL_ERROR "softlane needs pointers and a size_t of 64 bits, which this "
                      "compiler does not have with these flags.")
endif()

set(softlane_kernel_flags
    # Whatever the host sets (-Ofast, say) must not change a bit.
    -fno-fast-math -ffp-contract=off -fno-exceptions -fno-rtti)
# After the host's -march=native or -mavx2 the baseline would be no baseline; each of
# these takes all with it that builds on it. x87 arithmetic has other roundings.
set(softlane_x86_64_flags
    -march=x86-64 -mtune=generic -mno-sse3 -mno-avx -mno-popcnt -mno-bmi -mno-bmi2
    -mno-lzcnt -mno-aes -mfpmath=sse)
if(APPLE AND CMAKE_OSX_ARCHITECTURES)
  # One compilation for several architectures.
  if("x86_64" IN_LIST CMAKE_OSX_ARCHITECTURES)
    foreach(flag IN LISTS softlane_x86_64_flags)
      list(APPEND softlane_kernel_flags "SHELL:-Xarch_x86_64 ${flag}")
    endforeach()
  endif()
else()
  softlane_compiler_sees("defined(__x86_64__)" SOFTLANE_COMPILES_X86_64)
  if(SOFTLANE_COMPILES_X86_64)
    list(APPEND softlane_kernel_flags ${softlane_x86_64_flags})
  endif()
endif()

# Windows aligns the stack to 16 bytes. GCC keeps vectors of 32 and 64 bytes on it and
# moves them by instructions that fault unless the address is a multiple of that size
# (GCC bug 54412). The assembler replaces these moves by unaligned ones. Clang aligns the
# stack itself.
softlane_compiler_sees("defined(_WIN32) && defined(__x86_64__) && !defined(__clang__)"
                       SOFTLANE_NEEDS_UNALIGNED_MOVES)
if(SOFTLANE_NEEDS_UNALIGNED_MOVES)
  check_cxx_compiler_flag(-Wa,-muse-unaligned-vector-move
                          SOFTLANE_HAVE_UNALIGNED_MOVES)
  if(NOT SOFTLANE_HAVE_UNALIGNED_MOVES)
    message(FATAL_ERROR "softlane: on Windows, code by GCC needs an assembler with "
                        "-muse-unaligned-vector-move: binutils 2.38 or newer.")
  endif()
  list(APPEND softlane_kernel_flags -Wa,-muse-unaligned-vector-move)
  # GCC for Windows looks which registers its own copy of an inline function changes, and
  # keeps values in the others across a call. But the linker takes the copy of any object,
  # and the objects have different levels of optimization.
  list(APPEND softlane_kernel_flags -fno-ipa-ra)
endif()

# The targets. The code of AVX-512 takes some kernels of AVX2.
set(softlane_definitions "")
if(SOFTLANE_TARGETS)
  foreach(name IN LISTS SOFTLANE_TARGETS)
    if(NOT name MATCHES "^(baseline|avx2|avx512|neon)$")
      message(FATAL_ERROR "softlane: SOFTLANE_TARGETS has the unknown target '${name}'.")
    endif()
  endforeach()
  if("avx512" IN_LIST SOFTLANE_TARGETS AND NOT "avx2" IN_LIST SOFTLANE_TARGETS)
    message(FATAL_ERROR "softlane: SOFTLANE_TARGETS with avx512 needs avx2, too.")
  endif()
  foreach(name IN ITEMS AVX2 AVX512)
    string(TOLOWER ${name} target)
    if(NOT target IN_LIST SOFTLANE_TARGETS)
      list(APPEND softlane_definitions SOFTLANE_NO_${name})
    endif()
  endforeach()
endif()

# What Highway makes of these flags: without AVX2 and AVX3 there is no whole library.
function(softlane_check_targets)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  set(CMAKE_REQUIRED_INCLUDES "${softlane_highway_dir}" "${PROJECT_SOURCE_DIR}/lib")
  set(CMAKE_REQUIRED_FLAGS "-std=c++17 ${softlane_kernel_flags}")
  string(REPLACE ";" " " CMAKE_REQUIRED_FLAGS "${CMAKE_REQUIRED_FLAGS}")
  check_cxx_source_compiles(
    "#include \"highway.h\"
     #include <hwy/detect_targets.h>
     #if !(HWY_TARGETS & HWY_AVX2) || !(HWY_TARGETS & HWY_AVX3)
     #error
     #endif
     int main() { return 0; }"
    SOFTLANE_HAVE_AVX2_AND_AVX3)
  if(NOT SOFTLANE_HAVE_AVX2_AND_AVX3)
    message(
      FATAL_ERROR
        "softlane: this compiler (${CMAKE_CXX_COMPILER_ID} "
        "${CMAKE_CXX_COMPILER_VERSION}) with these flags and Highway headers "
        "gives no AVX2 and AVX3 targets. g++ 9, clang 9 or newer do.")
  endif()
endfunction()
if(SOFTLANE_COMPILES_X86_64 AND NOT softlane_definitions)
  softlane_check_targets()
endif()

# Sets `result` to the options that optimize in the configurations that do it less than
# -O2: Debug, MinSizeRel, none at all, and types of the host's own. Optimized less, some
# of Highway's inline functions are weak symbols with AVX code, and the kernels up to 50
# times slower. Under a sanitizer -O2 takes the compiler minutes.
function(softlane_optimization result)
  if(SOFTLANE_SANITIZE)
    set(level -O1)
    set(enough "[1-9gsz]|fast|")
  else()
    set(level -O2)
    set(enough "[2-9]|fast")
  endif()
  set(options "")
  set(configurations "${CMAKE_BUILD_TYPE}")
  if(CMAKE_CONFIGURATION_TYPES)
    set(configurations ${CMAKE_CONFIGURATION_TYPES})
  elseif(NOT configurations)
    set(configurations none) # CMake has no name for it
  endif()
  get_directory_property(of_directory COMPILE_OPTIONS)
  string(REPLACE ";" " " of_directory "${of_directory}")
  foreach(configuration IN LISTS configurations)
    string(TOUPPER "${configuration}" suffix)
    set(flags " ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${suffix}} ${of_directory} ")
    string(REGEX MATCHALL " -O[a-z0-9]*" levels " -O0${flags}")
    list(GET levels -1 last) # as the compiler does
    if(last MATCHES "^ -O(${enough})$")
      continue()
    elseif(configuration STREQUAL "none")
      list(APPEND options ${level})
    else()
      list(APPEND options $<$<CONFIG:${configuration}>:${level}>)
    endif()
  endforeach()
  set(${result} "${options}" PARENT_SCOPE)
endfunction()

function(softlane_kernel_flags target)
  softlane_optimization(optimization)
  target_compile_options(${target} PRIVATE ${softlane_kernel_flags} ${optimization})
endfunction()

# Warnings, sanitizers and the environment, for every target of this project.
function(softlane_options target)
  # In a host's tree its warnings, perhaps as errors, are not for our sources.
  if(SOFTLANE_TOP_LEVEL)
    target_compile_options(
      ${target} PRIVATE -Wall -Wextra $<$<BOOL:${SOFTLANE_WERROR}>:-Werror>)
  else()
    target_compile_options(${target} PRIVATE -w)
  endif()
  if(SOFTLANE_SANITIZE)
    target_compile_options(
      ${target} PRIVATE -fsanitize=${SOFTLANE_SANITIZE} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${SOFTLANE_SANITIZE})
  endif()
  if(NOT SOFTLANE_ENVIRONMENT)
    target_compile_definitions(${target} PRIVATE SOFTLANE_NO_ENVIRONMENT)
  endif()
endfunction()
