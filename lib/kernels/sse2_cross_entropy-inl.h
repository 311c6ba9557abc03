// SPDX-License-Identifier: Apache-2.0

// Cross-entropy of batches of short rows, for the x86-64 baseline.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_CROSS_ENTROPY_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_CROSS_ENTROPY_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_CROSS_ENTROPY_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_CROSS_ENTROPY_INL_H_
#endif

#include "arith/sse2_row_plans-inl.h"
#include "kernels/cross_entropy_loss-inl.h"
#include "kernels/cross_entropy_shares-inl.h"
#include "kernels/sse2_rows-inl.h"
#include "kernels/sse2_short_rows-inl.h"
#include "softlane/rows.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The exp values of the rows' labels, removed from the sums. They are 0 for
// rows with targets. The exp values may stay removed from the batch, because
// the label's gradient is written to their places last. All stores are vectors,
// because loads of vectors would wait for smaller stores.
class LabelExps {
 public:
  HWY_INLINE LabelExps(ShortRows& batch, size_t count,
                       const internal::LabelledRow* rows)
      : batch_(batch),
        count_(count),
        rows_(rows),
        has_labels_(rows[0].label != kNoLabel) {
    if (!has_labels_) {
      for (float& label : labels_) label = 0.0f;
      return;
    }
    for (size_t r = 0; r < count; ++r) {
      const size_t lane = rows[r].label % 4;
      float* const at = batch.Exp(r) + rows[r].label / 4 * 4;
      labels_[r] = at[lane];
      _mm_store_ps(at, WithoutLane(_mm_load_ps(at), lane));
    }
    if (count % 2 != 0) labels_[count] = labels_[0];
  }

  // Adds the labels' exp values to the sums. False if a sum is NaN.
  HWY_INLINE bool Add() {
    __m128d are_nan = _mm_setzero_pd(), may_be_one = are_nan;
    for (size_t r = 0; r < count_; r += 2) {
      const __m128d others = batch_.Sums(r), labels = WidenTwo(labels_ + r);
      const __m128d sums = _mm_add_pd(others, labels);
      _mm_store_pd(others_ + r, others);
      batch_.SetSums(r, sums);
      are_nan = _mm_or_pd(are_nan, _mm_cmpunord_pd(sums, sums));
      const __m128d is_float =
          _mm_cmpeq_pd(_mm_cvtps_pd(_mm_cvtpd_ps(sums)), sums);
      const __m128d is_peak =
          _mm_and_pd(is_float, _mm_cmplt_pd(sums, _mm_set1_pd(kMaxPeak)));
      may_be_one = _mm_or_pd(
          may_be_one, _mm_andnot_pd(_mm_cmpgt_pd(labels, others), is_peak));
    }
    may_be_one_ = _mm_movemask_pd(may_be_one) != 0;
    return _mm_movemask_pd(are_nan) == 0;
  }
  // Whether a sum may be the exp value of one logit that is not the label's, so
  // that TakeLogs is needed: see LogsOfSums.
  HWY_INLINE bool MayBeOne() const { return may_be_one_; }

  // Takes the logarithms of all sums.
  HWY_INLINE void TakeLogs() {
    for (size_t r = 0; has_labels_ && r < count_; ++r) {  // where they stood
      batch_.Exp(r)[rows_[r].label] = labels_[r];
    }
    batch_.TakeLogs();
  }

  // Its log_sum is any number without TakeLogs.
  HWY_INLINE RowSums Sums(size_t r) const {
    return {others_[r], labels_[r], batch_.Sum(r), batch_.Log(r)};
  }
  // Of rows r and r + 1.
  HWY_INLINE __m128d Others(size_t r) const { return _mm_load_pd(others_ + r); }
  HWY_INLINE __m128d Labels(size_t r) const { return WidenTwo(labels_ + r); }
  HWY_INLINE __m128d LabelLogits(size_t r) const {
    if (!has_labels_) return _mm_setzero_pd();
    const size_t second = HWY_MIN(r + 1, count_ - 1);
    return _mm_set_pd(batch_.Logits(second)[rows_[second].label],
                      batch_.Logits(r)[rows_[r].label]);
  }

 private:
  ShortRows& batch_;
  const size_t count_;
  const internal::LabelledRow* const rows_;
  const bool has_labels_;
  bool may_be_one_;
  float labels_[internal::kMaxShortRows];
  HWY_ALIGN double others_[internal::kMaxShortRows];
};

HWY_INLINE __m128d IfThenElse(__m128d mask, __m128d yes, __m128d no) {
  return _mm_or_pd(_mm_and_pd(mask, yes), _mm_andnot_pd(mask, no));
}

// LogOnePlusSeries.
HWY_INLINE __m128d LogOnePlusSeries(__m128d t) {
  __m128d tail = _mm_set1_pd(1.0 / 5.0);
  for (const double c : kOnePlusSeries) {
    tail = _mm_sub_pd(_mm_set1_pd(c), _mm_mul_pd(t, tail));
  }
  return _mm_mul_pd(t, tail);
}

// LabelLoss of rows r and r + 1. A row has one logarithm: that of its sum, or
// of 1 + others / label; unless the batch has taken the logarithms of all sums.
HWY_INLINE __m128d LabelLosses(const ShortRows& batch, const LabelExps& labels,
                               size_t r, bool has_logs,
                               const ScaleParts& parts) {
  const __m128d sums = batch.Sums(r);
  const __m128d others = labels.Others(r), label = labels.Labels(r);
  const __m128d is_large = _mm_cmpgt_pd(label, others);
  const __m128d ratio = _mm_div_pd(others, label);
  const __m128d one_plus = _mm_add_pd(_mm_set1_pd(1.0), ratio);
  __m128d log = sums;
  if (!has_logs || _mm_movemask_pd(is_large) != 0) {
    log = LogOfTwo(IfThenElse(is_large, one_plus, sums));
  }
  const __m128d log_sum =
      has_logs ? batch.Logs(r)
               : _mm_add_pd(LogDivisorsOf(batch.Max(r), parts), log);
  const __m128d is_small =
      _mm_andnot_pd(_mm_cmpgt_pd(ratio, _mm_set1_pd(kMaxSeries)), is_large);
  if (_mm_movemask_pd(is_small) != 0) {
    log = IfThenElse(is_small, LogOnePlusSeries(ratio), log);
  }
  const __m128d scaled =
      _mm_mul_pd(_mm_set1_pd(parts.scale), labels.LabelLogits(r));
  return IfThenElse(is_large, log, _mm_sub_pd(log_sum, scaled));
}

// The numbers of the gradients of a batch.
struct GradientFactors {
  HWY_ALIGN double factor[internal::kMaxShortRows];
  HWY_ALIGN double label[internal::kMaxShortRows];
  HWY_ALIGN double unit[internal::kMaxShortRows];  // with shares
};

// LossOf for labels alone, without weights and z_loss, where only the label has
// a share, 1: two rows at a time.
HWY_INLINE void PlainGradients(const ShortRows& batch, const LabelExps& labels,
                               size_t count, const internal::LabelledRow* rows,
                               double scale, GradientFactors& result) {
  for (size_t r = 0; r < count; r += 2) {
    const __m128d sums = batch.Sums(r);
    const double second = rows[HWY_MIN(r + 1, count - 1)].upstream;
    const __m128d unit =
        _mm_mul_pd(_mm_set_pd(second, rows[r].upstream), _mm_set1_pd(scale));
    const __m128d zero = _mm_setzero_pd();
    const __m128d others = _mm_div_pd(_mm_sub_pd(zero, labels.Others(r)), sums);
    _mm_store_pd(result.factor + r, _mm_div_pd(unit, sums));
    _mm_store_pd(result.label + r, _mm_mul_pd(unit, others));
  }
}

// The shares of row r of a call.
HWY_INLINE ClassShares SharesOfRow(const Loss& loss,
                                   const Rows<const float>* targets, size_t r) {
  return FloatShares(loss, targets == nullptr ? nullptr : targets->Row(r));
}

// LossOf for rows with weights, z_loss or shares. False if the numbers of a row
// do not fit floats.
HWY_NOINLINE bool MixedLosses(const Loss& loss, const ShortRows& batch,
                              const LabelExps& labels, size_t n,
                              const Rows<const float>* targets, bool has_shares,
                              size_t first, size_t count,
                              const internal::LabelledRow* rows, double* losses,
                              GradientFactors& factors) {
  bool fit_floats = true;
  for (size_t r = 0; r < count; ++r) {
    const RowSums row = labels.Sums(r);
    RowPlan plan{};
    ShareSums share_sums{};
    if (has_shares) {
      const float max = batch.MaxOf(r);
      plan.scaled_max = loss.parts.scale * max;
      share_sums = SumShares(SharesOfRow(loss, targets, first + r),
                             batch.Logits(r), n, max);
    }
    const RowLoss result =
        LossOf(loss, row, plan, rows[r].label, losses[r],
               has_shares ? &share_sums : nullptr, rows[r].upstream);
    losses[r] = result.loss;
    factors.factor[r] = result.unit * result.total / row.sum;
    factors.label[r] = result.label_gradient;
    factors.unit[r] = result.unit;
    fit_floats &=
        !has_shares || (share_sums.AreFinite() && UnitFitsFloats(result.unit));
  }
  return fit_floats;
}

// Computes the losses of short rows that all count, and their gradients if dx
// has data. Gives false and writes no gradient if a row needs another pass.
bool LossesOfShortRows(const Loss& loss, const Rows<const float>& x,
                       const Rows<const float>* targets, const Rows<float>& dx,
                       size_t first, size_t count,
                       const internal::LabelledRow* rows, double* losses) {
  const bool has_shares = targets != nullptr || loss.smoothing != 0.0;
  ShortRows batch(count, x.cols, loss.parts);
  if (!batch.MakeExp(x.Row(first), x.stride)) return false;
  LabelExps labels(batch, count, rows);  // see SumsOf
  if (!batch.MakeSums(false) || !labels.Add()) return false;
  const CrossEntropyOptions& options = loss.options;
  const bool is_mixed = has_shares || options.z_loss != 0.0f;
  const bool has_logs = options.z_loss != 0.0f ||
                        (loss.is_wanted && (has_shares || labels.MayBeOne()));
  if (has_logs) labels.TakeLogs();
  for (size_t r = 0; r < count; r += 2) {
    const __m128d label_losses =
        loss.is_wanted ? LabelLosses(batch, labels, r, has_logs, loss.parts)
                       : _mm_setzero_pd();
    _mm_storeu_pd(losses + r, label_losses);
  }
  GradientFactors factors;
  if (!is_mixed && options.class_weights == nullptr) {
    PlainGradients(batch, labels, count, rows, loss.parts.scale, factors);
  } else if (!MixedLosses(loss, batch, labels, x.cols, targets, has_shares,
                          first, count, rows, losses, factors)) {
    return false;
  }
  if (dx.data == nullptr) return true;
  if (count % 2 != 0) factors.factor[count] = factors.factor[count - 1];
  __m128d are_beyond = _mm_setzero_pd();
  for (size_t r = 0; r < count; r += 2) {
    const __m128d size =
        _mm_andnot_pd(_mm_set1_pd(-0.0), _mm_load_pd(factors.factor + r));
    are_beyond =
        _mm_or_pd(are_beyond, _mm_cmpnle_pd(size, _mm_set1_pd(kMaxFactor)));
  }
  if (_mm_movemask_pd(are_beyond) != 0) return false;
  for (size_t r = 0; has_shares && r < count; ++r) {
    WriteShares(FactorOf(factors.factor[r], batch.Sum(r)),
                SharesOfRow(loss, targets, first + r), factors.unit[r], x.cols,
                batch.Exp(r), dx.Row(first + r));
  }
  for (size_t r = 0; !has_shares && r < count; r += 2) {
    const __m128d two = _mm_load_pd(factors.factor + r);
    const WideProbabilities scaled(two, batch.Sums(r));
    const bool is_last = r + 1 == count;
    if (HWY_LIKELY(!is_last && scaled.AreExact())) {
      batch.Map(batch.Exp(r), dx.Row(first + r), scaled.First());
      batch.Map(batch.Exp(r + 1), dx.Row(first + r + 1), scaled.Second());
    } else {
      for (size_t k = r; k < HWY_MIN(r + 2, count); ++k) {
        MultiplyExp(batch.Exp(k), dx.Row(first + k), x.cols, factors.factor[k],
                    batch.Sum(k));
      }
    }
  }
  for (size_t r = 0; targets == nullptr && r < count; ++r) {
    dx.Row(first + r)[rows[r].label] = static_cast<float>(factors.label[r]);
  }
  return true;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_CROSS_ENTROPY_INL_H_
