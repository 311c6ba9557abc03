// SPDX-License-Identifier: Apache-2.0

// A few short rows in four vectors, with AVX2: up to four rows of up to 8
// columns, or up to two rows of up to 16 columns, which take two vectors each.
// The vectors are transposed in each of their halves. Then a lane has elements
// of one row, one vector has all maxima, and one vector of doubles has all
// sums: a call of four rows takes as long as a call of one row.

#if defined(SOFTLANE_LIB_KERNELS_FEW_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_FEW_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_FEW_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_FEW_ROWS_INL_H_
#endif

#include "arith/lane_rows-inl.h"
#include "arith/max-inl.h"
#include "arith/transpose-inl.h"
#include "kernels/row_limits.h"

// AVX-512 takes the functions of AVX2.
#if HWY_TARGET == HWY_AVX2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

static_assert(internal::kFewCols == 2 * kLanes, "two rows in four vectors");

class FewRows {
 public:
  // The numbers are read one by one, because a vector of both would wait for
  // the stores that made them.
  HWY_INLINE FewRows(size_t rows, size_t n)
      : rows_(Unknown(rows)), n_(Unknown(n)) {}

  HWY_INLINE void Load(const float* from, size_t stride) {
    const VF none = Set(-kInfinity);
    const size_t count = NumVectors();
    // The first vector also stands for a missing vector.
    const auto vector = [&](size_t k) HWY_ATTR {
      return LoadFirst(from + (k < count ? PlaceOf(k, stride) : 0), SizeOf(k),
                       none);
    };
    x = TransposeBlocks({vector(0), vector(1), vector(2), vector(3)});
  }

  // The exp values by the maximum of each row. False if a maximum is not finite
  // or beyond the direct limit.
  HWY_INLINE bool Exp() {
    constexpr const ScaleParts& parts = internal::kUnscaled;
    const F32 d;
    VF v = hn::Max(hn::Max(x.a, x.b), hn::Max(x.c, x.d));
    v = hn::Max(v, hn::ConcatLowerUpper(d, v, v));
    if (HasTwo()) v = hn::Max(v, hn::Shuffle2301(v));
    max = InOrder(v);  // GCC would store it, and wait for the store
    const bool are_direct = FindOffset(max, parts, offset);
    const SoftmaxExp exp = MakeExp(offset, parts);
    e = exp(x);
    return are_direct;
  }

  // The sum of the terms of each row, in the order of LaneSum.
  HWY_INLINE VD Sum(const Four& terms) const {
    const F64 d;
    // Terms 0 to 3, and 4 to 7.
    VD t[8] = {
        hn::PromoteTo(d, Lower(terms.a)), hn::PromoteTo(d, Lower(terms.b)),
        hn::PromoteTo(d, Lower(terms.c)), hn::PromoteTo(d, Lower(terms.d)),
        hn::PromoteTo(d, Upper(terms.a)), hn::PromoteTo(d, Upper(terms.b)),
        hn::PromoteTo(d, Upper(terms.c)), hn::PromoteTo(d, Upper(terms.d))};
    if (HasTwo()) {
      HWY_UNROLL(8)
      for (VD& v : t) v = hn::Add(v, hn::Shuffle01(v));
    }
    return hn::Add(hn::Add(hn::Add(t[0], t[4]), hn::Add(t[2], t[6])),
                   hn::Add(hn::Add(t[1], t[5]), hn::Add(t[3], t[7])));
  }

  // LogOfSum of each row, where `log` is the logarithm of the sum.
  HWY_INLINE VD LogSums(VD sum, VD log) const {
    const F64 d;
    const VD log_sum =
        hn::Add(LogDivisors(hn::PromoteTo(d, Lower(offset))), log);
    if (HWY_LIKELY(hn::AllFalse(d, MayBeOne(sum)))) return log_sum;
    return UnlessOne(max, offset, sum, log_sum);
  }

  HWY_INLINE void Store(const Four& results, float* to, size_t stride) const {
    const Four v = TransposeBlocks(results);
    const size_t count = NumVectors();
    StoreFirst(v.a, to, SizeOf(0));
    if (count > 1) StoreFirst(v.b, to + PlaceOf(1, stride), SizeOf(1));
    if (count > 2) StoreFirst(v.c, to + PlaceOf(2, stride), SizeOf(2));
    if (count > 3) StoreFirst(v.d, to + PlaceOf(3, stride), SizeOf(3));
  }
  // For each row, the element in the lane of `is_there`, or +0 if there is no
  // such lane.
  template <class Masks>
  HWY_INLINE VF Pick(const Masks& is_there, const Four& v) const {
    const F32 d;
    VF picked = hn::Or(hn::Or(hn::IfThenElseZero(is_there[0], v.a),
                              hn::IfThenElseZero(is_there[1], v.b)),
                       hn::Or(hn::IfThenElseZero(is_there[2], v.c),
                              hn::IfThenElseZero(is_there[3], v.d)));
    picked = hn::Or(picked, hn::ConcatLowerUpper(d, picked, picked));
    return HasTwo() ? hn::Or(picked, hn::Shuffle2301(picked)) : picked;
  }

  // A number per row.
  template <typename T>
  HWY_INLINE void StoreLanes(const T* lanes, T* to) const {
    to[0] = lanes[0];
    if (rows_ > 1) to[1] = lanes[HasTwo() ? 2 : 1];
    if (rows_ > 2) to[2] = lanes[2];
    if (rows_ > 3) to[3] = lanes[3];
  }

  // In both halves of a vector.
  template <class V>
  static HWY_INLINE VF Twice(V half) {
    return hn::Combine(F32(), half, half);
  }

  Four x, e;       // the logits and exp values, transposed
  VF max, offset;  // a row per lane

 private:
  // log_sum, but the maximum where the sum is the maximum's exp value alone.
  static HWY_NOINLINE VD UnlessOne(VF max, VF offset, VD sum, VD log_sum) {
    constexpr const ScaleParts& parts = internal::kUnscaled;
    const F64 d;
    const SoftmaxExp exp = MakeExp(offset, parts);
    const VD top = hn::PromoteTo(d, Lower(exp(max)));
    const VD top_only = hn::PromoteTo(d, Lower(max));
    return hn::IfThenElse(hn::Eq(sum, top), top_only, log_sum);
  }
  // The place and the number of elements of vector k.
  HWY_INLINE size_t PlaceOf(size_t k, size_t stride) const {
    return HasTwo() ? k / 2 * stride + k % 2 * kLanes : k * stride;
  }
  HWY_INLINE size_t SizeOf(size_t k) const {
    if (k % 2 == 0) return HWY_MIN(n_, kLanes);
    return HasTwo() ? n_ - kLanes : n_;
  }
  HWY_INLINE size_t NumVectors() const { return HasTwo() ? 2 * rows_ : rows_; }
  // Whether a row takes two vectors.
  HWY_INLINE bool HasTwo() const { return n_ > kLanes; }

  const size_t rows_, n_;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_FEW_ROWS_INL_H_
