// SPDX-License-Identifier: Apache-2.0

// Cross-entropy of batches of short rows with class labels, for the x86-64
// baseline.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_CROSS_ENTROPY_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_CROSS_ENTROPY_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_CROSS_ENTROPY_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_CROSS_ENTROPY_INL_H_
#endif

#include "arith/sse2_row_plans-inl.h"
#include "kernels/cross_entropy_loss-inl.h"
#include "kernels/sse2_rows-inl.h"
#include "kernels/sse2_shares-inl.h"
#include "kernels/sse2_short_rows-inl.h"
#include "softlane/rows.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The exp values of the rows' labels, taken out of the sums. Vector stores
// alone: loads of vectors, or of pairs, would wait for smaller ones.
class LabelExps {
 public:
  HWY_INLINE LabelExps(ShortRows& batch, size_t count,
                       const internal::LabelledRow* rows)
      : batch_(batch), count_(count), rows_(rows) {
    for (size_t r = 0; r < count; ++r) {
      const size_t lane = rows[r].label % 4;
      float* const at = VectorOf(r);
      const __m128i lanes = _mm_set_epi32(3, 2, 1, 0);
      const __m128i is_label =
          _mm_cmpeq_epi32(lanes, _mm_set1_epi32(static_cast<int>(lane)));
      vectors_[r] = _mm_load_ps(at);
      labels_[r] = at[lane];
      _mm_store_ps(at, _mm_andnot_ps(_mm_castsi128_ps(is_label), vectors_[r]));
    }
    if (count % 2 != 0) labels_[count] = labels_[0];
  }

  // Adds them to the sums, which are then those of all; false if one is NaN.
  HWY_INLINE bool Add() {
    __m128d are_nan = _mm_setzero_pd();
    for (size_t r = 0; r < count_; r += 2) {
      const __m128d others = batch_.Sums(r);
      const __m128d sums =
          _mm_add_pd(others, _mm_set_pd(labels_[r + 1], labels_[r]));
      _mm_store_pd(others_ + r, others);
      batch_.SetSums(r, sums);
      are_nan = _mm_or_pd(are_nan, _mm_cmpunord_pd(sums, sums));
    }
    for (size_t r = 0; r < count_; ++r) _mm_store_ps(VectorOf(r), vectors_[r]);
    return _mm_movemask_pd(are_nan) == 0;
  }

  HWY_INLINE RowSums Sums(size_t r) const {
    return {true, others_[r], labels_[r], batch_.Sum(r), batch_.Log(r)};
  }
  // Of rows r and r + 1.
  HWY_INLINE __m128d Others(size_t r) const { return _mm_load_pd(others_ + r); }

 private:
  HWY_INLINE float* VectorOf(size_t r) const {
    return batch_.Exp(r) + rows_[r].label / 4 * 4;
  }

  ShortRows& batch_;
  const size_t count_;
  const internal::LabelledRow* const rows_;
  __m128 vectors_[internal::kMaxShortRows];
  float labels_[internal::kMaxShortRows];
  HWY_ALIGN double others_[internal::kMaxShortRows];
};

// What the gradients of a batch are made of.
struct GradientFactors {
  HWY_ALIGN double factor[internal::kMaxShortRows];
  HWY_ALIGN double label[internal::kMaxShortRows];
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

// The losses of short rows that all count, and their gradients if dx has data.
// False if a row needs more than this does; then nothing is written.
bool LossesOfShortRows(const Loss& loss, const Rows<const float>& x,
                       const Rows<float>& dx, size_t first, size_t count,
                       const internal::LabelledRow* rows, double* losses) {
  ShortRows batch(count, x.cols, loss.parts);
  if (!batch.MakeExp(x.Row(first), x.stride)) return false;
  LabelExps labels(batch, count, rows);  // see SumsOf
  if (!batch.MakeSums(false) || !labels.Add()) return false;
  batch.TakeLogs();
  const CrossEntropyOptions& options = loss.options;
  const bool is_plain =
      options.class_weights == nullptr && options.z_loss == 0.0f;
  GradientFactors factors;
  for (size_t r = 0; r < count; ++r) {
    const size_t label = rows[r].label;
    const RowSums row = labels.Sums(r);
    const double label_loss =
        LabelLoss(row, RowPlan{}, loss.parts.scale, batch.Logits(r)[label]);
    losses[r] = label_loss;
    if (is_plain) continue;
    const RowLoss result = LossOf(loss, row, RowPlan{}, label, label_loss,
                                  nullptr, rows[r].upstream);
    losses[r] = result.loss;
    factors.factor[r] = result.unit * result.total / row.sum;
    factors.label[r] = result.label_gradient;
  }
  if (dx.data == nullptr) return true;
  if (is_plain) {
    PlainGradients(batch, labels, count, rows, loss.parts.scale, factors);
  }
  for (size_t r = 0; r < count; ++r) {
    if (!FactorFitsFloats(factors.factor[r])) return false;
  }
  for (size_t r = 0; r < count; r += 2) {
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
  for (size_t r = 0; r < count; ++r) {
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
