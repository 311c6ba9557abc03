// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax.h"

#include "attention_check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention_softmax.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "attention_logits-inl.h"
#include "max-inl.h"
#include "softmax_pipeline-inl.h"
#include "stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Softmax of z(scores), see AttentionOptions, over the keys that a row has,
// with a sink in the sum. The sweeps are those of Softmax; the first writes the
// logits to the row's place, where Softmax only reads them.

// The logits of a row, which are computed. Those that take more than two
// instructions are kept for the second sweep.
template <class Logits>
struct ComputedLogits {
  static constexpr bool kIsKept = !Logits::kIsCheap;
  HWY_INLINE Four FourOf(size_t i) const {
    return logits.FourOf(begin + i, 16);
  }
  HWY_INLINE VF One(size_t i) const { return logits.One(begin + i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return logits.First(begin + i, count);
  }
  HWY_INLINE void KeepFour(const Four& v, size_t i) const {
    if (kIsKept && z != nullptr) StoreFour(v, z + i, 16);
  }
  HWY_INLINE void KeepOne(VF v, size_t i) const {
    if (kIsKept && z != nullptr) Store(v, z + i);
  }
  HWY_INLINE void KeepFirst(VF v, size_t i, size_t count) const {
    if (kIsKept && z != nullptr) StoreFirst(v, z + i, count);
  }

  Logits logits;
  size_t begin;
  float* z;
};

// Rows from `first_row` on that have the same keys, for Pipeline; y are their
// columns of the output.
template <class Logits>
struct AttentionSource {
  HWY_INLINE ComputedLogits<Logits> LogitsOf(size_t r, bool are_kept) const {
    const size_t row = first_row + r;
    return {Logits(options, scores.Row(row), row), begin,
            are_kept ? Place(r) : nullptr};
  }
  HWY_INLINE Extent FindExtent(size_t r) const {
    const ComputedLogits<Logits> logits = LogitsOf(r, true);
    const size_t n = y.cols;
    LaneExtent extent;
    size_t i = 0;
    for (; n - i >= 4 * kLanes; i += 4 * kLanes) {
      const Four v = logits.logits.FourOf(begin + i, kLanes);
      if (!Logits::kIsCheap) StoreFour(v, logits.z + i, kLanes);
      extent.Add(v);
    }
    for (; n - i >= kLanes; i += kLanes) {
      const VF v = logits.One(i);
      logits.KeepOne(v, i);
      extent.Add(v);
    }
    if (i != n) {
      const VF v = logits.First(i, n - i);
      logits.KeepFirst(v, i, n - i);
      extent.AddFirst(v, n - i);
    }
    return extent.Total();
  }
  HWY_INLINE auto From(size_t r) const {
    if constexpr (Logits::kIsCheap) {
      return LogitsOf(r, false);
    } else {
      return PlainLogits{Place(r)};
    }
  }
  HWY_INLINE float* Place(size_t r) const {
    return scratch == nullptr ? y.Row(r) : scratch + r % 2 * kMaxStreamedCols;
  }
  HWY_INLINE NextRow Next(size_t r) const {
    const size_t row = first_row + r;
    if (row >= scores.rows) return {};
    const bool has_bias = options.bias.data != nullptr;
    return {scores.Row(row) + begin,
            has_bias ? options.bias.Row(row) + begin : nullptr};
  }
  HWY_INLINE float Sink(size_t r) const {
    return options.sinks == nullptr ? -kInfinity : options.sinks[first_row + r];
  }
  // No maximum, or one that is not finite.
  HWY_INLINE float Special(size_t r) const {
    const float sink = Sink(r);
    if (Logits::kIsCheap) WriteLogits(r);
    const float max = MaxOf<LaneNaN>(Place(r), y.cols);
    if (max == -kInfinity && sink == -kInfinity) {
      if (options.empty_row == EmptyRow::kZero) {
        Fill(y.Row(r), y.cols, 0.0f);
      } else {  // the masked columns, too
        Fill(y.Row(r) - begin, scores.cols, kNaN);
      }
      return -kInfinity;
    }
    FillNaN(r);
    if (!(max == max) || !(sink == sink)) return kNaN;
    return max > sink ? max : sink;
  }
  HWY_INLINE void WriteLogits(size_t r) const {
    const ComputedLogits<Logits> logits = LogitsOf(r, true);
    size_t i = 0;
    for (; y.cols - i >= kLanes; i += kLanes)
      Store(logits.One(i), logits.z + i);
    if (i == y.cols) return;
    StoreFirst(logits.First(i, y.cols - i), logits.z + i, y.cols - i);
  }
  // NaN, but +0 where the key is masked. Of logits and of their numerators the
  // same are NaN.
  HWY_INLINE void FillNaN(size_t r) const {
    const size_t row = first_row + r;
    const uint8_t* const keep =
        options.keep.data == nullptr ? nullptr : options.keep.Row(row) + begin;
    const float* const bias =
        options.bias.data == nullptr ? nullptr : options.bias.Row(row) + begin;
    const float* const from = Place(r);
    float* const to = y.Row(r);
    for (size_t i = 0; i < y.cols; ++i) {
      const bool is_masked =
          (keep != nullptr && keep[i] == 0) ||
          (bias != nullptr && bias[i] == -kInfinity && from[i] == from[i]);
      to[i] = is_masked ? 0.0f : kNaN;
    }
  }

  const AttentionOptions& options;
  Rows<const float> scores;
  size_t first_row, begin;
  Rows<float> y;
  float* scratch;
};

// Whether what is written goes past the caches.
HWY_INLINE bool IsLargeCall(const Rows<const float>& scores,
                            const Rows<float>& probs,
                            const AttentionOptions& options) {
  const bool has_bias_rows =
      options.bias.data != nullptr && options.bias.stride != 0;
  return scores.cols >= kMinStreamedCols && scores.data != probs.data &&
         IsLarge(scores.rows, scores.cols, has_bias_rows ? 3 : 2);
}

// With a scratch, the probabilities of a large call go past the caches.
template <class Logits>
HWY_NOINLINE void RowsOf(const Rows<const float>& scores,
                         const Rows<float>& probs, float* logsumexp,
                         const AttentionOptions& options, float* scratch) {
  const size_t cols = scores.cols;
  const ScaleParts parts = SplitScale(1.0f);
  const bool is_large = IsLargeCall(scores, probs, options);
  for (size_t r = 0; r < scores.rows;) {
    const KeyRange keys(options, r, cols);
    size_t count = 1;
    for (; r + count < scores.rows; ++count) {
      const KeyRange next(options, r + count, cols);
      if (next.begin != keys.begin || next.end != keys.end) break;
    }
    const Rows<float> y(probs.Row(r) + keys.begin, count, keys.end - keys.begin,
                        probs.stride);
    for (size_t k = r; k < r + count; ++k) {
      FillZero(probs.Row(k), keys.begin, is_large);
      FillZero(probs.Row(k) + keys.end, cols - keys.end, is_large);
    }
    const bool is_streamed = scratch != nullptr && y.cols <= kMaxStreamedCols;
    const AttentionSource<Logits> source{
        options, scores, r, keys.begin, y, is_streamed ? scratch : nullptr};
    float* const log = logsumexp == nullptr ? nullptr : logsumexp + r;
    Pipeline<AttentionSource<Logits>>(source, y, log, parts, is_streamed).Run();
    r += count;
  }
  if (is_large) hwy::FlushStream();
}

// The choice between the schedules; both give the same bits.
template <class Logits>
HWY_NOINLINE void LargeRowsOf(const Rows<const float>& scores,
                              const Rows<float>& probs, float* logsumexp,
                              const AttentionOptions& options) {
  HWY_ALIGN float scratch[2 * kMaxStreamedCols];
  RowsOf<Logits>(scores, probs, logsumexp, options, scratch);
}
template <class Logits>
void AnyRowsOf(const Rows<const float>& scores, const Rows<float>& probs,
               float* logsumexp, const AttentionOptions& options) {
  const size_t cols = scores.cols;
  const bool has_short_rows = cols <= kMaxStreamedCols || options.causal ||
                              options.window != 0 || options.lengths != nullptr;
  if (has_short_rows && scores.rows != 1 &&
      IsLargeCall(scores, probs, options)) {
    return LargeRowsOf<Logits>(scores, probs, logsumexp, options);
  }
  RowsOf<Logits>(scores, probs, logsumexp, options, nullptr);
}

void AttentionRows(const Rows<const float>& scores, const Rows<float>& probs,
                   float* logsumexp, const AttentionOptions& options) {
  const bool is_affine = options.softcap == 0.0f && options.alibi_slope == 0.0f;
  if constexpr (kHasFma) {  // one lane at a time the branches do not matter
    if (is_affine && options.keep.data != nullptr) {
      return AnyRowsOf<AffineLogits<Masks::kAny>>(scores, probs, logsumexp,
                                                  options);
    }
    if (is_affine && options.bias.data != nullptr) {
      return AnyRowsOf<AffineLogits<Masks::kBias>>(scores, probs, logsumexp,
                                                   options);
    }
    if (is_affine) {
      return AnyRowsOf<AffineLogits<Masks::kNone>>(scores, probs, logsumexp,
                                                   options);
    }
  }
  AnyRowsOf<AttentionLogits>(scores, probs, logsumexp, options);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using AttentionFunction = void(const Rows<const float>&, const Rows<float>&,
                               float*, const AttentionOptions&);
constexpr internal::KernelTable<AttentionFunction> kAttentionTable =
    SOFTLANE_KERNEL_TABLE(AttentionRows);

Status Run(const Rows<const float>& scores, const Rows<float>& probs,
           float* logsumexp, const AttentionOptions& options, Target target) {
  if (Status s = internal::CheckAttention(scores, probs, options);
      s != Status::kOk) {
    return s;
  }
  AttentionFunction* const kernel = internal::Select(kAttentionTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  kernel(scores, probs, logsumexp, options);
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status AttentionSoftmax(const Rows<const float>& scores,
                        const Rows<float>& probs,
                        const AttentionOptions& options,
                        Target target) noexcept {
  if (Status s = internal::CheckRowMap(scores, probs); s != Status::kOk) {
    return s;
  }
  return Run(scores, probs, nullptr, options, target);
}

Status AttentionSoftmaxWithLogSumExp(const Rows<const float>& scores,
                                     const Rows<float>& probs, float* logsumexp,
                                     const AttentionOptions& options,
                                     Target target) noexcept {
  if (Status s = internal::CheckRowMap(scores, probs); s != Status::kOk) {
    return s;
  }
  if (Status s =
          internal::CheckAttentionResults(scores, probs, logsumexp, options);
      s != Status::kOk) {
    return s;
  }
  return Run(scores, probs, logsumexp, options, target);
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
