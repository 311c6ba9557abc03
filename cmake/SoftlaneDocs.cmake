# SPDX-License-Identifier: Apache-2.0
# The target `docs`: the pages of cmake/docs and the public headers as HTML, without a
# warning, in <build>/html.
find_package(Doxygen QUIET)
if(NOT DOXYGEN_FOUND)
  return()
endif()

set(DOXYGEN_PROJECT_NUMBER ${PROJECT_VERSION})
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
set(DOXYGEN_WARN_IF_UNDOCUMENTED YES)
set(DOXYGEN_EXTRACT_ALL NO)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_QUIET YES)
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_INLINE_INHERITED_MEMB YES)
set(DOXYGEN_HIDE_SCOPE_NAMES YES)
set(DOXYGEN_SHOW_INCLUDE_FILES NO)
set(DOXYGEN_SORT_MEMBER_DOCS NO)
set(DOXYGEN_STRIP_CODE_COMMENTS NO)
set(DOXYGEN_STRIP_FROM_PATH "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}")
set(DOXYGEN_USE_MDFILE_AS_MAINPAGE "${PROJECT_SOURCE_DIR}/cmake/docs/index.md")
set(DOXYGEN_HTML_EXTRA_STYLESHEET "${PROJECT_SOURCE_DIR}/cmake/docs/style.css")
set(DOXYGEN_HTML_TIMESTAMP NO)
# In the order of the main page.
set(softlane_pages index getting_started special_values accuracy same_bits targets performance
                   embedding porting versions)
list(TRANSFORM softlane_pages REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/cmake/docs/\\1.md")
set(DOXYGEN_EXCLUDE_SYMBOLS softlane::internal* SOFTLANE_CONSTEXPR SOFTLANE_HAS_BIT_CAST)
set(DOXYGEN_FILTER_PATTERNS "*.h=awk -f ${PROJECT_SOURCE_DIR}/cmake/docs/headers.awk")
# Doxygen shows the functions of files that are named in a comment.
file(GLOB headers RELATIVE "${PROJECT_SOURCE_DIR}/include"
     "${PROJECT_SOURCE_DIR}/include/softlane/*.h")
set(text "")
foreach(header IN LISTS headers)
  string(APPEND text "/** @file ${header} */\n")
endforeach()
file(WRITE "${PROJECT_BINARY_DIR}/headers.dox" "${text}")
doxygen_add_docs(docs ${softlane_pages} "${PROJECT_SOURCE_DIR}/cmake/docs/namespaces.dox"
                 "${PROJECT_BINARY_DIR}/headers.dox" "${PROJECT_SOURCE_DIR}/.github/CHANGELOG.md"
                 "${PROJECT_SOURCE_DIR}/include")
