# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(softlane_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/softlane")
install(TARGETS softlane EXPORT softlaneTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/softlane"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/softlane")
install(EXPORT softlaneTargets NAMESPACE softlane::
        DESTINATION "${softlane_package_dir}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/softlaneConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/softlaneConfig.cmake"
  INSTALL_DESTINATION "${softlane_package_dir}")
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/softlaneConfigVersion.cmake"
  COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/softlaneConfig.cmake"
              "${PROJECT_BINARY_DIR}/softlaneConfigVersion.cmake"
        DESTINATION "${softlane_package_dir}")

# The .pc file finds its prefix from where it lies: the tree can be moved.
set(softlane_pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH softlane_pc_prefix "/${softlane_pc_dir}" "/")
string(REGEX REPLACE "/$" "" softlane_pc_prefix "${softlane_pc_prefix}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/softlane.pc.in"
               "${PROJECT_BINARY_DIR}/softlane.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/softlane.pc" DESTINATION "${softlane_pc_dir}")
