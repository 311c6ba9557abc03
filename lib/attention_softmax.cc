// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax.h"

#include "attention_check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention_softmax.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "attention_group-inl.h"
#include "attention_logits-inl.h"
#include "attention_source-inl.h"
#include "kernels/stream-inl.h"
#include "softmax_pipeline-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Softmax of z(scores), see AttentionOptions, over the keys that a row has,
// with a sink in the sum. The sweeps are those of Softmax; logits are computed
// in the first, and kept in the row's place only where a maximum is needed.
// Short rows with all keys go in groups, without sinks and logsumexp.

// Whether what is written goes past the caches.
HWY_INLINE bool IsLargeCall(const Rows<const float>& scores,
                            const Rows<float>& probs,
                            const AttentionOptions& options) {
  const bool has_bias_rows = HasBias(options) && options.bias.stride != 0;
  return scores.cols >= kMinStreamedSoftmaxCols && scores.data != probs.data &&
         IsLarge(scores.rows, scores.cols, has_bias_rows ? 3 : 2);
}

template <class Logits>
HWY_NOINLINE void RowsTo(const Rows<const float>& scores,
                         const Rows<float>& probs, float* logsumexp,
                         const AttentionOptions& options, Places places,
                         float* scratch) {
  const bool is_streamed = places == Places::kStreamed;
  const AttentionSource<Logits> source(options, scores, probs, is_streamed);
  const ScaleParts parts = SplitScale(1.0f);
  Pipeline<AttentionSource<Logits>>(source, scores.rows, scores.cols, logsumexp,
                                    parts, places, scratch)
      .Run();
  if (is_streamed) hwy::FlushStream();
}
template <class Logits>
HWY_NOINLINE void RowsOnStack(const Rows<const float>& scores,
                              const Rows<float>& probs, float* logsumexp,
                              const AttentionOptions& options, Places places) {
  HWY_ALIGN float scratch[2 * kMaxStreamedCols];
  RowsTo<Logits>(scores, probs, logsumexp, options, places, scratch);
}
// The choice between the schedules. All give the same bits. One row does not
// take the stack of many.
template <class Logits>
void RowsOf(const Rows<const float>& scores, const Rows<float>& probs,
            float* logsumexp, const AttentionOptions& options) {
  const bool has_short_rows =
      scores.cols <= kMaxStreamedCols || KeyRanges::MayBePart(options);
  const bool in_place = scores.data == probs.data;
  const Places places = in_place ? Places::kScratch : Places::kStreamed;
  if (has_short_rows && scores.rows != 1 &&
      (in_place || IsLargeCall(scores, probs, options))) {
    return RowsOnStack<Logits>(scores, probs, logsumexp, options, places);
  }
  RowsTo<Logits>(scores, probs, logsumexp, options,
                 in_place ? Places::kScratch : Places::kOutput, nullptr);
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_NOINLINE void AffineRows(const Rows<const float>& scores,
                             const Rows<float>& probs, float* logsumexp,
                             const AttentionOptions& options) {
  if (HasKeep(options)) {
    RowsOf<AffineLogits<Masks::kAny>>(scores, probs, logsumexp, options);
  } else if (HasBias(options)) {
    RowsOf<AffineLogits<Masks::kBias>>(scores, probs, logsumexp, options);
  } else {
    RowsOf<AffineLogits<Masks::kNone>>(scores, probs, logsumexp, options);
  }
}

// Rows of a group that need more than a group does, one by one: several in
// place would take the stack of many.
struct OneByOne {
  HWY_INLINE void operator()(size_t first, size_t count) const {
    AttentionOptions one = options;
    for (size_t r = first; r < first + count; ++r) {
      if (HasBias(options)) one.bias = options.bias.Slice(r, 1);
      if (HasKeep(options)) one.keep = options.keep.Slice(r, 1);
      AffineRows(scores.Slice(r, 1), probs.Slice(r, 1), nullptr, one);
    }
  }

  const Rows<const float>& scores;
  const Rows<float>& probs;
  const AttentionOptions& options;
};
#endif

void AttentionRows(const Rows<const float>& scores, const Rows<float>& probs,
                   float* logsumexp, const AttentionOptions& options) {
  // One lane at a time the branches of all options do not matter.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
  if (options.softcap == 0.0f && options.alibi_slope == 0.0f) {
    if (logsumexp == nullptr && IsGrouped(options, scores)) {
      const OneByOne fallback{scores, probs, options};
      if (AttentionInGroups(scores, probs, options, fallback)) return;
    }
    return AffineRows(scores, probs, logsumexp, options);
  }
#endif
  RowsOf<AttentionLogits>(scores, probs, logsumexp, options);
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

// `results` is logsumexp as an operand, or none.
template <class Results>
Status Run(const Rows<const float>& scores, const Rows<float>& probs,
           const Results& results, const AttentionOptions& options,
           Target target) {
  using internal::Optional;
  using internal::Read;
  using internal::ReadVector;
  const bool shapes_agree = internal::HaveSameShape(scores, probs) &&
                            internal::MasksHaveShapeOf(scores, options);
  if (Status s = internal::CheckOperands(
          shapes_agree, internal::Replaced(scores), internal::Replacing(probs),
          results, Optional(Read(options.bias)), Optional(Read(options.keep)),
          Optional(ReadVector(options.lengths, scores.rows)),
          Optional(ReadVector(options.sinks, scores.rows)));
      s != Status::kOk) {
    return s;
  }
  if (Status s =
          internal::CheckAttentionOptions(options, scores.rows, scores.cols);
      s != Status::kOk) {
    return s;
  }
  AttentionFunction* const kernel = internal::Select(kAttentionTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  float* const logsumexp = results.view.data;
  if (scores.cols == 0 && logsumexp == nullptr) return Status::kOk;
  const internal::FpEnvironment environment;
  if (scores.cols == 0) {
    for (size_t r = 0; r < scores.rows; ++r) {
      // The sink alone; -0 + 0 is +0.
      logsumexp[r] = options.sinks == nullptr
                         ? -std::numeric_limits<float>::infinity()
                         : options.sinks[r] + 0.0f;
    }
    return Status::kOk;
  }
  kernel(scores, probs, logsumexp, options);
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status AttentionSoftmax(const Rows<const float>& scores,
                        const Rows<float>& probs,
                        const AttentionOptions& options,
                        Target target) noexcept {
  const auto none =
      internal::Optional(internal::WrittenVector<float>(nullptr, 0));
  return Run(scores, probs, none, options, target);
}

Status AttentionSoftmaxWithLogSumExp(const Rows<const float>& scores,
                                     const Rows<float>& probs, float* logsumexp,
                                     const AttentionOptions& options,
                                     Target target) noexcept {
  return Run(scores, probs, internal::WrittenVector(logsumexp, scores.rows),
             options, target);
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
