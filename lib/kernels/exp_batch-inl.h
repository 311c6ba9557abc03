// SPDX-License-Identifier: Apache-2.0

// The exp pass of a batch of short rows, for logits of any kind. All rows have
// the same predicted exponent, so a vector may hold elements of two rows. Rows
// without gaps between them are one run of full vectors.

#if defined(SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_
#undef SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_
#endif

#include "kernels/range_terms-inl.h"
#include "kernels/softmax_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpParams;

template <bool kHasMasked, class Source>
bool ExpBatch(const void* source, const internal::BatchRows& rows,
              const ExpParams& params) {
  const Source all(source);
  const size_t runs = rows.is_dense ? 1 : rows.rows;
  const size_t length = rows.is_dense ? rows.rows * rows.n : rows.n;
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  NarrowMax none;
  for (size_t r = 0; r < runs; ++r) {
    const auto logits =
        all.LogitsAt(rows.logits + r * rows.stride, rows.first + r, 0);
    using Terms = RangeTerms<kHasMasked, false, std::decay_t<decltype(logits)>>;
    WriteTerms(length,
               Terms{exp, logits, rows.e + r * rows.e_stride, range, none});
  }
  return range.IsInside();
}

// The same row by row, for rows of different lengths, and for callers that need
// the maximum of each row. Elements may be masked.
template <class Source>
bool ExpBatchOfRows(const void* source, const internal::BatchRows& rows,
                    const ExpParams& params) {
  const Source all(source);
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  for (size_t r = 0; r < rows.rows; ++r) {
    const auto logits =
        all.LogitsAt(rows.logits + r * rows.stride, rows.first + r, 0);
    float* const e = rows.e + r * rows.e_stride;
    const size_t end = rows.ends == nullptr ? rows.n : rows.ends[r];
    NarrowMax max;
    using Terms = RangeTerms<true, true, std::decay_t<decltype(logits)>>;
    WriteTerms(end, Terms{exp, logits, e, range, max});
    Fill(e + end, rows.n - end, 0.0f);
    if (rows.max != nullptr) rows.max[r] = max.Total();
  }
  return range.IsInside();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_
