// SPDX-License-Identifier: Apache-2.0
#include "kernels/dot_parts.h"

#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dot_parts.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/sse2-inl.h"
#include "arith/sse2_sum-inl.h"
#include "arith/sum-inl.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::DotLanes;
using internal::DotParts;

static_assert(internal::kDotBlock == kSumBlock, "");
static_assert(sizeof(DotLanes) == kSumLanes * sizeof(double), "");

// One pass: it reads p and dp. All kinds of products have one loop.

// The p whose product is +0, whatever dp is. It is NaN, which equals no p, if
// there is no such p.
float HiddenFactor(bool is_kept) {
  return is_kept ? 0.0f : std::numeric_limits<float>::quiet_NaN();
}

#ifdef SOFTLANE_SSE2

using Vector = __m128;
using Sum = WideSum<false>;
HWY_INLINE Vector AllOf(float value) { return _mm_set1_ps(value); }
HWY_INLINE Sum SumOf(const DotLanes& lanes) {
  Sum sum;
  for (size_t k = 0; k < 4; ++k) {
    sum.lanes.two[k] = _mm_load_pd(lanes.lanes + 2 * k);
  }
  return sum;
}
HWY_INLINE void Save(const Sum& sum, DotLanes* lanes) {
  for (size_t k = 0; k < 4; ++k) {
    _mm_store_pd(lanes->lanes + 2 * k, sum.lanes.two[k]);
  }
}

struct Products {
  HWY_INLINE Products operator+(size_t i) const {
    return {p + i, dp + i, hidden};
  }
  HWY_INLINE __m128 Load() const {
    const __m128 a = _mm_loadu_ps(p);
    return _mm_andnot_ps(_mm_cmpeq_ps(a, hidden),
                         _mm_mul_ps(a, _mm_loadu_ps(dp)));
  }

  const float* p;
  const float* dp;
  __m128 hidden;
};

#else

using Vector = VF;
using Sum = LaneSum;
HWY_INLINE Vector AllOf(float value) { return Set(value); }
HWY_INLINE Sum SumOf(const DotLanes& lanes) {
  Sum sum;
  sum.AddLanes(lanes.lanes);
  return sum;
}
HWY_INLINE void Save(const Sum& sum, DotLanes* lanes) {
  sum.StoreLanes(lanes->lanes);
}

struct Products {
  HWY_INLINE Four operator()(size_t i) const {
    return {One(i), One(i + 16), One(i + 32), One(i + 48)};
  }
  HWY_INLINE VF One(size_t i) const {
    const VF a = Load(p + i);
    return hn::IfThenZeroElse(hn::Eq(a, hidden), hn::Mul(a, Load(dp + i)));
  }

  const float* p;
  const float* dp;
  VF hidden;
};

#endif  // SOFTLANE_SSE2

// A block with `count` elements, followed by +0.
struct FilledBlock {
  FilledBlock(const float* from, size_t count) {
    std::memset(data, 0, sizeof(data));
    std::memcpy(data, from, count * sizeof(float));
  }

  HWY_ALIGN float data[kSumBlock];
};

void Add(const float* p, const float* dp, size_t n, bool is_kept,
         DotLanes* lanes) {
  HWY_ALIGN float ones[kSumBlock];
  for (float& one : ones) one = 1.0f;
  const size_t step = p == nullptr ? 0 : kSumBlock;
  if (p == nullptr) p = ones;
  const size_t rest = n % kSumBlock;
  const FilledBlock last_p(p + (p == ones ? 0 : n - rest), rest);
  const FilledBlock last_dp(dp + n - rest, rest);
  const Vector hidden = AllOf(HiddenFactor(is_kept));
  Sum sum = SumOf(*lanes);
  for (size_t i = 0; i < n; i += kSumBlock) {
    if (n - i < kSumBlock) {
      p = last_p.data;
      dp = last_dp.data;
    }
    sum.AddBlock(Products{p, dp, hidden});
    p += step;
    dp += kSumBlock;
  }
  Save(sum, lanes);
}

double Total(const DotLanes& lanes) { return SumOf(lanes).Total(); }

constexpr DotParts kParts = {&Add, &Total};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const DotParts> kDotParts = SOFTLANE_KERNEL_TABLE(kParts);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
