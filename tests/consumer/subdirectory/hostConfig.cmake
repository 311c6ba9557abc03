# SPDX-License-Identifier: Apache-2.0
include(CMakeFindDependencyMacro)
find_dependency(softlane)
include("${CMAKE_CURRENT_LIST_DIR}/hostTargets.cmake")
