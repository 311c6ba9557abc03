// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax_backward.h"

#include <limits>

#include "attention_backward.h"
#include "attention_check.h"
#include "cache_size.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/backward_passes.h"
#include "schedules/backward_planner.h"
#include "schedules/key_ranges.h"

namespace softlane {
namespace {

Status Check(const Rows<const float>& probs, const Rows<const float>& dprobs,
             const Rows<const float>& scores, const Rows<float>& dscores,
             const AttentionOptions& options,
             const AttentionSinkGradient& sink) {
  using internal::Optional;
  using internal::Read;
  using internal::ReadVector;
  using internal::Replaced;
  if (!internal::IsBiasBeside(options.bias, ElementType::kFloat32,
                              ElementType::kFloat32)) {
    return Status::kBadOption;
  }
  const size_t rows = probs.rows;
  const bool shapes_agree = internal::HaveSameShape(probs, dscores) &&
                            internal::HaveSameShape(dprobs, dscores) &&
                            internal::HaveSameShape(scores, dscores) &&
                            internal::MasksHaveShapeOf(probs, options);
  if (Status s = internal::CheckSinkGradient(options, sink, rows);
      s != Status::kOk) {
    return s;
  }
  const float* const logsumexp =
      sink.dsinks != nullptr ? sink.logsumexp : nullptr;
  if (Status s = internal::CheckOperands(
          shapes_agree, Replaced(probs), Replaced(dprobs), Replaced(scores),
          internal::Replacing(dscores), Optional(Read(options.bias)),
          Optional(Read(options.keep)),
          Optional(ReadVector(options.lengths, rows)),
          Optional(ReadVector(options.sinks, rows)),
          Optional(ReadVector(logsumexp, rows)),
          Optional(internal::WrittenVector(sink.dsinks, rows)));
      s != Status::kOk) {
    return s;
  }
  return internal::CheckAttentionOptions(options, rows, probs.cols);
}

// The number of rows per call of the kernel, if rows differ in their keys or
// have sinks.
constexpr size_t kRowsPerCall = 16;

bool IsStreamed(const Rows<const float>& p, const Rows<const float>& dp,
                const Rows<const float>& scores, const Rows<float>& dx,
                bool reads_scores, Target target) {
  const bool is_in_place = dx.data == p.data || dx.data == dp.data ||
                           (reads_scores && dx.data == scores.data);
  return internal::StreamsGradients({p.rows, p.cols, is_in_place},
                                    reads_scores ? 4 : 3, target,
                                    internal::CachedElements(p.rows, p.cols));
}

}  // namespace

namespace internal {

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunAttentionBackward(
    const AttentionBackwardKernels& kernels, const KeptRows& rows, size_t first,
    const AttentionOptions& options, const AttentionSinkGradient& sink,
    bool is_streamed) {
  const float scale = options.scale, softcap = options.softcap;
  const KeyRanges ranges(options, rows.p.cols);
  const bool has_ranges = ranges.MayBePart();
  const bool has_sinks = sink.dsinks != nullptr;
  const size_t count = rows.p.rows;
  if (!is_streamed && !has_ranges && !has_sinks) {
    return kernels.rows(rows, 0, count, nullptr, scale, softcap, nullptr);
  }
  KeptKeys keys[kRowsPerCall];
  double dots[kRowsPerCall];
  for (size_t r = 0; r < count; r += kRowsPerCall) {
    const size_t part = count - r < kRowsPerCall ? count - r : kRowsPerCall;
    for (size_t i = 0; i < part; ++i) {
      const KeyRange range = ranges.Of(first + r + i);
      keys[i] = {range.begin, range.end};
      if (!is_streamed) continue;
      dots[i] = kernels.row_streamed(rows, r + i, keys[i], scale, softcap);
    }
    if (!is_streamed) {
      kernels.rows(rows, r, part, keys, scale, softcap, dots);
    }
    for (size_t i = 0; has_sinks && i < part; ++i) {
      WriteSinkGradient(kernels, options, sink, first + r + i, dots[i]);
    }
  }
  if (is_streamed) kernels.flush();
}

void WriteSinkGradient(const AttentionBackwardKernels& kernels,
                       const AttentionOptions& options,
                       const AttentionSinkGradient& sink, size_t r,
                       double dot) {
  if (sink.dsinks == nullptr) return;
  const float logit = options.sinks[r];
  const double log_p = double{logit} - double{sink.logsumexp[r]};
  // A sink of -inf has no gradient. It also makes log_p NaN in an empty row.
  const bool has_sink = logit != -std::numeric_limits<float>::infinity();
  sink.dsinks[r] = has_sink ? kernels.sink(log_p, dot) : 0.0f;
}

}  // namespace internal

inline namespace v1 {

Status AttentionSoftmaxBackward(const Rows<const float>& probs,
                                const Rows<const float>& dprobs,
                                const Rows<const float>& scores,
                                const Rows<float>& dscores,
                                const AttentionOptions& options,
                                const AttentionSinkGradient& sink,
                                Target target) noexcept {
  // Without a softcap the scores are neither checked nor read.
  const bool reads_scores = !internal::IsZero(options.softcap);
  const Rows<const float>& read = reads_scores ? scores : probs;
  if (Status s = Check(probs, dprobs, read, dscores, options, sink);
      s != Status::kOk) {
    return s;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (probs.cols == 0 && sink.dsinks == nullptr) return Status::kOk;
  const Rows<const float> p = internal::WithUsedStride(probs);
  const Rows<const float> dp = internal::WithUsedStride(dprobs);
  const Rows<const float> x = internal::WithUsedStride(read);
  const Rows<float> dx = internal::WithUsedStride(dscores);
  const internal::FpEnvironment environment;
  internal::RunAttentionBackward(
      internal::KernelsOf(internal::kAttentionBackwardKernels, chosen),
      {p, dp, x, dx}, 0, options, sink,
      IsStreamed(p, dp, x, dx, reads_scores, chosen));
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
