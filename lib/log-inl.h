// SPDX-License-Identifier: Apache-2.0

// The logarithm of a row's sum: once a row, so in double and without a libm,
// whose last bit may differ from one system to the next.

#if defined(SOFTLANE_LIB_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_LOG_INL_H_
#undef SOFTLANE_LIB_LOG_INL_H_
#else
#define SOFTLANE_LIB_LOG_INL_H_
#endif

#include "exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// log(x) for a normal positive x, within 2^-48 max(1, |log(x)|): with x = m 2^k
// and m in [sqrt(1/2), sqrt(2)], log(m) = 2 atanh(s), s = (m - 1) / (m + 1).
// The series in s^2 <= 0.0295 ends where a term is below 2^-51.
HWY_INLINE double Log(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  constexpr uint64_t kSqrtHalf = 0x3FE6A09E667F3BCDu;
  const int64_t octaves =
      static_cast<int64_t>(bits - kSqrtHalf) >> 52;  // floor
  bits -= static_cast<uint64_t>(octaves) << 52;
  double m;
  std::memcpy(&m, &bits, sizeof(m));
  const double s = (m - 1.0) / (m + 1.0);
  const double s2 = s * s;
  double tail = 1.0 / 19.0;
  tail = tail * s2 + 1.0 / 17.0;
  tail = tail * s2 + 1.0 / 15.0;
  tail = tail * s2 + 1.0 / 13.0;
  tail = tail * s2 + 1.0 / 11.0;
  tail = tail * s2 + 1.0 / 9.0;
  tail = tail * s2 + 1.0 / 7.0;
  tail = tail * s2 + 1.0 / 5.0;
  tail = tail * s2 + 1.0 / 3.0;
  const double log_m = 2.0 * (s + s * s2 * tail);
  return static_cast<double>(octaves) * kLn2 + log_m;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_LOG_INL_H_
