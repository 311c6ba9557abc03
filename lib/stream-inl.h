// SPDX-License-Identifier: Apache-2.0

// Past the caches: stores of rows that do not fit, and loads of what comes
// next.

#if defined(SOFTLANE_LIB_STREAM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_STREAM_INL_H_
#undef SOFTLANE_LIB_STREAM_INL_H_
#else
#define SOFTLANE_LIB_STREAM_INL_H_
#endif

#include "hwy/cache_control.h"
#include "vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// How far ahead of a sweep, in elements.
constexpr size_t kPrefetchAhead = 1024;

// Brings elements into the first cache.
template <size_t kCount>
HWY_INLINE void PrefetchRange(const float* from) {
  for (size_t i = 0; i < kCount; i += 16) hwy::Prefetch(from + i);
}

// Such a store needs whole aligned vectors.
HWY_INLINE bool CanStream(const float* to) {
  return reinterpret_cast<uintptr_t>(to) % sizeof(float) == 0;
}
HWY_INLINE void StreamFour(const Four& v, float* to) {
  hn::Stream(v.a, F32(), to);
  hn::Stream(v.b, F32(), to + kLanes);
  hn::Stream(v.c, F32(), to + 2 * kLanes);
  hn::Stream(v.d, F32(), to + 3 * kLanes);
}

// The aligned fours of vectors in to[0, n), n at least kLanes: [begin, end).
struct AlignedRange {
  HWY_INLINE AlignedRange(const float* to, size_t n) {
    constexpr size_t kBytes = kLanes * sizeof(float);
    const size_t misaligned = reinterpret_cast<uintptr_t>(to) % kBytes;
    begin = misaligned == 0 ? 0 : (kBytes - misaligned) / sizeof(float);
    end = n - (n - begin) % (4 * kLanes);
  }

  size_t begin, end;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_STREAM_INL_H_
