// SPDX-License-Identifier: Apache-2.0

// The logarithm of a row's sum. It is computed in double, since there is only
// one per row. A libm is not used: its last bit differs between systems.

#if defined(SOFTLANE_LIB_ARITH_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_LOG_INL_H_
#undef SOFTLANE_LIB_ARITH_LOG_INL_H_
#else
#define SOFTLANE_LIB_ARITH_LOG_INL_H_
#endif

#include "arith/exp-inl.h"
#include "arith/exp_coefficients.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// log(x) for a normal positive x, within 2^-48 max(1, |log(x)|). With x = m 2^k
// and m in [sqrt(1/2), sqrt(2)], log(m) is 2 atanh(s), s = (m - 1) / (m + 1).
// The series in s^2 <= 0.0295 ends where a term is below 2^-51. For any other x
// the result is unspecified.
//
// Computes the logarithms of several vectors, whose steps alternate, because a
// step of a series waits for the step before it.
template <size_t kCount, class V>
HWY_INLINE void LogsOf(V (&x)[kCount]) {
  const hn::DFromV<V> d;
  const hn::RebindToUnsigned<hn::DFromV<V>> du;
  constexpr uint64_t kSqrtHalf = 0x3FE6A09E667F3BCDu;
  constexpr uint64_t kBias = uint64_t{1024} << 52;
  V k[kCount], s[kCount], s2[kCount], tail[kCount];
  HWY_UNROLL(4)
  for (size_t i = 0; i < kCount; ++i) {
    const auto bits = hn::BitCast(du, x[i]);
    // `biased` is k + 1024. `counted` is the double 2^52 + biased.
    const auto biased =
        hn::ShiftRight<52>(hn::Add(bits, hn::Set(du, kBias - kSqrtHalf)));
    const V counted =
        hn::BitCast(d, hn::Or(biased, hn::Set(du, uint64_t{0x433} << 52)));
    k[i] = hn::Sub(counted, hn::Set(d, 0x1p52 + 1024.0));
    const V m = hn::BitCast(d, hn::Add(hn::Sub(bits, hn::ShiftLeft<52>(biased)),
                                       hn::Set(du, kBias)));
    const V one = hn::Set(d, 1.0);
    s[i] = hn::Div(hn::Sub(m, one), hn::Add(m, one));
    s2[i] = hn::Mul(s[i], s[i]);
    tail[i] = hn::Set(d, internal::kLogSeriesFirst);
  }
  for (const double c : internal::kLogSeries) {
    HWY_UNROLL(4)
    for (size_t i = 0; i < kCount; ++i) {
      tail[i] = hn::Add(hn::Mul(tail[i], s2[i]), hn::Set(d, c));
    }
  }
  HWY_UNROLL(4)
  for (size_t i = 0; i < kCount; ++i) {
    const V half = hn::Add(s[i], hn::Mul(hn::Mul(s[i], s2[i]), tail[i]));
    x[i] = hn::Add(hn::Mul(k[i], hn::Set(d, kLn2)), hn::Add(half, half));
  }
}
template <class V>
HWY_INLINE V LogLanes(V x) {
  V only[1] = {x};
  LogsOf(only);
  return only[0];
}
HWY_INLINE double Log(double x) {
  return hn::GetLane(LogLanes(hn::Set(hn::CappedTag<double, 1>(), x)));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_LOG_INL_H_
