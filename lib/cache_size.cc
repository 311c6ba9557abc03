// SPDX-License-Identifier: Apache-2.0
#include "cache_size.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace softlane {
namespace internal {
namespace {

#if defined(__x86_64__)

// Bits [first, first + count).
constexpr uint32_t Field(uint32_t word, uint32_t first, uint32_t count) {
  return word >> first & ((uint32_t{1} << count) - 1);
}

// The bytes of the largest data cache that this leaf lists; 0 if it lists none.
// Intel's leaf 4 and AMD's leaf 0x8000001D have the same fields. Sources: Intel
// SDM volume 2A, CPUID; AMD APM volume 3, appendix E.4.
uint64_t LargestCache(uint32_t leaf) {
  constexpr uint32_t kNone = 0, kInstructions = 2, kMaxCaches = 16;
  uint64_t largest = 0;
  const auto most =  // an int with some compilers
      static_cast<uint32_t>(__get_cpuid_max(leaf & 0x80000000u, nullptr));
  if (most < leaf) return 0;
  for (uint32_t i = 0; i < kMaxCaches; ++i) {
    uint32_t eax, ebx, ecx, edx;
    __cpuid_count(leaf, i, eax, ebx, ecx, edx);
    const uint32_t type = Field(eax, 0, 5);
    if (type == kNone) break;
    if (type == kInstructions) continue;
    const uint64_t line = Field(ebx, 0, 12) + 1,
                   partitions = Field(ebx, 12, 10) + 1;
    const uint64_t ways = Field(ebx, 22, 10) + 1;
    const uint64_t bytes = line * partitions * ways * (uint64_t{ecx} + 1);
    if (bytes > largest) largest = bytes;
  }
  return largest;
}
uint64_t LastCache() {
  const uint64_t bytes = LargestCache(4);
  return bytes != 0 ? bytes : LargestCache(0x8000001Du);
}

#else

uint64_t LastCache() { return 0; }

#endif

}  // namespace

std::atomic<size_t> g_cached{0};

size_t FindCached() noexcept {
  const uint64_t elements = LastCache() / 2 / sizeof(float);
  size_t cached = kUsualCached;
  if (elements != 0) {
    cached = elements < kLeastCached  ? kLeastCached
             : elements > kMostCached ? kMostCached
                                      : static_cast<size_t>(elements);
  }
  g_cached.store(cached, std::memory_order_relaxed);
  return cached;
}

}  // namespace internal
}  // namespace softlane
