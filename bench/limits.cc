// SPDX-License-Identifier: Apache-2.0
#include "limits.h"

#include <cstring>

#include "dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limits.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/sum-inl.h"
#include "arith/table8-inl.h"
#include "arith/vector-inl.h"
#include "hwy/cache_control.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Chains of multiply-adds: one takes 4 or 5 cycles, and a core starts 2 of them
// per cycle, or 4. AVX2 has registers for twelve and the factors.
constexpr bool kTwelve = HWY_TARGET == HWY_AVX2;

bench::Shape FmaShape() { return {kTwelve ? 12 : 16, kLanes}; }

// The chains start from different values, and all of them are stored: no two
// are the same to the compiler, and none is dead.
void FmaChains(const float* from, float* to, size_t steps) {
  const VF x = Load(from), y = Load(from + kLanes);
  Four a = LoadFour(from + 2, 1), b = LoadFour(from + 6, 1);
  Four c = LoadFour(from + 10, 1), d = LoadFour(from + 14, 1);
  const auto add = [&](VF sum) HWY_ATTR { return Fma(x, y, sum); };
  for (; steps != 0; --steps) {
    a = Map(add, a);
    b = Map(add, b);
    c = Map(add, c);
    if constexpr (!kTwelve) d = Map(add, d);
  }
  StoreFour(a, to, kLanes);
  StoreFour(b, to + 4 * kLanes, kLanes);
  StoreFour(c, to + 8 * kLanes, kLanes);
  StoreFour(d, to + 12 * kLanes, kLanes);
}

// The sum of the lower halves, converted to double. A template: see Lower.
template <class V>
HWY_INLINE VD InDouble(V a, V b) {
  if constexpr (kLanes == 1) {
    return hn::Add(hn::PromoteTo(F64(), a), hn::PromoteTo(F64(), b));
  } else {
    return hn::Add(hn::PromoteTo(F64(), Lower(a)),
                   hn::PromoteTo(F64(), Lower(b)));
  }
}

void ExpSteps(const float* from, float* to, size_t steps) {
  const VF x = Load(from), y = Load(from + kLanes);
  Four a = LoadFour(from + 2, 1), b = LoadFour(from + 6, 1);
  Four looked_up = LoadFour(from + 10, 1);
  constexpr uint32_t kEntries[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const Table8 table(kEntries);
  const auto add = [&](VF sum) HWY_ATTR { return Fma(x, y, sum); };
  // An index is what was looked up before.
  const auto look_up = [&](VF v) HWY_ATTR {
    return hn::BitCast(F32(), table[hn::BitCast(I32(), v)]);
  };
  VD sum = hn::Zero(F64());
  // Multiply-adds of a vector are 8 chains; four vectors have four look-ups,
  // and a vector of floats in all is converted.
  for (steps *= FmaShape().rows / 4; steps != 0; --steps) {
    for (int i = 0; i < 4; ++i) {
      a = Map(add, a);
      b = Map(add, b);
    }
    looked_up = Map(look_up, looked_up);
    sum = hn::Add(sum, InDouble(a.a, a.b));
  }
  StoreFour(a, to, kLanes);
  StoreFour(b, to + 4 * kLanes, kLanes);
  StoreFour(looked_up, to + 8 * kLanes, kLanes);
  const hn::Rebind<float, F64> half;
  hn::StoreU(hn::DemoteTo(half, sum), half, to + 12 * kLanes);
}

// Past the caches the CPU's own prefetching is not the best there is.
template <bool kPrefetch>
HWY_INLINE void PrefetchFour(const float* from) {
  constexpr size_t kAhead = 4096;
  if constexpr (kPrefetch) {
    for (size_t i = 0; i < 4 * kLanes; i += 16) {
      hwy::Prefetch(from + kAhead + i);
    }
  }
}

template <bool kPrefetch>
HWY_INLINE void ReadAll(const float* from, float* to, size_t n) {
  const auto merge = [](VF a, VF b) HWY_ATTR { return hn::Or(a, b); };
  Four all = LoadFour(from, kLanes);
  for (size_t i = 0; i < n; i += 4 * kLanes) {
    PrefetchFour<kPrefetch>(from + i);
    all = Map(merge, all, LoadFour(from + i, kLanes));
  }
  StoreFour(all, to, kLanes);
}

void Read(const float* from, float* to, size_t n) {
  ReadAll<false>(from, to, n);
}
void PrefetchRead(const float* from, float* to, size_t n) {
  ReadAll<true>(from, to, n);
}

void Copy(const float* from, float* to, size_t n) {
  for (size_t i = 0; i < n; i += 4 * kLanes) {
    StoreFour(LoadFour(from + i, kLanes), to + i, kLanes);
  }
}

HWY_INLINE void StreamFour(const Four& v, float* to) {
  hn::Stream(v.a, F32(), to);
  hn::Stream(v.b, F32(), to + kLanes);
  hn::Stream(v.c, F32(), to + 2 * kLanes);
  hn::Stream(v.d, F32(), to + 3 * kLanes);
}

// Past the caches.
void StreamCopy(const float* from, float* to, size_t n) {
  for (size_t i = 0; i < n; i += 4 * kLanes) {
    PrefetchFour<true>(from + i);
    StreamFour(LoadFour(from + i, kLanes), to + i);
  }
  hwy::FlushStream();
}

void StreamStore(const float* from, float* to, size_t n) {
  const Four v = LoadFour(from, kLanes);
  for (size_t i = 0; i < n; i += 4 * kLanes) StreamFour(v, to + i);
  hwy::FlushStream();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

template <class Function>
using Table = internal::KernelTable<Function>;
constexpr Table<bench::Shape()> kFmaShape = SOFTLANE_KERNEL_TABLE(FmaShape);
constexpr Table<bench::Move> kFmaChains = SOFTLANE_KERNEL_TABLE(FmaChains);
constexpr Table<bench::Move> kExpSteps = SOFTLANE_KERNEL_TABLE(ExpSteps);
constexpr Table<bench::Move> kRead = SOFTLANE_KERNEL_TABLE(Read);
constexpr Table<bench::Move> kPrefetchRead =
    SOFTLANE_KERNEL_TABLE(PrefetchRead);
constexpr Table<bench::Move> kCopy = SOFTLANE_KERNEL_TABLE(Copy);
constexpr Table<bench::Move> kStreamCopy = SOFTLANE_KERNEL_TABLE(StreamCopy);
constexpr Table<bench::Move> kStreamStore = SOFTLANE_KERNEL_TABLE(StreamStore);

void Memcpy(const float* from, float* to, size_t n) {
  std::memcpy(to, from, n * sizeof(float));
}

}  // namespace

namespace bench {

Shape FmaShape(Target target) { return internal::Select(kFmaShape, target)(); }

void RunFma(Target target, const float* from, float* to, size_t steps) {
  internal::Select(kFmaChains, target)(from, to, steps);
}

void RunExp(Target target, const float* from, float* to, size_t steps) {
  internal::Select(kExpSteps, target)(from, to, steps);
}

MoverList Movers() {
  const Target best = BestTarget();
  return {{{kReads[0], 4.0, internal::Select(kRead, best)},
           {kReads[1], 4.0, internal::Select(kPrefetchRead, best)},
           {kCopies[0], 8.0, Memcpy},
           {kCopies[1], 8.0, internal::Select(kCopy, best)},
           {kCopies[2], 8.0, internal::Select(kStreamCopy, best)},
           {kStore, 4.0, internal::Select(kStreamStore, best)}}};
}

}  // namespace bench
}  // namespace softlane
#endif  // HWY_ONCE
