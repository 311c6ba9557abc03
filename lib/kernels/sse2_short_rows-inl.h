// SPDX-License-Identifier: Apache-2.0

// Batches of up to 16 short rows for the x86-64 baseline, pass by pass: all
// maxima, then all exp values, then the results. One row after the other would
// wait for the latency of each pass.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_
#endif

#include "arith/plan.h"
#include "arith/sse2-inl.h"
#include "arith/sse2_softmax_exp-inl.h"
#include "kernels/row_limits.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

// The steps between the passes are done for two or four rows at a time, with
// the bits of plan.h. The functions are in sse2_short_rows.cc.
class ShortRows {
 public:
  HWY_INLINE ShortRows(size_t rows, size_t n, const internal::ScaleParts& parts)
      : parts_(parts), rows_(rows), n_(n), row_vectors_((n + 3) / 4) {}

  // Reads the rows, and computes their exp values and sums. False if a maximum
  // is not finite or beyond the direct limit, or if a sum is NaN.
  HWY_INLINE bool Make(const float* x, size_t stride, bool in_double) {
    return MakeExp(x, stride) && MakeSums(in_double);
  }
  // The two steps of Make.
  bool MakeExp(const float* x, size_t stride);
  bool MakeSums(bool in_double);
  // From the sums: LogOfSum of each row.
  void TakeLogs();

  HWY_INLINE double Sum(size_t r) const { return sums_[r]; }
  // Of rows r and r + 1.
  HWY_INLINE __m128d Sums(size_t r) const { return _mm_load_pd(sums_ + r); }
  HWY_INLINE void SetSums(size_t r, __m128d sums) {
    _mm_store_pd(sums_ + r, sums);
  }
  HWY_INLINE float MaxOf(size_t r) const { return max_[r]; }
  // The maxima of rows r and r + 1.
  HWY_INLINE __m128d Max(size_t r) const { return WidenTwo(max_ + r); }
  HWY_INLINE double Log(size_t r) const { return logs_[r]; }
  HWY_INLINE __m128d Logs(size_t r) const { return _mm_load_pd(logs_ + r); }
  // logsumexp of each row.
  HWY_INLINE void WriteLogs(float* logsumexp) const {
    for (size_t r = 0; r < rows_; ++r) {
      logsumexp[r] = static_cast<float>(logs_[r] + 0.0);
    }
  }

  HWY_INLINE const float* Logits(size_t r) const {
    return logits_ + 4 * r * row_vectors_;
  }
  HWY_INLINE const float* Exp(size_t r) const {
    return e_ + 4 * r * row_vectors_;
  }
  HWY_INLINE float* Exp(size_t r) { return e_ + 4 * r * row_vectors_; }
  // to[i] = op(from[i]) for a row of the above.
  template <class Op>
  HWY_INLINE void Map(const float* from, float* to, const Op& op) const {
    MapFilled(from, to, n_, op);
  }

 private:
  static constexpr size_t kMaxRows = internal::kMaxShortRows;
  static constexpr size_t kCapacity = kMaxRows * internal::kMaxShortCols;

  const internal::ScaleParts& parts_;
  const size_t rows_, n_, row_vectors_;
  HWY_ALIGN float logits_[kCapacity];  // each row in whole vectors
  HWY_ALIGN float e_[kCapacity];
  WideRow of_vector_[kCapacity / 4];
  HWY_ALIGN float max_[kMaxRows];
  HWY_ALIGN double sums_[kMaxRows];
  HWY_ALIGN double logs_[kMaxRows];
};

}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_
