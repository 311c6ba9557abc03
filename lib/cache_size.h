// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_CACHE_SIZE_H_
#define SOFTLANE_LIB_CACHE_SIZE_H_

#include <atomic>
#include <cstddef>

// The size of the last cache, by which large calls choose the kind of their
// stores: results that the cache would not keep go past it.

namespace softlane {
namespace internal {

/// The elements that the last cache holds, of all inputs and outputs together:
/// half of it, since it also gets the data that other caches evict. Where the
/// size is not known: half of 32 MB. Results of larger calls are streamed. With
/// 32 MB, ns per element on Zen 5, streamed and not, softmax: with AVX-512
/// 0.159 and 0.144 at 512 x 4096, 0.158 and 0.246 at 600 x 4096, 0.160 and 0.38
/// at 800 x 4096; with AVX2 0.245 and 0.282 at 600 x 4096. The backward pass,
/// which has three matrices: with AVX-512 0.100 and 0.127 at 1400 x 1024, 0.111
/// and 0.20 at 2000 x 1024; with AVX2 0.109 and 0.138 at 1400 x 1024.
constexpr size_t kUsualCached = size_t{1} << 22;
/// Caches of less than 8 MB and of more than 256 MB count as such: a guest may
/// be told of a cache that it has no such share of.
constexpr size_t kLeastCached = size_t{1} << 20;
constexpr size_t kMostCached = size_t{1} << 25;

/// 0 means that FindCached has not run yet. Threads that race store the same
/// value. A test may store another.
extern std::atomic<size_t> g_cached;
/// Computes g_cached, stores it and gives it.
size_t FindCached() noexcept;

/// The elements that the last cache holds, for a call on such matrices. A small
/// call does not ask the CPU, which takes microseconds in a virtual machine.
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
