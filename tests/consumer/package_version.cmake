# SPDX-License-Identifier: Apache-2.0
# cmake -DFILE=... -DMAJOR=... -DMINOR=... -P package_version.cmake: find_package takes the
# installed version if it may replace the requested version, and no other.
cmake_minimum_required(VERSION 3.14)

# Sets `result` to whether find_package(softlane VERSION) takes the package. The file of the
# package is included, as find_package does.
function(takes version result)
  set(PACKAGE_FIND_NAME softlane)
  set(PACKAGE_FIND_VERSION ${version})
  string(REPLACE "." ";" parts ${version})
  list(LENGTH parts PACKAGE_FIND_VERSION_COUNT)
  list(GET parts 0 PACKAGE_FIND_VERSION_MAJOR)
  list(GET parts 1 PACKAGE_FIND_VERSION_MINOR)
  include("${FILE}")
  set(${result} "${PACKAGE_VERSION_COMPATIBLE}" PARENT_SCOPE)
endfunction()

math(EXPR older "${MINOR} - 1")
math(EXPR newer "${MINOR} + 1")
math(EXPR next "${MAJOR} + 1")
foreach(version IN ITEMS ${MAJOR}.${MINOR} ${MAJOR}.${MINOR}.0)
  takes(${version} is_taken)
  if(NOT is_taken)
    message(FATAL_ERROR "the package is not found as version ${version}")
  endif()
endforeach()
foreach(version IN ITEMS ${MAJOR}.${older} ${MAJOR}.${newer} ${next}.${MINOR})
  takes(${version} is_taken)
  if(is_taken)
    message(FATAL_ERROR "the package is found as version ${version}")
  endif()
endforeach()
