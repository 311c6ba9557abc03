// SPDX-License-Identifier: Apache-2.0
#include "kernels/exp_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/exp_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exponential-inl.h"
#include "kernels/sse2_exp_passes-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#ifdef SOFTLANE_SSE2

void ExpRows(const Rows<const float>& x, const Rows<float>& y, bool) {
  for (size_t r = 0; r < x.rows; ++r) ExpOfRow(x.Row(r), y.Row(r), x.cols);
}

#else

// Each pass is a function of its own: only then its constants stay in
// registers.
HWY_NOINLINE void ExpCached(const Rows<const float>& x, const Rows<float>& y) {
  const Exponential exponential;
  for (size_t r = 0; r < x.rows; ++r) {
    StoreTerms(MappedRow<Exponential>{exponential, x.Row(r)}, y.Row(r), x.cols);
  }
}

// The exp values of a row. On the way, elements further on are brought into the
// first cache.
struct PrefetchingExpRow {
  HWY_INLINE Four FourOf(size_t i) const {
    constexpr size_t kCount = 4 * kLanes;
    PrefetchRange<kCount>(row.from + HWY_MIN(i + kPrefetchAhead, n - kCount));
    return row.FourOf(i);
  }
  HWY_INLINE VF One(size_t i) const { return row.One(i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return row.First(i, count);
  }

  const MappedRow<Exponential>& row;
  size_t n;
};

HWY_NOINLINE void ExpStreamed(const Rows<const float>& x,
                              const Rows<float>& y) {
  const Exponential exponential;
  for (size_t r = 0; r < x.rows; ++r) {
    const MappedRow<Exponential> row{exponential, x.Row(r)};
    const float* const next = r + 1 < x.rows ? x.Row(r + 1) : nullptr;
    StreamTerms(PrefetchingExpRow{row, x.cols}, y.Row(r), x.cols,
                {next, nullptr});
  }
  hwy::FlushStream();
}

void ExpRows(const Rows<const float>& x, const Rows<float>& y,
             bool is_streamed) {
  is_streamed ? ExpStreamed(x, y) : ExpCached(x, y);
}

#endif  // SOFTLANE_SSE2

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<ExpPassFunction> kExpRows = SOFTLANE_KERNEL_TABLE(ExpRows);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
