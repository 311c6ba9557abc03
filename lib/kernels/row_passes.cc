// SPDX-License-Identifier: Apache-2.0
#include "kernels/row_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exponent_range.h"
#include "arith/fold_rows-inl.h"
#include "arith/max-inl.h"
#include "arith/sse2-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::RowKernels;
using internal::RowSample;
using internal::ScaleParts;

// NaN is found separately, because a maximum may drop it, depending on the
// target.
#ifdef SOFTLANE_SSE2
float Maximum(const float* x, size_t n) { return MaxOf4s(x, n); }
float MaximumOrNaN(const float* x, size_t n) { return MaxOf4s<NaN4s>(x, n); }
#else
float Maximum(const float* x, size_t n) { return MaxOf<IgnoreNaN>(x, n); }
float MaximumOrNaN(const float* x, size_t n) { return MaxOf<LaneNaN>(x, n); }
#endif

void MaxRowByRow(const Rows<const float>& x, float* to) {
  for (size_t r = 0; r < x.rows; ++r) {
    // -0 + 0 is +0; all other values stay.
    to[r] = MaximumOrNaN(x.Row(r), x.cols) + 0.0f;
  }
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

// At most kLanes short rows: the maxima of their lanes are folded together. The
// last row also stands for missing rows. False if a row has NaN.
HWY_INLINE bool MaxOfGroup(const float* x, size_t stride, size_t rows, size_t n,
                           float* to) {
  const VF none = Set(-kInfinity);
  HWY_ALIGN float lanes[kLanes * kLanes];
  VF max = none;
  auto ordered = hn::Eq(none, none);
  const auto add = [&](VF v) HWY_ATTR {
    max = hn::Max(max, v);
    ordered = hn::And(ordered, hn::Eq(v, v));
  };
  for (size_t r = 0; r < kLanes; ++r) {
    if (r < rows) {
      max = none;
      if (n < kLanes) {
        add(LoadFirst(x, n, none));
      } else {
        for (size_t i = kLanes; i < n; i += kLanes) add(Load(x + i - kLanes));
        add(Load(x + n - kLanes));  // may overlap
      }
      x += stride;
    }
    Store(max, lanes + r * kLanes);
  }
  const VF maxima = FoldRows(F32(), StoredRows<F32>{lanes}, Larger());
  StoreFirst(hn::Add(maxima, Set(0.0f)), to, rows);
  return hn::AllTrue(F32(), ordered);
}

void MaxOfRows(const Rows<const float>& x, float* to) {
  if (x.rows == 1 || x.cols > 8 * kLanes) return MaxRowByRow(x, to);
  for (size_t r = 0; r < x.rows; r += kLanes) {
    const size_t count = HWY_MIN(kLanes, x.rows - r);
    if (HWY_LIKELY(MaxOfGroup(x.Row(r), x.stride, count, x.cols, to + r))) {
      continue;
    }
    MaxRowByRow(x.Slice(r, count), to + r);
  }
}

RowSample SampleRow(const float* x, size_t n, const ScaleParts& parts) {
  RowSample sample = {MaxOf<IgnoreNaN>(x, n), false, false};
  // An element far below the maximum is masked if it is below masked_limit.
  const VF max = Set(sample.max);
  const VF far_limit =
      Set(sample.max - (internal::kRange / 2) * parts.inverse_l);
  const VF masked_limit =
      Set(sample.max + internal::kMaskedOctaves * parts.inverse_l);
  auto are_far = hn::Lt(max, max), are_masked = are_far;
  const auto add = [&](VF v) HWY_ATTR {
    const auto is_masked = hn::Lt(v, masked_limit);
    are_masked = hn::Or(are_masked, is_masked);
    are_far = hn::Or(are_far, hn::AndNot(is_masked, hn::Lt(v, far_limit)));
  };
  constexpr size_t kSampled = 64;
  const size_t end = HWY_MIN(n, kSampled);
  size_t i = 0;
  for (; end - i >= kLanes; i += kLanes) add(Load(x + i));
  if (i != end) add(LoadFirst(x + i, end - i, max));
  sample.has_masked = !hn::AllFalse(F32(), are_masked);
  sample.is_wide = !hn::AllFalse(F32(), are_far);
  return sample;
}

void ZeroStreamed(float* to, size_t n) { FillZero(to, n, true); }
void Flush() { hwy::FlushStream(); }

constexpr RowKernels kKernels = {&Maximum,   &MaximumOrNaN, &MaxOfRows,
                                 &SampleRow, &ZeroStreamed, &Flush};
#else
constexpr RowKernels kKernels = {&Maximum, &MaximumOrNaN, &MaxRowByRow,
                                 nullptr,  nullptr,       nullptr};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const RowKernels> kRowKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
