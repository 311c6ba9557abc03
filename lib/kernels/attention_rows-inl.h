// SPDX-License-Identifier: Apache-2.0

// The passes of rows over logits that attention makes of scores.

#if defined(SOFTLANE_LIB_KERNELS_ATTENTION_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_ATTENTION_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_ATTENTION_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_ATTENTION_ROWS_INL_H_
#endif

#include "kernels/attention_logits-inl.h"
#include "kernels/attention_passes.h"
#include "kernels/exp_rows-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::AttentionSource;

// The logits of a row in the form that StoreTerms takes.
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
  static constexpr bool kAreInMemory = false;

  HWY_INLINE explicit AffineSource(const void* source)
      : options(static_cast<const AttentionSource*>(source)->options) {}
  HWY_INLINE auto LogitsAt(const float* scores, size_t row,
                           size_t begin) const {
    using Logits = AffineLogits<kMasks>;
    return KeyLogits<Logits>{Logits(options, scores, row), begin};
  }

  const AttentionOptions& options;
};

// Rows whose logits are first written to the place of their exp values. kKind
// is that of the plain pass.
template <class Logits, size_t kKind>
RowsDone ExpWrittenRows(const void* source, const RowJob* jobs, size_t count,
                        const ExpParams& params, RowResult* results) {
  const auto& attention = *static_cast<const AttentionSource*>(source);
  for (size_t k = 0; k < count; ++k) {
    RowJob job = jobs[k];
    WriteLogits<Logits>(source, job, job.e);
    job.logits = job.e;
    job.begin = 0;
    const RowsDone done =
        attention.plain.exp_rows[kKind](nullptr, &job, 1, params, results + k);
    if (done.has_failed) return {k, true};
    if (EndsCall(results[k].row_sum, results[k].sum)) return {k + 1, false};
  }
  return {count, false};
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_ATTENTION_ROWS_INL_H_
