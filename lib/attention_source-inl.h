// SPDX-License-Identifier: Apache-2.0

// Attention's rows, for Pipeline: the keys that each has, and their logits.

#if defined(SOFTLANE_LIB_ATTENTION_SOURCE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ATTENTION_SOURCE_INL_H_
#undef SOFTLANE_LIB_ATTENTION_SOURCE_INL_H_
#else
#define SOFTLANE_LIB_ATTENTION_SOURCE_INL_H_
#endif

#include "arith/max-inl.h"
#include "attention_logits-inl.h"
#include "kernels/stream-inl.h"
#include "softmax_pipeline-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

template <class Z>
struct AttentionRow {
  HWY_INLINE KeyLogits<Z> Logits() const {
    return {Z(*options, scores, r), begin};
  }
  HWY_INLINE bool PaysToStage() const { return pays_to_stage; }

  const AttentionOptions* options;
  const float* scores;
  size_t r, begin, n;
  float* to;
  bool pays_to_stage;
};
// Logits that have been kept.
struct KeptRow {
  HWY_INLINE PlainLogits Logits() const { return {z}; }
  HWY_INLINE const float* Elements() const { return z; }

  const float* z;
};

// Nor does it pay to stage where long rows have a bias of their own from beyond
// the second cache. ns per element on Zen 5, staged and not: 0.120 and 0.145 at
// 1000 x 512, 0.136 and 0.142 at 256 x 1024, 0.098 and 0.108 at 16 x 4096, but
// 0.125 and 0.121 at 128 x 4096.
constexpr size_t kMaxStagedBias = size_t{1} << 17;
HWY_INLINE bool PaysToStage(const AttentionOptions& options,
                            const Rows<const float>& scores) {
  if (!PaysToStage(scores.rows, scores.cols)) return false;
  return !HasBias(options) || options.bias.stride == 0 ||
         scores.cols < kMinNextCols ||
         scores.rows <= kMaxStagedBias / scores.cols;
}

// The rows, for Pipeline.
template <class Logits>
struct AttentionSource {
  static constexpr bool kMayMask = Logits::kMayMask;

  HWY_INLINE AttentionSource(const AttentionOptions& options,
                             const Rows<const float>& scores,
                             const Rows<float>& probs, bool is_streamed)
      : options(options),
        scores(scores),
        probs(probs),
        is_streamed(is_streamed),
        pays_to_stage(PaysToStage(options, scores)),
        has_ranges(KeyRanges::MayBePart(options)),
        ranges(options, scores.cols) {}

  HWY_INLINE bool MayRun() const {
    return !has_ranges && options.sinks == nullptr && pays_to_stage;
  }
  HWY_INLINE AttentionRow<Logits> RowOf(size_t r) const {
    const float* const from = scores.Row(r);
    float* const to = probs.Row(r);
    if (!has_ranges)
      return {&options, from, r, 0, scores.cols, to, pays_to_stage};
    const KeyRange keys = ranges.Of(r);
    FillMasked(to, keys);
    return {&options,        from,         r, keys.begin, keys.end - keys.begin,
            to + keys.begin, pays_to_stage};
  }
  HWY_NOINLINE void FillMasked(float* to, const KeyRange& keys) const {
    FillZero(to, keys.begin, is_streamed);
    FillZero(to + keys.end, scores.cols - keys.end, is_streamed);
  }
  HWY_INLINE float FindMax(const AttentionRow<Logits>& row,
                           float* place) const {
    StoreTerms(VectorTerms{row.Logits()}, place, row.n);
    return MaxOf<IgnoreNaN>(place, row.n);
  }
  HWY_INLINE KeptRow AfterMax(const AttentionRow<Logits>&,
                              const float* place) const {
    return {place};
  }
  HWY_INLINE const float* Ahead(size_t) const { return nullptr; }
  HWY_INLINE NextRow Next(size_t r) const {
    if (r >= scores.rows) return {};
    const KeyRange keys = ranges.Of(r);
    if (has_ranges) {
      // Lines that take stores from both sides, so not past the caches.
      hwy::Prefetch(probs.Row(r) + keys.begin);
      hwy::Prefetch(probs.Row(r) + keys.end);
    }
    const size_t begin = keys.begin;
    return {scores.Row(r) + begin,
            HasBias(options) ? options.bias.Row(r) + begin : nullptr};
  }
  HWY_INLINE float Sink(size_t r) const {
    return options.sinks == nullptr ? -kInfinity : options.sinks[r];
  }
  // No maximum, or one that is not finite.
  HWY_INLINE float Special(size_t r, const AttentionRow<Logits>& row,
                           const float* place) const {
    const float sink = Sink(r);
    const float max = MaxOf<LaneNaN>(place, row.n);
    if (max == -kInfinity && sink == -kInfinity) {
      if (options.empty_row == EmptyRow::kZero) {
        Fill(row.to, row.n, 0.0f);
      } else {  // the masked columns, too
        Fill(probs.Row(r), scores.cols, kNaN);
      }
      return -kInfinity;
    }
    FillNaN(r, row, place);
    if (!(max == max) || !(sink == sink)) return kNaN;
    return max > sink ? max : sink;
  }
  // NaN, but +0 where the key is masked. Of logits and of their numerators the
  // same are NaN.
  HWY_INLINE void FillNaN(size_t r, const AttentionRow<Logits>& row,
                          const float* place) const {
    const size_t begin = row.begin;
    const uint8_t* const keep =
        options.keep.data == nullptr ? nullptr : options.keep.Row(r) + begin;
    const float* const bias =
        options.bias.data == nullptr ? nullptr : options.bias.Row(r) + begin;
    for (size_t i = 0; i < row.n; ++i) {
      const bool is_masked =
          (keep != nullptr && keep[i] == 0) ||
          (bias != nullptr && bias[i] == -kInfinity && place[i] == place[i]);
      row.to[i] = is_masked ? 0.0f : kNaN;
    }
  }

  const AttentionOptions& options;
  const Rows<const float>& scores;
  const Rows<float>& probs;
  const bool is_streamed;
  const bool pays_to_stage;
  const bool has_ranges;  // rows may have less than all keys
  const KeyRanges ranges;

 private:
  // As StoreTerms asks for them.
  struct VectorTerms {
    HWY_INLINE Four FourOf(size_t i) const {
      return logits.logits.FourOf(logits.begin + i, kLanes);
    }
    HWY_INLINE VF One(size_t i) const { return logits.One(i); }
    HWY_INLINE VF First(size_t i, size_t count) const {
      return logits.First(i, count);
    }

    KeyLogits<Logits> logits;
  };
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ATTENTION_SOURCE_INL_H_
