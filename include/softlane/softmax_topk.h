// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_TOPK_H_
#define SOFTLANE_SOFTMAX_TOPK_H_

#include <cstddef>
#include <cstdint>

#include "softlane/rows.h"
#include "softlane/softmax.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

/// The largest k of SoftmaxTopK.
inline constexpr size_t kMaxTopK = 64;

/// How the largest probabilities are taken. Settings only: threads can share
/// one.
struct SoftmaxTopKOptions {
  /// 1 / temperature; finite and > 0.
  float scale = 1.0f;
  /// Whether the k probabilities are divided by their sum.
  bool renormalize = false;
  /// What a row of -inf only becomes.
  EmptyRow empty_row = EmptyRow::kNan;
};

/// top_probs[r, 0] to top_probs[r, k - 1]: what Softmax gives for the k largest
/// logits of row r, with the same bits; indices[r, i]: their columns. The
/// largest logit comes first, and of equal logits the one with the lower index.
///
/// Shapes: logits has fewer than 2^31 columns, and k of them or more; top_probs
/// and indices have its rows and k columns. k <= kMaxTopK, else kBadOption. No
/// view may overlap another.
/// Order: by the logits, which tell equal probabilities apart: those below
/// 2^-126, which are +0. Where logits differ by less than a probability's
/// error, a probability may be an ULP or two above the one before.
/// options.renormalize: the probabilities are added in double in their order,
/// and each is divided by the sum in double; +0 stays +0. The error is less
/// than 2 * kSoftmaxMaxUlp + 1 ULP of the softmax over the k logits.
/// Special values: a row with NaN or +inf gives NaN and the index -1
/// throughout. So does a row of -inf only, or with EmptyRow::kZero +0 and the
/// indices 0 to k - 1. A logit -inf gives +0.
/// Speed: the row is read three times. The fewer logits are above the k largest
/// of those before them, the faster: sorted rows, the largest last, take most.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status SoftmaxTopK(const Rows<const float>& logits, size_t k,
                   const Rows<float>& top_probs, const Rows<int32_t>& indices,
                   const SoftmaxTopKOptions& options = {},
                   Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_TOPK_H_
