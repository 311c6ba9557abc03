// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_REFERENCE_H_
#define SOFTLANE_TESTS_REFERENCE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

// The oracles in double, and the error of a float against an oracle.

namespace softlane {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

inline uint32_t BitsOf(float f) {
  uint32_t bits;
  std::memcpy(&bits, &f, sizeof(bits));
  return bits;
}
inline float FromBits(uint32_t bits) {
  float f;
  std::memcpy(&f, &bits, sizeof(f));
  return f;
}

// a * b + c, rounded once. The C library of MinGW-w64 rounds twice, so the CPU
// does it there; tests on Windows need one with FMA.
#if defined(_WIN32) && defined(__x86_64__)
__attribute__((target("fma"))) inline float ReferenceFma(float a, float b,
                                                         float c) {
  return __builtin_fmaf(a, b, c);
}
#else
inline float ReferenceFma(float a, float b, float c) {
  return std::fma(a, b, c);
}
#endif

// Same bits, or both NaN.
inline bool SameBits(float a, float b) {
  return BitsOf(a) == BitsOf(b) || (a != a && b != b);
}

inline bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!SameBits(a[i], b[i])) return false;
  }
  return true;
}

// |got - want| in units in the last place of a float the size of `want`.
inline double UlpError(float got, double want) {
  if (std::isnan(want)) return got != got ? 0.0 : HUGE_VAL;
  if (std::isinf(want) || std::isinf(got)) {
    // Above the largest float by half a unit or more, a float rounds to
    // infinity.
    const bool overflows = std::abs(want) >= 0x1.ffffffp127;
    return overflows && std::isinf(got) && (got > 0) == (want > 0) ? 0.0
                                                                   : HUGE_VAL;
  }
  // The exponent is read from the bits: the longest tests spend their time
  // here.
  uint64_t bits;
  std::memcpy(&bits, &want, sizeof(bits));
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF) - 1023;
  const int ulp_exponent = std::max(exponent - 23, -149);
  bits = static_cast<uint64_t>(1023 - ulp_exponent) << 52;
  double ulps_per_unit;
  std::memcpy(&ulps_per_unit, &bits, sizeof(bits));
  return std::abs(static_cast<double>(got) - want) * ulps_per_unit;
}

// Neumaier's compensated sum: A. Neumaier, ZAMM 54, 1974.
class CompensatedSum {
 public:
  void Add(double term) {
    const double sum = sum_ + term;
    carry_ += std::abs(sum_) >= std::abs(term) ? (sum_ - sum) + term
                                               : (term - sum) + sum_;
    sum_ = sum;
  }
  double Total() const { return sum_ + carry_; }

 private:
  double sum_ = 0.0;
  double carry_ = 0.0;
};

struct SoftmaxReference {
  std::vector<double> probs;
  double logsumexp;
};

// For rows without NaN and +inf and with at least one finite element.
inline SoftmaxReference ReferenceSoftmax(const float* x, size_t n,
                                         float scale) {
  const double max = *std::max_element(x, x + n);
  SoftmaxReference result;
  CompensatedSum sum;
  for (size_t i = 0; i < n; ++i) {
    const double e = std::exp(double{scale} * (double{x[i]} - max));
    result.probs.push_back(e);
    sum.Add(e);
  }
  for (double& p : result.probs) p /= sum.Total();
  result.logsumexp = double{scale} * max + std::log(sum.Total());
  return result;
}

struct LogSoftmaxReference {
  std::vector<double> log_probs;
  double logsumexp;
};

// For the same rows; the log-probability of -inf is -inf.
inline LogSoftmaxReference ReferenceLogSoftmax(const float* x, size_t n,
                                               float scale) {
  const double max = *std::max_element(x, x + n);
  LogSoftmaxReference result;
  CompensatedSum sum;
  for (size_t i = 0; i < n; ++i) {
    result.log_probs.push_back(double{scale} * (double{x[i]} - max));
    sum.Add(std::exp(result.log_probs.back()));
  }
  const double log_sum = std::log(sum.Total());
  for (double& l : result.log_probs) l -= log_sum;
  result.logsumexp = double{scale} * max + log_sum;
  return result;
}

// |got - want| over max(1, |want|), for what may be beyond the floats.
inline double LogError(float got, double want) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  if (got != got) return HUGE_VAL;
  if (std::isinf(got)) {  // an error of 2^-22 may take it there
    return std::abs(want) >= kLargest * (1 - 0x1p-22) && (got > 0) == (want > 0)
               ? 0.0
               : HUGE_VAL;
  }
  if (std::isinf(want)) return HUGE_VAL;
  return std::abs(got - want) / std::max(1.0, std::abs(want));
}

// scale p (dp - dot), and what its error is measured against.
struct BackwardReference {
  std::vector<double> dlogits;
  std::vector<double> magnitude;  // scale |p| (|dp| + sum |p dp|)
};

inline BackwardReference ReferenceBackward(const float* p, const float* dp,
                                           size_t n, float scale) {
  CompensatedSum dot, total;
  for (size_t i = 0; i < n; ++i) {
    const double term = double{p[i]} * double{dp[i]};
    dot.Add(term);
    total.Add(std::abs(term));
  }
  BackwardReference result;
  for (size_t i = 0; i < n; ++i) {
    const double scaled = double{scale} * double{p[i]};
    result.dlogits.push_back(scaled * (double{dp[i]} - dot.Total()));
    result.magnitude.push_back(std::abs(scaled) *
                               (std::abs(double{dp[i]}) + total.Total()));
  }
  return result;
}

// The largest value offered, and a text that says where it was.
struct Worst {
  template <class Describe>
  void Offer(double error, const Describe& describe) {
    if (!(error <= value)) {  // NaN too
      value = error;
      where = describe();
    }
  }
  double value = -1.0;
  std::string where = "nothing was measured";
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_REFERENCE_H_
