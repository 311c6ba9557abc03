// SPDX-License-Identifier: Apache-2.0

// Softmax of short rows, a row in one vector or a few. Four rows are worked on
// at a time, a vector of each.

#if defined(SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#endif

#include "fold_rows-inl.h"
#include "max-inl.h"
#include "softmax_group-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// One block of sum-inl.h.
constexpr size_t kMaxShortCols = kSumBlock;

// A float per row.
class RowValues {
 public:
  HWY_INLINE RowValues() {}  // not the compiler's: it has no target attribute
  HWY_INLINE void SetAll(VF v) { Store(v, values_); }
  // Those of rows r to r + 3, a vector each.
  HWY_INLINE Four operator[](size_t r) const {
    return {Set(values_[r]), Set(values_[r + 1]), Set(values_[r + 2]),
            Set(values_[r + 3])};
  }

 private:
  HWY_ALIGN float values_[kLanes];
};

class ShortGroup {
 public:
  HWY_INLINE explicit ShortGroup(const ScaleParts& parts) : parts_(parts) {}

  HWY_INLINE bool FindOctaves(Rows<const float> x, Rows<float> y, size_t first,
                              size_t count) {
    rows_.Set(x, y, first, count);
    const size_t n = x.cols;
    HWY_ALIGN float lanes[kLanes * kLanes];
    const auto larger = [](VF a, VF b) HWY_ATTR { return hn::Max(a, b); };
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
    const VF max = FoldRows(
        F32(), [&](size_t r) HWY_ATTR { return Load(lanes + r * kLanes); },
        larger);
    VF offset;
    const bool direct = FindOffset(max, parts_, offset);
    magic_.SetAll(SoftmaxExp::Magic(offset));
    lowest_.SetAll(Lowest(offset, parts_));
    return direct;
  }

  HWY_INLINE void SumNumerators(size_t n) {
    const VF zero = Set(0.0f);
    const SoftmaxExp exp(Set(parts_.l_hi), Set(parts_.l_lo), zero, zero);
    const auto sum_of = [](VF a, VF b) HWY_ATTR { return hn::Add(a, b); };
    for (size_t r = 0; r < kLanes; r += 4) {
      const Terms term{
          exp, lowest_[r], magic_[r], rows_.from + r, numerators_ + r * kStride,
          n};
      VF folded[4][LaneSum::kFoldedVectors];
      for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
        // (a + b) + (c + d), as far as they exist: the others are +0.
        const size_t i = k * kLanes;
        Four sum = i < n ? term(i) : Repeat<Four>(zero);
        if (i + 16 < n) sum = Map(sum_of, sum, term(i + 16));
        if (i + 32 < n) {
          Four second = term(i + 32);
          if (i + 48 < n) second = Map(sum_of, second, term(i + 48));
          sum = Map(sum_of, sum, second);
        }
        folded[0][k] = sum.a;
        folded[1][k] = sum.b;
        folded[2][k] = sum.c;
        folded[3][k] = sum.d;
      }
      for (size_t k = 0; k < 4; ++k) {
        LaneSum sum;
        sum.AddFolded(folded[k]);
        hn::Store(sum.Folded(), F64(), sums_ + (r + k) * kF64Lanes);
      }
    }
  }

  HWY_INLINE void InvertSums() {
    const auto half = [&](size_t start) HWY_ATTR {
      return FoldRows(
          F64(),
          [&](size_t r) HWY_ATTR {
            return hn::Load(F64(), sums_ + (start + r) * kF64Lanes);
          },
          [](VD a, VD b) HWY_ATTR { return hn::Add(a, b); });
    };
    const GroupReciprocal reciprocal(half(0), half(kF64Lanes));
    head_.SetAll(reciprocal.head);
    rest_.SetAll(reciprocal.rest);
    least_.SetAll(reciprocal.least);
  }

  HWY_INLINE void WriteQuotients(size_t n) {
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
        const Four v = quotients(0);
        StoreFirst(v.a, to[0], n);
        StoreFirst(v.b, to[1], n);
        StoreFirst(v.c, to[2], n);
        StoreFirst(v.d, to[3], n);
        continue;
      }
      for (size_t start = 0; start < n; start += kLanes) {
        // The last vector may overlap the one before: the same quotients.
        const size_t i = HWY_MIN(start, n - kLanes);
        const Four v = quotients(i);
        Store(v.a, to[0] + i);
        Store(v.b, to[1] + i);
        Store(v.c, to[2] + i);
        Store(v.d, to[3] + i);
      }
    }
  }

 private:
  static HWY_INLINE Four LoadRows(const float* const* rows, size_t i) {
    return {Load(rows[0] + i), Load(rows[1] + i), Load(rows[2] + i),
            Load(rows[3] + i)};
  }
  static HWY_INLINE Four LoadRowsFirst(const float* const* rows, size_t i,
                                       size_t count, VF fill) {
    return {LoadFirst(rows[0] + i, count, fill),
            LoadFirst(rows[1] + i, count, fill),
            LoadFirst(rows[2] + i, count, fill),
            LoadFirst(rows[3] + i, count, fill)};
  }

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

  static constexpr size_t kStride = kMaxShortCols;
  static constexpr size_t kF64Lanes = kLanes / 2;

  const ScaleParts& parts_;
  GroupRows rows_;
  RowValues magic_, lowest_, head_, rest_, least_;
  HWY_ALIGN double sums_[kLanes * kF64Lanes];
  HWY_ALIGN float numerators_[kLanes * kStride];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
