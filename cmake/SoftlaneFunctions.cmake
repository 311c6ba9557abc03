# SPDX-License-Identifier: Apache-2.0
# Leaves the functions of SOFTLANE_FUNCTIONS, and what they need, in softlane_sources.
include("${CMAKE_CURRENT_LIST_DIR}/needs.cmake")

set(softlane_needed dispatch.cc status.cc version.cc c/target_c.cc c/version_c.cc)
foreach(function IN LISTS SOFTLANE_FUNCTIONS)
  if(NOT DEFINED softlane_needs_${function})
    get_cmake_property(names VARIABLES)
    list(FILTER names INCLUDE REGEX "^softlane_needs_")
    list(TRANSFORM names REPLACE "^softlane_needs_" "")
    string(REPLACE ";" " " names "${names}")
    message(FATAL_ERROR "softlane: SOFTLANE_FUNCTIONS has the unknown name "
                        "'${function}'. There are: ${names}.")
  endif()
  list(APPEND softlane_needed ${softlane_needs_${function}})
endforeach()
set(softlane_all ${softlane_sources})
set(softlane_sources "")
foreach(source IN LISTS softlane_all)
  if(source IN_LIST softlane_needed)
    list(APPEND softlane_sources ${source})
  endif()
endforeach()
