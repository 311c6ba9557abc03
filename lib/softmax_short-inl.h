// SPDX-License-Identifier: Apache-2.0

// Softmax of short rows, a row in one vector or a few. Four rows are worked on
// at a time, a vector of each.

#if defined(SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#endif

#include "four_rows-inl.h"
#include "max-inl.h"
#include "softmax_group-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Longer rows are faster one after the other: with AVX-512 on Zen 5, ns per
// element in a group and one after the other, 0.21 and 0.24 at 127 columns,
// 0.19 and 0.20 at 128, 0.24 and 0.20 at 160.
constexpr size_t kMaxShortCols = kLanes == 8 ? 127 : 128;

class ShortGroup {
 public:
  HWY_INLINE explicit ShortGroup(const ScaleParts& parts) : parts_(parts) {}

  HWY_INLINE bool FindOctaves(const Rows<const float>& x, const Rows<float>& y,
                              size_t first, size_t count) {
    rows_.Set(x, y, first, count);
    const size_t n = x.cols;
    HWY_ALIGN float lanes[kLanes * kLanes];
    const Larger larger;
    for (size_t r = 0; r < kLanes; r += 4) {
      const VF lowest = Set(-kInfinity);
      Four max = Repeat<Four>(lowest);
      size_t i = 0;
      for (; n - i >= kLanes; i += kLanes) {
        max = Map(larger, max, LoadRows(rows_.from + r, i));
      }
      if (i != n) {
        max = Map(larger, max, LoadRowsFirst(rows_.from + r, i, n - i, lowest));
      }
      StoreFour(max, lanes + r * kLanes, kLanes);
    }
    const VF max = FoldRows(F32(), StoredRows<F32>{lanes}, larger);
    VF offset;
    const bool direct = FindOffset(max, parts_, offset);
    magic_.SetAll(SoftmaxExp::Magic(offset));
    lowest_.SetAll(Lowest(offset, parts_));
    return direct;
  }

  HWY_INLINE void SumNumerators(size_t n) {
    const VF zero = Set(0.0f);
    const SoftmaxExp exp(Set(parts_.l_hi), Set(parts_.l_lo), zero, zero);
    for (size_t r = 0; r < kLanes; r += 4) {
      const Terms term{
          exp, lowest_[r], magic_[r], rows_.from + r, numerators_ + r * kStride,
          n};
      sums_.Sum(r, n, term);
    }
  }

  HWY_INLINE void EndSums() {
    const GroupReciprocal reciprocal(sums_.LowerRows(), sums_.UpperRows());
    head_.SetAll(reciprocal.head);
    rest_.SetAll(reciprocal.rest);
    least_.SetAll(reciprocal.least);
  }

  HWY_INLINE void Write(size_t n) {
    for (size_t r = 0; r < kLanes; r += 4) {
      const Four head = head_[r];
      const Four rest = rest_[r];
      const Four least = least_[r];
      const auto quotients = [&](size_t i) HWY_ATTR {
        const float* from = numerators_ + r * kStride + i;
        return Map([](VF v, VF head, VF rest, VF least)
                       HWY_ATTR { return Quotient(v, head, rest, least); },
                   LoadFour(from, kStride), head, rest, least);
      };
      float* const* to = rows_.to + r;
      if (n < kLanes) {
        StoreRowsFirst(quotients(0), to, 0, n);
        continue;
      }
      for (size_t start = 0; start < n; start += kLanes) {
        // The last vector may overlap the one before: the same quotients.
        const size_t i = HWY_MIN(start, n - kLanes);
        StoreRows(quotients(i), to, i);
      }
    }
  }

  // SumNumerators of this group, FindOctaves of the next, and Write of
  // the one before. One after the other: in one loop, as TileGroup has them,
  // they need too many registers (with AVX-512 0.18 -> 0.22 ns at 64 columns).
  HWY_INLINE bool SumNumeratorsAnd(ShortGroup& next, const Rows<const float>& x,
                                   const Rows<float>& y, size_t first,
                                   size_t count, ShortGroup& before) {
    const bool is_direct = next.FindOctaves(x, y, first, count);
    before.EndSums();
    SumNumerators(x.cols);
    before.Write(x.cols);
    return is_direct;
  }

 private:
  // Numerators of four rows, which are written on the way.
  struct Terms {
    HWY_INLINE Four operator()(size_t i) const {
      if (n - i >= kLanes) {
        const Four result = exp(LoadRows(from, i), lowest, magic);
        StoreFour(result, to + i, kStride);
        return result;
      }
      const Four x = LoadRowsFirst(from, i, n - i, Set(0.0f));
      const Four result = exp(x, lowest, magic);
      StoreFour(result, to + i, kStride);
      return Map([&](VF v) HWY_ATTR { return KeepFirst(v, n - i); }, result);
    }

    const SoftmaxExp& exp;
    Four lowest, magic;
    const float* const* from;
    float* to;
    size_t n;
  };

  // Not a power of two, which would let stores and loads of different rows meet
  // in the last 12 bits of their addresses.
  static constexpr size_t kStride = 128 + 16;

  const ScaleParts& parts_;
  GroupRows rows_;
  RowValues magic_, lowest_, head_, rest_, least_;
  FourRowSums sums_;
  HWY_ALIGN float numerators_[kLanes * kStride];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
