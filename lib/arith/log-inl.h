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
template <class V>
HWY_INLINE V LogLanes(V x) {
  const hn::DFromV<V> d;
  const hn::RebindToUnsigned<hn::DFromV<V>> du;
  constexpr uint64_t kSqrtHalf = 0x3FE6A09E667F3BCDu;
  constexpr uint64_t kBias = uint64_t{1024} << 52;
  const auto bits = hn::BitCast(du, x);
  // `biased` is k + 1024. `counted` is the double 2^52 + biased.
  const auto biased =
      hn::ShiftRight<52>(hn::Add(bits, hn::Set(du, kBias - kSqrtHalf)));
  const V counted =
      hn::BitCast(d, hn::Or(biased, hn::Set(du, uint64_t{0x433} << 52)));
  const V k = hn::Sub(counted, hn::Set(d, 0x1p52 + 1024.0));
  const V m = hn::BitCast(
      d, hn::Add(hn::Sub(bits, hn::ShiftLeft<52>(biased)), hn::Set(du, kBias)));
  const V one = hn::Set(d, 1.0);
  const V s = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const V s2 = hn::Mul(s, s);
  V tail = hn::Set(d, internal::kLogSeriesFirst);
  for (const double c : internal::kLogSeries) {
    tail = hn::Add(hn::Mul(tail, s2), hn::Set(d, c));
  }
  const V half = hn::Add(s, hn::Mul(hn::Mul(s, s2), tail));
  return hn::Add(hn::Mul(k, hn::Set(d, kLn2)), hn::Add(half, half));
}
HWY_INLINE double Log(double x) {
  return hn::GetLane(LogLanes(hn::Set(hn::CappedTag<double, 1>(), x)));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_LOG_INL_H_
