# SPDX-License-Identifier: Apache-2.0
# Highway: headers only, at build time only, 1.0.3 or newer.

set(SOFTLANE_HIGHWAY_MINIMUM 1.0.3)

find_path(
  SOFTLANE_HIGHWAY_FOUND_DIR hwy/highway.h
  HINTS "${SOFTLANE_HIGHWAY_INCLUDE_DIR}"
  NO_CACHE)
if(SOFTLANE_HIGHWAY_INCLUDE_DIR)
  set(SOFTLANE_HIGHWAY_FOUND_DIR "${SOFTLANE_HIGHWAY_INCLUDE_DIR}")
endif()
if(NOT EXISTS "${SOFTLANE_HIGHWAY_FOUND_DIR}/hwy/highway.h")
  message(
    FATAL_ERROR
      "softlane needs the Highway headers ${SOFTLANE_HIGHWAY_MINIMUM} or newer: "
      "hwy/highway.h was not found. Install libhwy-dev, or set "
      "SOFTLANE_HIGHWAY_INCLUDE_DIR to the directory that holds hwy/.")
endif()

# The version macros were in highway.h and later moved to base.h.
set(softlane_highway_version "")
foreach(part MAJOR MINOR PATCH)
  set(value "")
  foreach(header highway.h base.h)
    set(path "${SOFTLANE_HIGHWAY_FOUND_DIR}/hwy/${header}")
    if(EXISTS "${path}")
      file(STRINGS "${path}" line REGEX "^#define HWY_${part} [0-9]+")
      if(line MATCHES "HWY_${part} ([0-9]+)")
        set(value ${CMAKE_MATCH_1})
      endif()
    endif()
  endforeach()
  list(APPEND softlane_highway_version "${value}")
endforeach()
string(REPLACE ";" "." softlane_highway_version "${softlane_highway_version}")
if(NOT softlane_highway_version MATCHES "^[0-9]+[.][0-9]+[.][0-9]+$"
   OR softlane_highway_version VERSION_LESS SOFTLANE_HIGHWAY_MINIMUM)
  message(
    FATAL_ERROR
      "softlane needs Highway ${SOFTLANE_HIGHWAY_MINIMUM} or newer; the headers in "
      "${SOFTLANE_HIGHWAY_FOUND_DIR} are version '${softlane_highway_version}'.")
endif()
message(STATUS "Highway ${softlane_highway_version} headers: "
               "${SOFTLANE_HIGHWAY_FOUND_DIR}/hwy")

# The headers as an include directory of their own: only hwy/ can be found in it,
# so that nothing else that lies beside them gets onto the include path.
set(softlane_highway_dir "${PROJECT_BINARY_DIR}/highway")
file(MAKE_DIRECTORY "${softlane_highway_dir}")
file(CREATE_LINK "${SOFTLANE_HIGHWAY_FOUND_DIR}/hwy" "${softlane_highway_dir}/hwy"
     SYMBOLIC)

function(softlane_use_highway target)
  target_include_directories(${target} SYSTEM PRIVATE "${softlane_highway_dir}")
  # HWY_TARGET_INCLUDE is found by its path from here.
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/lib")
  target_compile_definitions(
    ${target}
    PRIVATE
      # Not the namespace that an engine's own Highway has.
      hwy=softlane_hwy
      # A debug build would reference hwy::Abort, which is in libhwy.
      HWY_IS_DEBUG_BUILD=0)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    # All x86 targets but the baseline, AVX2 and AVX3: SSSE3, SSE4, and the
    # extensions of AVX3 (bits 3 to 7), of which version 1.0.3 knows only AVX3_DL.
    target_compile_definitions(${target} PRIVATE HWY_DISABLED_TARGETS=0x18F8LL)
  else()
    target_compile_definitions(${target} PRIVATE HWY_COMPILE_ONLY_STATIC)
  endif()
endfunction()
