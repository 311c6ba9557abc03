// SPDX-License-Identifier: Apache-2.0
#include "kernels/attention_passes.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/attention_logits-inl.h"
#include "kernels/exp_batch-inl.h"
#include "kernels/exp_rows-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::AttentionSource;
using internal::LogitsKernels;

// The logits of a row, as StoreTerms asks for them.
template <class Logits>
struct StoredLogits {
  HWY_INLINE Four FourOf(size_t i) const {
    return logits.FourOf(begin + i, kLanes);
  }
  HWY_INLINE VF One(size_t i) const { return logits.One(begin + i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return logits.First(begin + i, count);
  }

  Logits logits;
  size_t begin;
};

template <class Logits>
void WriteLogits(const void* source, const RowJob& job, float* to) {
  const auto& options = static_cast<const AttentionSource*>(source)->options;
  const StoredLogits<Logits> logits{Logits(options, job.logits, job.row),
                                    job.begin};
  StoreTerms(logits, to, job.n);
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

template <Masks kMasks>
struct AffineSource {
  static constexpr bool kMayBeStaged = true;

  HWY_INLINE explicit AffineSource(const void* source)
      : options(static_cast<const AttentionSource*>(source)->options) {}
  HWY_INLINE auto LogitsAt(const float* scores, size_t row,
                           size_t begin) const {
    using Logits = AffineLogits<kMasks>;
    return KeyLogits<Logits>{Logits(options, scores, row), begin};
  }

  const AttentionOptions& options;
};

// Rows whose logits are written where their exp values go; kKind is that of
// the plain pass. Masked elements are usual.
template <size_t kKind>
RowsDone ExpWrittenRows(const void* source, const RowJob* jobs, size_t count,
                        const ExpParams& params, RowResult* results) {
  const auto& attention = *static_cast<const AttentionSource*>(source);
  ExpParams one = params;
  one.is_uniform = false;
  for (size_t k = 0; k < count; ++k) {
    RowJob job = jobs[k];
    WriteLogits<AttentionLogits>(source, job, job.e);
    job.logits = job.e;
    job.begin = 0;
    const RowsDone done =
        attention.plain.exp_rows[kKind](nullptr, &job, 1, one, results + k);
    if (done.has_failed) return {k, true};
    if (EndsCall(results[k])) return {k + 1, false};
  }
  return {count, false};
}

// Of the exp values of rows, each kind of mask has passes of its own: the
// branches of all masks cost rows of a scale alone 15 %. Batches have one, and
// rows of a scale alone that have masked elements all the same.
template <Masks kMasks>
constexpr LogitsKernels MakeAffineKernels() {
  // Where a mask is usual, so are masked elements.
  constexpr bool kMayMask = kMasks == Masks::kAny;
  using Source = AffineSource<kMasks>;
  using Any = AffineSource<Masks::kAny>;
  using Masked = std::conditional_t<kMasks == Masks::kNone, Any, Source>;
  return {{&ExpRows<kMayMask, false, Source>, &ExpRows<true, false, Masked>,
           &ExpRows<kMayMask, true, Source>, &ExpRows<true, true, Masked>},
          {&ExpBatch<false, Any>, &ExpBatch<true, Any>},
          &ExpBatchOfRows<Any>,
          &WriteLogits<AffineLogits<Masks::kAny>>};
}
constexpr LogitsKernels kScaleKernels = MakeAffineKernels<Masks::kNone>();
constexpr LogitsKernels kBiasKernels = MakeAffineKernels<Masks::kBias>();
constexpr LogitsKernels kKeepKernels = MakeAffineKernels<Masks::kAny>();
constexpr LogitsKernels kAttentionKernels = {
    {&ExpWrittenRows<1>, &ExpWrittenRows<1>, &ExpWrittenRows<3>,
     &ExpWrittenRows<3>},
    {},
    nullptr,
    &WriteLogits<AttentionLogits>};
#else
constexpr LogitsKernels kAttentionKernels = {
    {}, {}, nullptr, &WriteLogits<AttentionLogits>};
constexpr LogitsKernels kScaleKernels = kAttentionKernels;
constexpr LogitsKernels kBiasKernels = kAttentionKernels;
constexpr LogitsKernels kKeepKernels = kAttentionKernels;
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const LogitsKernels> kScaleLogitsKernels =
    SOFTLANE_KERNEL_TABLE(kScaleKernels);
const KernelTable<const LogitsKernels> kBiasLogitsKernels =
    SOFTLANE_KERNEL_TABLE(kBiasKernels);
const KernelTable<const LogitsKernels> kKeepLogitsKernels =
    SOFTLANE_KERNEL_TABLE(kKeepKernels);
const KernelTable<const LogitsKernels> kAttentionLogitsKernels =
    SOFTLANE_KERNEL_TABLE(kAttentionKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
