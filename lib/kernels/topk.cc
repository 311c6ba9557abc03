// SPDX-License-Identifier: Apache-2.0
#include "kernels/topk.h"

#include <cstring>

#include "softlane/options.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/topk.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/max-inl.h"
#include "arith/probability-inl.h"
#include "arith/row_exp-inl.h"
#include "arith/sse2-inl.h"
#include "arith/vector-inl.h"
#include "kernels/block_rows.h"
#include "kernels/exp_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Each row is read three times: for the maximum, the sum of the exp values, and
// the selection. Only the results are written.

// The largest logits so far and their columns, the largest first. The place of
// a new logit is hard to predict, so Insert has no branch that depends on it.
// With AVX-512 on Zen 5 at 512 x 256 and k = 8 a row takes 510 ns; with a loop
// that moves one place at a time it takes 830 ns.
class Selection {
 public:
  HWY_INLINE explicit Selection(size_t k) : k_(k) {
    // A free place holds NaN, which is not above any logit.
    for (size_t i = 0; i < k; i += kLanes) {
      Store(Set(kNaN), values_ + kLanes + i);
    }
    values_[kLanes - 1] = kInfinity;
    columns_[kLanes - 1] = 0;
  }

  // Takes the k largest logits of the columns so far.
  HWY_INLINE void Take(const internal::TopLogits& top) {
    std::memcpy(values_ + kLanes, top.values, k_ * sizeof(float));
    std::memcpy(columns_ + kLanes, top.columns, k_ * sizeof(int32_t));
  }

  // Inserts a logit. Logits must be inserted in the order of their columns.
  HWY_INLINE void Insert(float x, size_t column) {
    if constexpr (kLanes == 1) return InsertOne(x, column);
    const I32 di;
    const VF new_value = Set(x);
    const VI new_column = hn::Set(di, static_cast<int32_t>(column));
    HWY_ALIGN int32_t lanes_before[kLanes];
    for (size_t i = 0; i < kLanes; ++i) {
      lanes_before[i] = static_cast<int32_t>(i == 0 ? 0 : i - 1);
    }
    const auto values_before = hn::SetTableIndices(F32(), lanes_before);
    const auto columns_before = hn::SetTableIndices(di, lanes_before);
    const auto first = hn::FirstN(F32(), 1);
    // The loop begins at the end, because each vector needs the old values of
    // the vector before it.
    for (size_t i = (k_ - 1) / kLanes * kLanes + kLanes; i != 0;) {
      i -= kLanes;
      float* const value_at = values_ + kLanes + i;
      int32_t* const column_at = columns_ + kLanes + i;
      const VF value = Load(value_at);
      const VI index = hn::LoadU(di, column_at);
      // The values moved by one place. Loading them would wait until earlier
      // stores are in the cache.
      const VF before = hn::IfThenElse(
          first, Set(value_at[-1]), hn::TableLookupLanes(value, values_before));
      const VI index_before =
          hn::IfThenElse(hn::RebindMask(di, first), hn::Set(di, column_at[-1]),
                         hn::TableLookupLanes(index, columns_before));
      const auto stays = hn::Ge(value, new_value);
      const auto is_behind = hn::Ge(before, new_value);
      Store(hn::IfThenElse(stays, value,
                           hn::IfThenElse(is_behind, new_value, before)),
            value_at);
      const VI moved = hn::IfThenElse(hn::RebindMask(di, is_behind), new_column,
                                      index_before);
      hn::StoreU(hn::IfThenElse(hn::RebindMask(di, stays), index, moved), di,
                 column_at);
    }
  }

  // The smallest of the k largest logits. A logit that is not above it is not
  // inserted. At least k logits have been inserted before.
  HWY_INLINE float Threshold() const { return values_[kLanes + k_ - 1]; }

  // The results. Whole vectors can be read.
  HWY_INLINE const float* Values() const { return values_ + kLanes; }
  HWY_INLINE const int32_t* Columns() const { return columns_ + kLanes; }

 private:
  // Moves one place at a time, for a target without such vectors.
  HWY_INLINE void InsertOne(float x, size_t column) {
    size_t i = kLanes + k_ - 1;
    for (; !(values_[i - 1] >= x); --i) {
      values_[i] = values_[i - 1];
      columns_[i] = columns_[i - 1];
    }
    values_[i] = x;
    columns_[i] = static_cast<int32_t>(column);
  }

  const size_t k_;
  // The places stand after a vector whose last element is infinity.
  HWY_ALIGN float values_[kLanes + kMaxTopK];
  HWY_ALIGN int32_t columns_[kLanes + kMaxTopK];
};

// BitsAbove looks at kCompared logits and gives a bit for each that is above
// the threshold. HasAbove tells whether any of 4 * kCompared logits is.
#ifdef SOFTLANE_SSE2

constexpr size_t kCompared = 4;
HWY_INLINE bool HasAbove(const float* x, float threshold) {
  const __m128 a = _mm_max_ps(_mm_loadu_ps(x), _mm_loadu_ps(x + 4));
  const __m128 b = _mm_max_ps(_mm_loadu_ps(x + 8), _mm_loadu_ps(x + 12));
  const __m128 limit = _mm_set1_ps(threshold);
  return _mm_movemask_ps(_mm_cmpgt_ps(_mm_max_ps(a, b), limit)) != 0;
}
HWY_INLINE uint32_t BitsAbove(const float* x, float threshold) {
  const __m128 is_above = _mm_cmpgt_ps(_mm_loadu_ps(x), _mm_set1_ps(threshold));
  return static_cast<uint32_t>(_mm_movemask_ps(is_above));
}

#else

constexpr size_t kCompared = kLanes;
HWY_INLINE bool HasAbove(const float* x, float threshold) {
  const Four v = LoadFour(x, kLanes);
  const VF max = hn::Max(hn::Max(v.a, v.b), hn::Max(v.c, v.d));
  return !hn::AllFalse(F32(), hn::Gt(max, Set(threshold)));
}
HWY_INLINE uint32_t BitsAbove(const float* x, float threshold) {
  uint8_t bits[8] = {};
  hn::StoreMaskBits(F32(), hn::Gt(Load(x), Set(threshold)), bits);
  return bits[0] | uint32_t{bits[1]} << 8;
}

#endif  // SOFTLANE_SSE2

// Selects among n columns from first_col on. There is no NaN. The first k
// columns of a row are inserted.
HWY_NOINLINE void SelectColumns(const float* x, size_t first_col, size_t n,
                                size_t k, Selection& selection) {
  if (first_col != 0) k = 0;
  for (size_t c = 0; c < k; ++c) selection.Insert(x[c], c);
  constexpr size_t kGroup = 4 * kCompared;
  for (size_t i = k; i < n; i += kGroup) {
    const bool is_full = n - i >= kGroup;
    if (is_full && !HasAbove(x + i, selection.Threshold())) continue;
    const size_t end = is_full ? i + kGroup : n;
    size_t first = i;
    for (; end - first >= kCompared; first += kCompared) {
      uint32_t above = BitsAbove(x + first, selection.Threshold());
      for (; above != 0; above &= above - 1) {
        const size_t c = first + hwy::Num0BitsBelowLS1Bit_Nonzero32(above);
        if (x[c] > selection.Threshold()) {
          selection.Insert(x[c], first_col + c);
        }
      }
    }
    for (; first < end; ++first) {
      if (x[first] > selection.Threshold()) {
        selection.Insert(x[first], first_col + first);
      }
    }
  }
}

HWY_INLINE void WriteProbabilities(const float* logits, size_t k,
                                   const internal::ExpSum& row,
                                   const ScaleParts& parts, float* y) {
#ifndef SOFTLANE_SSE2
  if (HWY_LIKELY(!row.plan.is_far)) {  // a call would take longer
    const SoftmaxExp exp = MakeExp(row.plan, parts);
    const Probabilities probabilities(ReciprocalOf(row.sum));
    for (size_t i = 0; i < k; i += kLanes) {
      const VF probs = probabilities(exp(Load(logits + i)));
      StoreFirst(probs, y + i, HWY_MIN(kLanes, k - i));
    }
    return;
  }
#endif
  WriteExpValues(logits, y, k, kNoHole, row.plan, parts);
  kBlockPasses.multiply(1.0 / row.sum, row.sum, k, y);
}

size_t TopKRows(const Rows<const float>& x, size_t first, size_t k, float scale,
                const Rows<float>& y, const Rows<int32_t>& columns) {
  const ScaleParts parts = SplitScale(scale);
  for (size_t r = first; r < x.rows; ++r) {
    const internal::ExpSum row =
        internal::SumExpOfRow(kBlockPasses, x.Row(r), x.cols, parts);
    if (!(row.sum == row.sum)) return r;
    Selection selection(k);
    SelectColumns(x.Row(r), 0, x.cols, k, selection);
    WriteProbabilities(selection.Values(), k, row, parts, y.Row(r));
    std::memcpy(columns.Row(r), selection.Columns(), k * sizeof(int32_t));
  }
  return x.rows;
}

void SelectPart(const float* x, size_t first_col, size_t n, size_t k,
                internal::TopLogits& top) {
  Selection selection(k);
  if (first_col != 0) selection.Take(top);
  SelectColumns(x, first_col, n, k, selection);
  std::memcpy(top.values, selection.Values(), k * sizeof(float));
  std::memcpy(top.columns, selection.Columns(), k * sizeof(int32_t));
}

constexpr internal::TopKKernels kKernels = {&TopKRows, &SelectPart};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const TopKKernels> kTopKKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
