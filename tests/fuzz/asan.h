// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_ASAN_H_
#define SOFTLANE_TESTS_FUZZ_ASAN_H_

// SOFTLANE_FUZZ_ASAN, with AddressSanitizer of g++ or clang.

#if defined(__SANITIZE_ADDRESS__)
#define SOFTLANE_FUZZ_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SOFTLANE_FUZZ_ASAN 1
#endif
#endif
#ifdef SOFTLANE_FUZZ_ASAN
#include <sanitizer/asan_interface.h>
#endif

#endif  // SOFTLANE_TESTS_FUZZ_ASAN_H_
