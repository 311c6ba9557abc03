// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_HIGHWAY_H_
#define SOFTLANE_LIB_HIGHWAY_H_

#include <stdint.h>

// The setup of our Highway, independent of the macros that a host defines for
// its own Highway. This file is included before every header of Highway. The
// preprocessor chooses the targets, because one compilation may be for two
// architectures.

#if SIZE_MAX != UINT64_MAX || UINTPTR_MAX != UINT64_MAX
#error "softlane needs pointers and a size_t of 64 bits."
#endif

#undef HWY_COMPILE_ALL_ATTAINABLE
#undef HWY_COMPILE_ONLY_EMU128
#undef HWY_COMPILE_ONLY_SCALAR
#undef HWY_COMPILE_ONLY_STATIC
#undef HWY_WANT_AVX3_DL
#undef HWY_WANT_AVX3_ZEN4
#undef HWY_WANT_SSE4
#undef HWY_WANT_SSSE3
#undef HWY_WANT_WASM2
#undef HWY_DISABLE_BMI2_FMA
#undef HWY_DISABLE_CACHE_CONTROL
#undef HWY_DISABLE_F16C
#undef HWY_DISABLE_PCLMUL_AES
#undef HWY_ATTAINABLE_TARGETS_X86
#undef HWY_BASELINE_TARGETS
#undef HWY_BROKEN_EMU128
#undef HWY_BROKEN_TARGETS
#undef HWY_DISABLED_TARGETS
#undef HWY_IS_DEBUG_BUILD
#undef HWY_SHARED_DEFINE

// An engine's own Highway is in namespace hwy.
#undef hwy
#define hwy softlane_hwy

// In a debug build Highway would need hwy::Abort, which is in libhwy.
#define HWY_IS_DEBUG_BUILD 0

// Targets are disabled by number, because some versions of Highway do not have
// all names. The numbers are right for Highway 1.0.3 and all later versions.
#if defined(__x86_64__) || defined(_M_X64)
// Disabled: SSSE3, SSE4, and bits 3 to 7, which are extensions of AVX3. The
// baseline, AVX2 and AVX3 stay, unless SOFTLANE_TARGETS of CMake leaves out
// AVX2 (bit 9) or AVX3 (bit 8).
#if defined(SOFTLANE_NO_AVX2)
#define HWY_DISABLED_TARGETS 0x1BF8LL
#elif defined(SOFTLANE_NO_AVX512)
#define HWY_DISABLED_TARGETS 0x19F8LL
#else
#define HWY_DISABLED_TARGETS 0x18F8LL
#endif
#elif defined(__aarch64__) || defined(_M_ARM64)
// Disabled: the four kinds of SVE (bits 24 to 27 of version 1.0.3; bits 18, 19,
// 23 and 24 since), and bits 25 to 27, among which NEON with bfloat16 is today.
// NEON with AES and NEON without AES stay.
#define HWY_DISABLED_TARGETS 0xF8C0000LL
#define HWY_COMPILE_ONLY_STATIC
#else
// One lane at a time, even if the host's flags allow more.
#define HWY_COMPILE_ONLY_SCALAR
#endif

#endif  // SOFTLANE_LIB_HIGHWAY_H_
