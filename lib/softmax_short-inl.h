// SPDX-License-Identifier: Apache-2.0

// Softmax of short rows whose maxima are guessed. So the exponentials of a
// group need not know where its rows end: of rows without gaps between them all
// vectors are full.

#if defined(SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#endif

#include <type_traits>

#include "arith/fold_rows-inl.h"
#include "arith/max-inl.h"
#include "group_rows-inl.h"
#include "guessed_groups-inl.h"
#include "kernels/stages-inl.h"
#include "kernels/stream-inl.h"
#include "numerators-inl.h"
#include "softmax_group-inl.h"
#include "window_numerators-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Longer rows are faster one after the other: ns per element in groups and one
// after the other on Zen 5, with AVX-512 0.133 and 0.137 at 64 x 255, 0.120 and
// 0.103 at 64 x 256; with AVX2 0.198 and 0.232 at 64 x 300, 0.187 and 0.190 at
// 64 x 384. With NEON not measured.
constexpr size_t kMaxShortCols = kLanes == 8 ? 383 : 255;

// The logits of a group's rows as they are.
struct RowLogits {
  HWY_INLINE PlainLogits Of(const float* x, size_t) const { return {x}; }
  static HWY_INLINE bool IsDense(const Rows<const float>& x) {
    return x.stride == x.cols;
  }
  static HWY_INLINE NextRow ReadAt(const float* x, size_t) {
    return {x, nullptr};
  }
};

// Logits has Of(x, r), the logits of row r, which is at x; and IsDense(x),
// whether those of all rows follow one another; ReadAt(x, r) says where in
// memory they are.
template <class Logits>
class ShortGroup {
 public:
  HWY_INLINE ShortGroup(const ScaleParts& parts, const Logits& logits,
                        bool is_streamed)
      : parts_(parts), logits_(logits), is_streamed_(is_streamed) {}

  HWY_INLINE void SetRows(const Rows<const float>& x, const Rows<float>& y,
                          size_t first, size_t count) {
    x_ = x.Slice(first, count);
    y_ = y.Slice(first, count);
    first_ = first;
    const size_t left = HWY_MIN(count, x.rows - first - count);
    ahead_ = left == 0 ? Rows<const float>() : x.Slice(first + count, left);
    is_dense_ = logits_.IsDense(x);
  }

  HWY_INLINE bool FindOctaves(size_t n) {
    HWY_ALIGN float lanes[kGroupRows * kLanes];
    const VF lowest = Set(-kInfinity);
    VF max = lowest;  // of the last row for those that the group does not have
    for (size_t r = 0; r < kGroupRows; ++r) {
      if (r < x_.rows) {
        const auto logits = LogitsOf(r);
        max = lowest;
        size_t i = 0;
        for (; n - i >= kLanes; i += kLanes) max = hn::Max(max, logits.One(i));
        if (i != n) max = hn::Max(max, logits.First(i, n - i));
      }
      Store(max, lanes + r * kLanes);
    }
    bool is_direct = true;
    for (size_t r = 0; r < kGroupRows; r += kLanes) {
      const StoredRows<F32> rows{lanes + r * kLanes};
      const VF maxima = FoldRows(F32(), rows, Larger());
      VF offset;
      is_direct = FindOffset(maxima, parts_, offset) && is_direct;
      Store(offset, offset_ + r);
      Store(Lowest(offset, parts_), lowest_ + r);
    }
    return is_direct;
  }
  HWY_INLINE float FirstOctaves() const {
    return offset_[0] + static_cast<float>(kHeadroom);
  }

  HWY_INLINE void SumNumerators(size_t n) {
    stride_ = PaddedCols(n);
    for (size_t r = 0; r < x_.rows; ++r) {
      const SoftmaxExp exp(Set(parts_.l_hi), Set(parts_.l_lo), Set(offset_[r]),
                           Set(lowest_[r]));
      const AsIs as_is;
      const auto logits = LogitsOf(r);
      const Numerators<AsIs, std::decay_t<decltype(logits)>> terms{
          exp, as_is, logits, numerators_ + r * stride_};
      WriteLast(0, n, terms);
    }
    SumAnd(n, nullptr);
    may_have_tiny_ = true;
  }

  template <bool kHasMasked>
  HWY_NOINLINE bool SumInWindow(size_t n, const Window& window,
                                const ShortGroup* before) {
    stride_ = is_dense_ ? n : PaddedCols(n);
    const size_t runs = is_dense_ ? 1 : x_.rows;
    const size_t length = is_dense_ ? x_.rows * n : n;
    const SoftmaxExp exp = window.Exp(parts_);
    LaneWindow lanes;
    LaneMax none;
    for (size_t r = 0; r < runs; ++r) {
      const auto logits = LogitsOf(r);
      using Terms =
          WindowNumerators<kHasMasked, false, std::decay_t<decltype(logits)>>;
      WriteTerms(length,
                 Terms{exp, logits, numerators_ + r * stride_, lanes, none});
    }
    SumAnd(n, before);
    may_have_tiny_ = !AreUsual(sums_);
    return lanes.IsInside();
  }
  HWY_INLINE const double* Sums() const { return sums_; }

  HWY_INLINE void EndSums() { quotients_.SetSums(sums_); }

  HWY_INLINE void Write(size_t n) const {
    const RowParts parts(n);
    parts.Choose([&](auto shape) HWY_ATTR {
      using Chosen = decltype(shape);
      may_have_tiny_ ? WriteRows<Chosen, Writing::kTiny>(parts)
                     : WriteRows<Chosen, Writing::kUsual>(parts);
    });
  }

 private:
  HWY_INLINE auto LogitsOf(size_t r) const {
    return logits_.Of(x_.Row(r), first_ + r);
  }

  // The sums of this group; and the quotients of the one before, if any.
  HWY_INLINE void SumAnd(size_t n, const ShortGroup* before) {
    const RowParts parts(n);
    GroupSums sums;
    parts.Choose([&](auto shape) HWY_ATTR {
      using Chosen = decltype(shape);
      if (before == nullptr) {
        SumRows<Chosen>(parts, sums);
      } else if (before->may_have_tiny_) {
        SumRowsAndWrite<Chosen, Writing::kTiny>(parts, *before, sums);
      } else if (is_streamed_) {
        SumRowsAndWrite<Chosen, Writing::kStreamed>(parts, *before, sums);
      } else {
        SumRowsAndWrite<Chosen, Writing::kUsual>(parts, *before, sums);
      }
    });
    sums.Fold(sums_);
  }
  template <class Shape>
  HWY_NOINLINE void SumRows(RowParts parts, GroupSums& sums) const {
    const float* from = numerators_;
    for (size_t r = 0; r < x_.rows; ++r, from += stride_) {
      sums.Set<Shape>(r, from, parts);
    }
    sums.SetMissing(x_.rows);
  }
  template <class Shape, Writing kWriting>
  HWY_NOINLINE void WriteRows(RowParts parts) const {
    const float* from = numerators_;
    for (size_t r = 0; r < y_.rows; ++r, from += stride_) {
      quotients_.Write<Shape, kWriting>(r, from, y_.Row(r), parts);
    }
  }
  // Both: each waits for what the other does not. A group before has no fewer
  // rows.
  template <class Shape, Writing kWriting>
  HWY_NOINLINE void SumRowsAndWrite(RowParts parts, const ShortGroup& before,
                                    GroupSums& sums) const {
    const float* from = numerators_;
    const float* from_before = before.numerators_;
    float* to = before.y_.data;
    // GCC would load them again after each store.
    const size_t rows = x_.rows, stride = stride_;
    const size_t stride_before = before.stride_, to_stride = y_.stride;
    size_t r = 0;
    for (; r < rows; ++r) {
      if (kWriting == Writing::kStreamed && r < ahead_.rows)
        Prefetch(r, parts.n);
      sums.Set<Shape>(r, from, parts);
      before.quotients_.template Write<Shape, kWriting>(r, from_before, to,
                                                        parts);
      from += stride;
      from_before += stride_before;
      to += to_stride;
    }
    for (; r < before.y_.rows; ++r) {
      before.quotients_.template Write<Shape, kWriting>(r, from_before, to,
                                                        parts);
      from_before += stride_before;
      to += to_stride;
    }
    sums.SetMissing(rows);
  }

  // Row r of the group after this one.
  HWY_INLINE void Prefetch(size_t r, size_t n) const {
    const NextRow row = logits_.ReadAt(ahead_.Row(r), first_ + x_.rows + r);
    for (size_t i = 0; i < n; i += 4 * kLanes) row.Prefetch(i);
  }

  const ScaleParts& parts_;
  const Logits logits_;
  const bool is_streamed_;
  Rows<const float> x_{}, ahead_{};
  Rows<float> y_{};
  size_t first_ = 0, stride_ = 0;
  bool is_dense_ = false;
  bool may_have_tiny_ = true;
  HWY_ALIGN float offset_[kGroupRows];
  HWY_ALIGN float lowest_[kGroupRows];
  HWY_ALIGN double sums_[kGroupRows];
  GroupQuotients quotients_;
  HWY_ALIGN float numerators_[kGroupElements];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
