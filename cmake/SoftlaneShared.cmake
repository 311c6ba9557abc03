# SPDX-License-Identifier: Apache-2.0
# The library as a shared library. Its headers have no macros for visibility, so a version
# script says which symbols it exports.

# The ABI may change with these numbers: see docs/versions.md.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(softlane_soversion ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
else()
  set(softlane_soversion ${PROJECT_VERSION_MAJOR})
endif()
set_target_properties(
  softlane
  PROPERTIES VERSION ${PROJECT_VERSION}
             SOVERSION ${softlane_soversion}
             # Functions of the headers are compiled into the callers.
             CXX_VISIBILITY_PRESET default
             VISIBILITY_INLINES_HIDDEN ON)
if(NOT WIN32)
  # No program replaces a function of the library, so calls within a file stay direct.
  target_compile_options(softlane PRIVATE -fno-semantic-interposition)
endif()
if(NOT APPLE)
  set(softlane_map "${PROJECT_BINARY_DIR}/softlane.map")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/softlane.map.in" "${softlane_map}" @ONLY)
  # The library needs no C++ runtime, and names none.
  target_link_options(softlane PRIVATE "LINKER:--version-script=${softlane_map}"
                      LINKER:--as-needed)
  if(NOT WIN32 AND NOT SOFTLANE_SANITIZE)
    target_link_options(softlane PRIVATE LINKER:-z,defs) # a missing file is an error
  endif()
  set_property(TARGET softlane APPEND PROPERTY LINK_DEPENDS "${softlane_map}")
endif()
