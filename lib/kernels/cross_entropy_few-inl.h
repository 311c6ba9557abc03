// SPDX-License-Identifier: Apache-2.0

// Cross-entropy of few short rows at once, for AVX2: see few_rows-inl.h.

#if defined(SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_FEW_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_FEW_INL_H_
#undef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_FEW_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_FEW_INL_H_
#endif

#include "arith/lane_rows-inl.h"
#include "arith/probability-inl.h"
#include "kernels/cross_entropy_loss-inl.h"
#include "kernels/few_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX2

bool FewLosses(const Rows<const float>& x, const Rows<float>& dx,
               const int32_t* labels, double upstream, double* losses) {
  const F64 d;
  const F32 df;
  FewRows few(x.rows, x.cols);
  few.Load(x.data, x.stride);
  if (HWY_UNLIKELY(!few.Exp())) return false;
  // The column of a label, from the first column of each vector.
  const __m128i half =
      x.cols <= kLanes
          ? _mm_setr_epi32(labels[0], labels[1], labels[2], labels[3])
          : _mm_setr_epi32(labels[0], labels[0] - 8, labels[1], labels[1] - 8);
  const I32 di;
  const VI label = VI{_mm256_broadcastsi128_si256(half)};
  const VI column = VI{_mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4)};
  using Mask = hn::Mask<F32>;
  const Mask is_label[4] = {
      hn::RebindMask(df, hn::Eq(label, column)),
      hn::RebindMask(df, hn::Eq(label, hn::Add(column, hn::Set(di, 1)))),
      hn::RebindMask(df, hn::Eq(label, hn::Add(column, hn::Set(di, 2)))),
      hn::RebindMask(df, hn::Eq(label, hn::Add(column, hn::Set(di, 3))))};
  const VD e_label = hn::PromoteTo(d, Lower(few.Pick(is_label, few.e)));
  const VD x_label = hn::PromoteTo(d, Lower(few.Pick(is_label, few.x)));
  const VD others = few.Sum({hn::IfThenZeroElse(is_label[0], few.e.a),
                             hn::IfThenZeroElse(is_label[1], few.e.b),
                             hn::IfThenZeroElse(is_label[2], few.e.c),
                             hn::IfThenZeroElse(is_label[3], few.e.d)});
  const VD sum = hn::Add(others, e_label);
  const VD unit = hn::Set(d, upstream);
  const VD factor = hn::Div(unit, sum);
  // False for NaN.
  const auto fits = hn::Le(hn::Abs(factor), hn::Set(d, kMaxFactor));
  const auto is_good = hn::And(fits, hn::Eq(sum, sum));
  if (HWY_UNLIKELY(!hn::AllTrue(d, is_good))) return false;
  if (losses != nullptr) {
    const LaneLabelLoss loss(others, e_label);
    const VD log = LogLanes(loss.OfLog(sum));
    const VD usual = hn::Sub(few.LogSums(sum, log), x_label);
    HWY_ALIGN double all[4];
    hn::Store(loss.WithSeries(loss.Of(log, usual)), d, all);
    few.StoreLanes(all, losses);
  }
  if (dx.data == nullptr) return true;
  const VD minus_others = hn::Sub(hn::Set(d, 0.0), others);
  const auto gradient_half =
      hn::DemoteTo(hn::Half<F32>(), hn::Mul(unit, hn::Div(minus_others, sum)));
  const VF of_label = few.Twice(gradient_half);
  const LaneReciprocals factors(factor, factor, sum, sum);
  const Probabilities gradient(factors.head, factors.rest, factors.least);
  const Four v = gradient(few.e);
  few.Store({hn::IfThenElse(is_label[0], of_label, v.a),
             hn::IfThenElse(is_label[1], of_label, v.b),
             hn::IfThenElse(is_label[2], of_label, v.c),
             hn::IfThenElse(is_label[3], of_label, v.d)},
            dx.data, dx.stride);
  return true;
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_FEW_INL_H_
