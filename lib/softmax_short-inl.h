// SPDX-License-Identifier: Apache-2.0

// Softmax of short rows, a row in one vector or a few, whose maxima are
// guessed. Four rows are worked on at a time, a vector of each.

#if defined(SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
#endif

#include "four_rows-inl.h"
#include "guessed_groups-inl.h"
#include "max-inl.h"
#include "window_numerators-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Longer rows are faster one after the other: ns per element in a group and one
// after the other on Zen 5, with AVX-512 0.127 and 0.177 at 64 x 128, 0.155 and
// 0.154 at 64 x 176, 0.154 and 0.133 at 64 x 192; with AVX2 0.229 and 0.245 at
// 64 x 176, 0.230 and 0.215 at 64 x 192. With NEON not measured.
constexpr size_t kMaxShortCols = kLanes == 4 ? 128 : 191;

// The logits of a group's rows as they are.
struct RowLogits {
  HWY_INLINE void SetRows(size_t, size_t) {}
  // Vectors at element i of rows r to r + 3, and their first `count` elements.
  HWY_INLINE Four Load(const float* const* rows, size_t r, size_t i) const {
    return LoadRows(rows + r, i);
  }
  HWY_INLINE Four LoadFirst(const float* const* rows, size_t r, size_t i,
                            size_t count, VF fill) const {
    return LoadRowsFirst(rows + r, i, count, fill);
  }
};

template <class Logits>
class ShortGroup {
 public:
  HWY_INLINE ShortGroup(const ScaleParts& parts, const Logits& logits)
      : parts_(parts), logits_(logits) {}

  HWY_INLINE void SetRows(const Rows<const float>& x, const Rows<float>& y,
                          size_t first, size_t count) {
    rows_.Set(x, y, first, count);
    logits_.SetRows(first, count);
  }

  HWY_INLINE bool FindOctaves(size_t n) {
    HWY_ALIGN float lanes[kLanes * kLanes];
    const Larger larger;
    const VF lowest = Set(-kInfinity);
    Four max = Repeat<Four>(lowest);
    for (size_t r = 0; r < kLanes; r += 4) {
      if (r != 0 && r >= rows_.count) {  // the last four again
        StoreFour(max, lanes + r * kLanes, kLanes);
        continue;
      }
      max = Repeat<Four>(lowest);
      size_t i = 0;
      for (; n - i >= kLanes; i += kLanes) {
        max = Map(larger, max, logits_.Load(rows_.from, r, i));
      }
      if (i != n) {
        max = Map(larger, max,
                  logits_.LoadFirst(rows_.from, r, i, n - i, lowest));
      }
      StoreFour(max, lanes + r * kLanes, kLanes);
    }
    const VF maxima = FoldRows(F32(), StoredRows<F32>{lanes}, larger);
    VF offset;
    const bool direct = FindOffset(maxima, parts_, offset);
    first_octaves_ = hn::GetLane(offset) + static_cast<float>(kHeadroom);
    magic_.SetAll(SoftmaxExp::Magic(offset));
    lowest_.SetAll(Lowest(offset, parts_));
    return direct;
  }
  HWY_INLINE float FirstOctaves() const { return first_octaves_; }

  HWY_INLINE void SumNumerators(size_t n) {
    const VF zero = Set(0.0f);
    const SoftmaxExp exp(Set(parts_.l_hi), Set(parts_.l_lo), zero, zero);
    Sum(n, [&](size_t r) HWY_ATTR {
      return ExpOfRows{exp, lowest_[r], magic_[r]};
    });
    may_have_tiny_ = true;
  }

  template <bool kHasMasked>
  HWY_NOINLINE bool SumInWindow(size_t n, const Window& window) {
    const SoftmaxExp exp = window.Exp(parts_);
    LaneWindow lanes;
    // An element of the window.
    const VF guess =
        Set((window.offset - (kWindowTop - kGuessedPeak)) * parts_.inverse_l);
    const ExpOfWindow<kHasMasked> term{exp, lanes, guess};
    Sum(n, [&](size_t) HWY_ATTR -> const ExpOfWindow<kHasMasked>& {
      return term;
    });
    may_have_tiny_ = !AreUsual(sums_);
    return lanes.IsInside();
  }
  HWY_INLINE const double* Sums() const { return sums_; }

  HWY_INLINE void EndSums() {
    const GroupReciprocal reciprocal(hn::Load(F64(), sums_),
                                     hn::Load(F64(), sums_ + kLanes / 2));
    head_.SetAll(reciprocal.head);
    rest_.SetAll(reciprocal.rest);
    least_.SetAll(reciprocal.least);
  }

  HWY_INLINE void Write(size_t n) {
    may_have_tiny_ ? WriteQuotients<true>(n) : WriteQuotients<false>(n);
  }

 private:
  // Of four rows that have a maximum each.
  struct ExpOfRows {
    HWY_INLINE Four operator()(const Four& x) const {
      return exp(x, lowest, magic);
    }
    // What stands in for elements that a row does not have.
    static HWY_INLINE VF Fill() { return Set(0.0f); }

    const SoftmaxExp& exp;
    Four lowest, magic;
  };
  // Of rows that have a window together.
  template <bool kHasMasked>
  struct ExpOfWindow {
    HWY_INLINE Four operator()(const Four& x) const {
      return ExpInWindow<kHasMasked>(x, exp, lanes);
    }
    HWY_INLINE VF Fill() const { return inside; }

    const SoftmaxExp& exp;
    LaneWindow& lanes;
    VF inside;
  };

  // Numerators of four rows, which are written on the way.
  template <class Exp>
  struct Terms {
    HWY_INLINE Four operator()(size_t i) const {
      if (n - i >= kLanes) {
        const Four result = exp(logits.Load(from, r, i));
        StoreFour(result, to + i, kStride);
        return result;
      }
      const Four result = exp(logits.LoadFirst(from, r, i, n - i, exp.Fill()));
      StoreFour(result, to + i, kStride);
      return Map([&](VF v) HWY_ATTR { return KeepFirst(v, n - i); }, result);
    }

    const Exp& exp;
    const Logits& logits;
    const float* const* from;
    size_t r;
    float* to;
    size_t n;
  };

  // exp_of(r) gives the exponentials of rows r to r + 3.
  template <class ExpOf>
  HWY_INLINE void Sum(size_t n, const ExpOf& exp_of) {
    FourRowSums sums;
    for (size_t r = 0; r < kLanes; r += 4) {
      if (r != 0 && r >= rows_.count) {
        sums.CopyFour(r);
        continue;
      }
      const auto& exp = exp_of(r);
      using Exp = std::decay_t<decltype(exp)>;
      const Terms<Exp> term{
          exp, logits_, rows_.from, r, numerators_ + r * kStride, n};
      sums.Sum(r, n, term);
    }
    hn::Store(sums.LowerRows(), F64(), sums_);
    hn::Store(sums.UpperRows(), F64(), sums_ + kLanes / 2);
  }

  template <bool kHasTiny>
  HWY_INLINE void WriteQuotients(size_t n) {
    for (size_t r = 0; r < rows_.count; r += 4) {
      const Four head = head_[r];
      const Four rest = rest_[r];
      const Four least = least_[r];
      const auto quotients = [&](size_t i) HWY_ATTR {
        const Four v = LoadFour(numerators_ + r * kStride + i, kStride);
        const auto quotient = [](VF v, VF head, VF rest, VF least) HWY_ATTR {
          if constexpr (kHasTiny) return Quotient(v, head, rest, least);
          return NotTinyQuotient(v, head, rest);
        };
        return Map(quotient, v, head, rest, least);
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

  // Not a power of two, which would let stores and loads of different rows meet
  // in the last 12 bits of their addresses.
  static constexpr size_t kStride = 192 + 16;
  static_assert(kMaxShortCols + kLanes - 1 <= kStride, "a row's vectors");

  const ScaleParts& parts_;
  Logits logits_;
  GroupRows rows_;
  RowValues magic_, lowest_, head_, rest_, least_;
  float first_octaves_ = 0.0f;
  bool may_have_tiny_ = true;
  HWY_ALIGN double sums_[kLanes];
  HWY_ALIGN float numerators_[kLanes * kStride];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_SOFTMAX_SHORT_INL_H_
