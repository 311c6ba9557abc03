# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)

set(softlane_package_dir "${softlane_LIBDIR}/cmake/softlane")
install(TARGETS softlane EXPORT softlaneTargets
        ARCHIVE DESTINATION "${softlane_LIBDIR}"
        LIBRARY DESTINATION "${softlane_LIBDIR}"
        RUNTIME DESTINATION "${softlane_BINDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/softlane"
        DESTINATION "${softlane_INCLUDEDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
        DESTINATION "${softlane_DATADIR}/licenses/softlane")
install(EXPORT softlaneTargets NAMESPACE softlane::
        DESTINATION "${softlane_package_dir}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/softlaneConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/softlaneConfig.cmake"
  INSTALL_DESTINATION "${softlane_package_dir}")
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/softlaneConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion) # while the major version is 0
install(FILES "${PROJECT_BINARY_DIR}/softlaneConfig.cmake"
              "${PROJECT_BINARY_DIR}/softlaneConfigVersion.cmake"
        DESTINATION "${softlane_package_dir}")

# The .pc file finds its prefix from where it lies, so the tree can be moved, unless the
# host asks for an absolute path.
set(softlane_pc_dir "${softlane_LIBDIR}/pkgconfig")
set(softlane_pc_prefix "${CMAKE_INSTALL_PREFIX}")
if(NOT IS_ABSOLUTE "${softlane_pc_dir}")
  file(RELATIVE_PATH softlane_pc_prefix "/${softlane_pc_dir}" "/")
  string(REGEX REPLACE "/$" "" softlane_pc_prefix "${softlane_pc_prefix}")
  set(softlane_pc_prefix "\${pcfiledir}/${softlane_pc_prefix}")
endif()
foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
  set(softlane_pc_${dir} "${softlane_${dir}}")
  if(NOT IS_ABSOLUTE "${softlane_pc_${dir}}")
    set(softlane_pc_${dir} "\${prefix}/${softlane_pc_${dir}}")
  endif()
endforeach()
configure_file("${PROJECT_SOURCE_DIR}/cmake/softlane.pc.in"
               "${PROJECT_BINARY_DIR}/softlane.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/softlane.pc" DESTINATION "${softlane_pc_dir}")

# The bill of materials, with the hash of the library.
set(softlane_parts "Targets: ${SOFTLANE_TARGETS}; functions: ${SOFTLANE_FUNCTIONS}")
string(REPLACE "Targets: ;" "Targets: all;" softlane_parts "${softlane_parts}")
string(REGEX REPLACE "functions: $" "functions: all" softlane_parts "${softlane_parts}")
string(REGEX REPLACE "([a-z0-9_]);([a-z])" "\\1, \\2" softlane_parts "${softlane_parts}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/softlane_spdx.cmake.in"
               "${PROJECT_BINARY_DIR}/softlane_spdx.cmake" @ONLY)
install(CODE "set(softlane_file \"$<TARGET_FILE_NAME:softlane>\")
set(softlane_libdir \"${softlane_LIBDIR}\")
set(softlane_datadir \"${softlane_DATADIR}\")")
install(SCRIPT "${PROJECT_BINARY_DIR}/softlane_spdx.cmake")
