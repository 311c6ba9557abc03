# SPDX-License-Identifier: Apache-2.0
# Highway: headers only, at build time only, 1.0.3 or newer.

set(SOFTLANE_HIGHWAY_MINIMUM 1.0.3)

if(SOFTLANE_HIGHWAY_INCLUDE_DIR)
  # A host may name it from its own source directory.
  get_filename_component(SOFTLANE_HIGHWAY_FOUND_DIR "${SOFTLANE_HIGHWAY_INCLUDE_DIR}"
                         ABSOLUTE BASE_DIR "${CMAKE_SOURCE_DIR}")
else()
  find_path(SOFTLANE_HIGHWAY_ON_PATH hwy/highway.h)
  mark_as_advanced(SOFTLANE_HIGHWAY_ON_PATH)
  set(SOFTLANE_HIGHWAY_FOUND_DIR "${SOFTLANE_HIGHWAY_ON_PATH}")
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
endfunction()
