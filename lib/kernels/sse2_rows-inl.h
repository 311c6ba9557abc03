// SPDX-License-Identifier: Apache-2.0

// Passes of the x86-64 baseline over one row: exp values and their sum, and
// probabilities.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_
#endif

#include "arith/row_exp-inl.h"
#include "arith/sse2-inl.h"
#include "arith/sse2_softmax_exp-inl.h"
#include "arith/sse2_sum-inl.h"
#include "kernels/large_sum-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Computes the exp values of arguments by SoftFma if there is a tie.
HWY_NOINLINE void CheckTies(const float* from, float* to, size_t n,
                            const RowPlan& plan, const ScaleParts& parts) {
  if (!HasTies(from, n, plan.offset, parts)) return;
  const SoftmaxExp exp = MakeExp(plan, parts);
  for (size_t i = 0; i < n; ++i) Store(exp(Load(from + i)), to + i);
}

HWY_INLINE WideRow WideRowOf(const RowPlan& plan, const ScaleParts& parts) {
  return WideRow(plan.offset,
                 internal::LowestOf(static_cast<float>(plan.offset), parts));
}

// Exp values of a row, by blocks of 64.
class RowExp {
 public:
  HWY_INLINE RowExp(const RowPlan& plan, const ScaleParts& parts)
      : scale_(parts),
        row_(WideRowOf(plan, parts)),
        shift_(_mm_set1_ps(static_cast<float>(plan.shift))),
        unit_(_mm_set1_ps(static_cast<float>(plan.unit))),
        may_have_ties_(MayHaveTies(parts)),
        plan_(plan),
        parts_(parts) {}

  // Of 1 to 64 logits. `to` may be the place of 64; else it has room for 64,
  // and gets +0 behind the last exp value, up to a whole number of vectors,
  // which is the result.
  HWY_INLINE size_t Block(const float* x, size_t n, float* to) const {
    HWY_ALIGN float arguments[kSumBlock], rest[kStep];
    const float* from = x;
    if (HWY_UNLIKELY(!plan_.as_is || (may_have_ties_ && x == to))) {
      Copy(arguments, CopyFilled(x, n, 0.0f, arguments));
      from = arguments;
    }
    const size_t i = n / kStep * kStep;
    for (size_t k = 0; k < i; k += kStep) {
      ExpStep<kSideBySide, 0>(from + k, to + k, scale_, &row_);
    }
    size_t vectors = i / 4;
    if (HWY_UNLIKELY(i != n)) {
      const size_t count = CopyFilled(from + i, n - i, -kInfinity, rest);
      size_t k = 0;
      for (; count - k >= 2; k += 2) {
        ExpStep<2, 0>(rest + 4 * k, to + i + 4 * k, scale_, &row_);
      }
      if (k != count) {
        ExpStep<1, 0>(rest + 4 * k, to + i + 4 * k, scale_, &row_);
      }
      vectors += count;
    }
    if (may_have_ties_) CheckTies(from, to, n, plan_, parts_);
    return vectors;
  }

 private:
  // The arguments of the exponential, in place: see Shifted.
  HWY_INLINE void Copy(float* x, size_t vectors) const {
    for (size_t k = 0; k < vectors; ++k) {
      const __m128 v = _mm_load_ps(x + 4 * k);
      const __m128 shifted = _mm_mul_ps(_mm_sub_ps(v, shift_), unit_);
      _mm_store_ps(x + 4 * k, plan_.as_is ? v : shifted);
    }
  }

  const WideScale scale_;
  const WideRow row_;
  const __m128 shift_, unit_;
  const bool may_have_ties_;
  const RowPlan& plan_;
  const ScaleParts& parts_;
};

// Adds the exp values of n logits to a sum. Those of full blocks go to `to`, if
// it is not null, and the others to `last`, which has room for a block.
template <bool kInDouble>
HWY_NOINLINE void AddExp(const float* x, float* to, size_t n,
                         const RowPlan& plan, const ScaleParts& parts,
                         float* last, WideSum<kInDouble>& result) {
  const RowExp exp(plan, parts);
  WideSum<kInDouble> sum = result;
  for (size_t i = 0; i < n; i += kSumBlock) {
    const size_t count = HWY_MIN(kSumBlock, n - i);
    float* const e = count == kSumBlock && to != nullptr ? to + i : last;
    const size_t vectors = exp.Block(x + i, count, e);
    if (HWY_LIKELY(count == kSumBlock)) {
      sum.AddBlock(e);
    } else {
      sum.Add(e, vectors);
    }
  }
  result = sum;
}
template <bool kInDouble>
HWY_INLINE double SumExp(const float* x, float* to, size_t n,
                         const RowPlan& plan, const ScaleParts& parts,
                         float* last) {
  WideSum<kInDouble> sum;
  AddExp(x, to, n, plan, parts, last, sum);
  return sum.Total();
}

// SumLargeRow of large_sum-inl.h. `last` has room for a block.
HWY_INLINE LargeSum SumLargeRow4s(const float* x, size_t n,
                                  const ScaleParts& parts, float* last) {
  return SumByBlocks<WideSum<false>>(
      x, n, parts,
      [](const float* block, size_t count)
          HWY_ATTR { return MaxOf4s(block, count); },
      [&](const RowPlan& plan, size_t start, size_t count, WideSum<false>& sum)
          HWY_ATTR {
            AddExp(x + start, nullptr, count, plan, parts, last, sum);
          });
}

// Probabilities of a row, from its sum.
class WideProbabilities {
 public:
  HWY_INLINE explicit WideProbabilities(const Reciprocal& r)
      : WideProbabilities(_mm_set1_pd(r.head), _mm_set1_ps(r.rest),
                          _mm_set1_ps(r.least)) {}
  // The same in all lanes.
  HWY_INLINE WideProbabilities(__m128d head, __m128 rest, __m128 least)
      : head_(head), rest_(rest), least_(least) {}

  // The product with a head of 5 bits has 29, and the one with the rest 24.
  // Their sum is exact in double unless they are more than 26 octaves apart.
  HWY_INLINE bool AreExact() const {
    return AreExact(head_, _mm_cvtps_pd(rest_));
  }
  // Of two rows. No branch on the sign of a rest, which is random.
  static HWY_INLINE bool AreExact(__m128d head, __m128d rest) {
    const __m128d size = _mm_andnot_pd(_mm_set1_pd(-0.0), rest);
    const __m128d least = _mm_mul_pd(head, _mm_set1_pd(0x1p-26));
    const __m128d is_exact = _mm_or_pd(_mm_cmpge_pd(size, least),
                                       _mm_cmpeq_pd(rest, _mm_setzero_pd()));
    return _mm_movemask_pd(is_exact) == 3;
  }

  HWY_INLINE __m128 operator()(__m128 e) const {
    const __m128 kept = _mm_andnot_ps(_mm_cmplt_ps(e, least_), e);
    const __m128 low = _mm_mul_ps(kept, rest_);
    return Narrow(Add(kept, low), Add(UpperTwo(kept), UpperTwo(low)));
  }

  // By SoftFma.
  HWY_NOINLINE void Exactly(const float* e, float* probs, size_t n) const {
    const Probabilities exact(
        Reciprocal{static_cast<float>(_mm_cvtsd_f64(head_)),
                   _mm_cvtss_f32(rest_), _mm_cvtss_f32(least_)});
    for (size_t i = 0; i < n; ++i) Store(exact(Load(e + i)), probs + i);
  }

 private:
  HWY_INLINE __m128d Add(__m128 e, __m128 low) const {
    return _mm_add_pd(_mm_mul_pd(_mm_cvtps_pd(e), head_), _mm_cvtps_pd(low));
  }

  __m128d head_;
  __m128 rest_, least_;
};

// probs = e / sum, for probabilities that are exact.
HWY_INLINE void DivideByExact(const float* e, float* probs, size_t n,
                              const WideProbabilities& probabilities) {
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    const __m128 first = probabilities(_mm_loadu_ps(e + i));
    const __m128 second = probabilities(_mm_loadu_ps(e + i + 4));
    _mm_storeu_ps(probs + i, first);
    _mm_storeu_ps(probs + i + 4, second);
  }
  if (n - i >= 4) {
    _mm_storeu_ps(probs + i, probabilities(_mm_loadu_ps(e + i)));
    i += 4;
  }
  if (i != n) {
    StoreSome4(probs + i, probabilities(LoadSome(e + i, n - i, 0.0f)), n - i);
  }
}
// The same, for any.
HWY_INLINE void DivideExp(const float* e, float* probs, size_t n,
                          const WideProbabilities& probabilities) {
  if (HWY_UNLIKELY(!probabilities.AreExact())) {
    return probabilities.Exactly(e, probs, n);
  }
  DivideByExact(e, probs, n, probabilities);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_
