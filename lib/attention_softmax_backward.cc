// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax_backward.h"

#include <limits>

#include "attention_check.h"
#include "cache_size.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/backward_passes.h"
#include "schedules/backward_planner.h"
#include "schedules/key_ranges.h"

namespace softlane {
namespace {

using internal::AttentionBackwardKernels;
using internal::KeptKeys;
using internal::KeptRows;

Status Check(const Rows<const float>& probs, const Rows<const float>& dprobs,
             const Rows<const float>& scores, const Rows<float>& dscores,
             const AttentionOptions& options,
             const AttentionSinkGradient& sink) {
  using internal::Optional;
  using internal::Read;
  using internal::ReadVector;
  using internal::Replaced;
  const size_t rows = probs.rows;
  const bool shapes_agree = internal::HaveSameShape(probs, dscores) &&
                            internal::HaveSameShape(dprobs, dscores) &&
                            internal::HaveSameShape(scores, dscores) &&
                            internal::MasksHaveShapeOf(probs, options);
  // The gradient of the sinks needs the sinks and logsumexp.
  const bool has_gradient = sink.dsinks != nullptr;
  const float* const logsumexp = has_gradient ? sink.logsumexp : nullptr;
  if (has_gradient && rows != 0 &&
      (options.sinks == nullptr || logsumexp == nullptr)) {
    return Status::kNullPointer;
  }
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

// The rows per call of the kernel if rows differ in their keys or have sinks.
constexpr size_t kRowsPerCall = 16;

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const AttentionBackwardKernels& kernels,
                                  const KeptRows& rows,
                                  const AttentionOptions& options,
                                  const AttentionSinkGradient& sink,
                                  bool is_streamed) {
  const float scale = options.scale, softcap = options.softcap;
  const bool has_ranges = internal::KeyRanges::MayBePart(options);
  const bool has_sinks = sink.dsinks != nullptr;
  const size_t count = rows.p.rows;
  if (!is_streamed && !has_ranges && !has_sinks) {
    return kernels.rows(rows, 0, count, nullptr, scale, softcap, nullptr);
  }
  const internal::KeyRanges ranges(options, rows.p.cols);
  KeptKeys keys[kRowsPerCall];
  double dots[kRowsPerCall];
  for (size_t r = 0; r < count; r += kRowsPerCall) {
    const size_t part = count - r < kRowsPerCall ? count - r : kRowsPerCall;
    for (size_t i = 0; i < part; ++i) {
      const internal::KeyRange range = ranges.Of(r + i);
      keys[i] = {range.begin, range.end};
      if (!is_streamed) continue;
      dots[i] = kernels.row_streamed(rows, r + i, keys[i], scale, softcap);
    }
    if (!is_streamed) {
      kernels.rows(rows, r, part, keys, scale, softcap, dots);
    }
    for (size_t i = 0; has_sinks && i < part; ++i) {
      const float logit = options.sinks[r + i];
      const double log_p = double{logit} - double{sink.logsumexp[r + i]};
      // A sink of -inf has no gradient. In an empty row log_p would be NaN.
      const bool has_sink = logit != -std::numeric_limits<float>::infinity();
      sink.dsinks[r + i] = has_sink ? kernels.sink(log_p, dots[i]) : 0.0f;
    }
  }
  if (is_streamed) kernels.flush();
}

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
  RunChecked(internal::KernelsOf(internal::kAttentionBackwardKernels, chosen),
             {p, dp, x, dx}, options, sink,
             IsStreamed(p, dp, x, dx, reads_scores, chosen));
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
