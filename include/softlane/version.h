/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOFTLANE_VERSION_H_
#define SOFTLANE_VERSION_H_

/**
 * @file
 * The version of these headers as macros, and the version of the linked library
 * as a function. For C and C++. A change of the API, of the ABI or of the bits
 * of a result changes the version.
 */

/** From 1.0 on, an incompatible change increments MAJOR. */
#define SOFTLANE_VERSION_MAJOR 0
/** An addition and a change of bits increment MINOR. While MAJOR is 0, an
 * incompatible change increments MINOR, too. */
#define SOFTLANE_VERSION_MINOR 2
/** Any other change increments PATCH. */
#define SOFTLANE_VERSION_PATCH 0
/** "MAJOR.MINOR.PATCH". */
#define SOFTLANE_VERSION_STRING "0.2.0"
/** 1000000 * MAJOR + 1000 * MINOR + PATCH, for comparisons. */
#define SOFTLANE_VERSION                                              \
  (SOFTLANE_VERSION_MAJOR * 1000000 + SOFTLANE_VERSION_MINOR * 1000 + \
   SOFTLANE_VERSION_PATCH)

#ifdef __cplusplus

namespace softlane {
inline namespace v1 {

/// SOFTLANE_VERSION of the linked library. It differs from the macro if a
/// program was compiled with the headers of another version.
int Version() noexcept;

}  // namespace v1
}  // namespace softlane

extern "C" {
#endif

/** softlane::Version. */
int softlane_version(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SOFTLANE_VERSION_H_ */
