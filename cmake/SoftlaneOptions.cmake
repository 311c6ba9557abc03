# SPDX-License-Identifier: Apache-2.0
# Compiler options: of the kernels, and of everything in this project.

set(softlane_kernel_flags
    # Whatever the host sets (-Ofast, say) must not change a bit.
    -fno-fast-math -ffp-contract=off -fno-exceptions -fno-rtti)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  # After the host's -march=native or -mavx2 the baseline would be no baseline; each
  # of these takes all with it that builds on it. x87 arithmetic has other roundings.
  list(PREPEND softlane_kernel_flags -march=x86-64 -mtune=generic -mno-sse3 -mno-avx
       -mno-popcnt -mno-bmi -mno-bmi2 -mno-lzcnt -mno-aes -mfpmath=sse)
endif()

# What Highway makes of these flags: without AVX2 and AVX3 there is no library.
function(softlane_check_targets)
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    return()
  endif()
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_INCLUDES "${softlane_highway_dir}")
  set(CMAKE_REQUIRED_FLAGS "-std=c++17 ${softlane_kernel_flags}")
  string(REPLACE ";" " " CMAKE_REQUIRED_FLAGS "${CMAKE_REQUIRED_FLAGS}")
  set(CMAKE_REQUIRED_DEFINITIONS -DHWY_DISABLED_TARGETS=0x18F8LL)
  check_cxx_source_compiles(
    "#include <hwy/detect_targets.h>
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
softlane_check_targets()

function(softlane_kernel_flags target)
  # Not optimized, Highway's inline functions would be weak symbols with AVX code,
  # and the kernels some 50 times slower, in a host's debug build too. Under a
  # sanitizer -O2 takes the compiler minutes.
  if(SOFTLANE_SANITIZE)
    set(debug_level -O1)
  else()
    set(debug_level -O2)
  endif()
  target_compile_options(
    ${target} PRIVATE ${softlane_kernel_flags}
                      $<$<OR:$<CONFIG:Debug>,$<NOT:$<BOOL:$<CONFIG>>>>:${debug_level}>)
endfunction()

# Warnings, sanitizers and the environment, for every target of this project.
function(softlane_options target)
  target_compile_options(
    ${target} PRIVATE -Wall -Wextra $<$<BOOL:${SOFTLANE_WERROR}>:-Werror>)
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
