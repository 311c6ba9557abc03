// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_CACHE_SIZE_H_
#define SOFTLANE_LIB_CACHE_SIZE_H_

#include <atomic>
#include <cstddef>

// The size of the last-level cache. Large calls choose the kind of their stores
// by it: results that the cache would not keep are stored past it.

namespace softlane {
namespace internal {

/// The number of elements that the last-level cache holds, of all inputs and
/// outputs together. Half of the cache counts, because the cache also gets the
/// data that other caches evict. This constant is for an unknown size, which
/// counts as 32 MB. Results of larger calls are streamed. With 32 MB, ns per
/// element on Zen 5, streamed and not, softmax: with AVX-512 0.159 and 0.144 at
/// 512 x 4096, 0.158 and 0.246 at 600 x 4096, 0.160 and 0.38 at 800 x 4096;
/// with AVX2 0.245 and 0.282 at 600 x 4096. The backward pass, which has three
/// matrices: with AVX-512 0.100 and 0.127 at 1400 x 1024, 0.111 and 0.20 at
/// 2000 x 1024; with AVX2 0.109 and 0.138 at 1400 x 1024.
constexpr size_t kUsualCached = size_t{1} << 22;
/// The limits of the number, for caches of 8 MB and of 256 MB. A virtual
/// machine may report a cache of which it has only a small share.
constexpr size_t kLeastCached = size_t{1} << 20;
constexpr size_t kMostCached = size_t{1} << 25;

/// 0 means that FindCached has not run yet. Threads that race store the same
/// value. A test may store another value.
extern std::atomic<size_t> g_cached;
/// Computes g_cached, stores it and returns it.
size_t FindCached() noexcept;

/// The number of elements that the last-level cache holds, for a call on rows x
/// cols matrices. For a small call the CPU is not asked, because that takes
/// microseconds in a virtual machine.
inline size_t CachedElements(size_t rows, size_t cols) noexcept {
  constexpr size_t kMostMatrices = 4, kMostShare = 2;  // see planner.cc
  const size_t cached = g_cached.load(std::memory_order_relaxed);
  if (cached != 0) return cached;
  const bool is_small = rows * cols < kLeastCached / kMostMatrices / kMostShare;
  return is_small ? kUsualCached : FindCached();
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_CACHE_SIZE_H_
