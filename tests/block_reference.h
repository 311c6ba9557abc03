// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_BLOCK_REFERENCE_H_
#define SOFTLANE_TESTS_BLOCK_REFERENCE_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "../lib/arith/exact_sum.h"
#include "../lib/arith/exp_coefficients.h"
#include "../lib/arith/plan.h"
#include "reference.h"

// The bits of a row of finite or -inf logits, one element after another: slow,
// and without a schedule. The row's maximum is within the direct limit.

namespace softlane {

class BlockReference {
 public:
  BlockReference(const std::vector<float>& x, float scale)
      : parts_(internal::SplitScale(scale)) {
    const float max = *std::max_element(x.begin(), x.end());
    const internal::RowPlan plan = internal::PlanRow(max, parts_);
    const float offset = static_cast<float>(plan.offset);
    const internal::Reciprocal r =
        internal::ReciprocalOf(SumOf(x, plan, false));
    for (const float v : x) {
      float e = ExpOf(v, offset);
      if (e < r.least) e = 0.0f;
      probs.push_back(ReferenceFma(e, r.head, ReferenceFma(e, r.rest, 0.0f)));
    }
    const double sum = SumOf(x, plan, true);
    const double log = sum == ExpOf(max, offset) ? plan.scaled_max
                                                 : plan.log_divisor + Log(sum);
    const float high = static_cast<float>(log);
    const float low = static_cast<float>(log - high);
    for (const float v : x) {
      const float rounded = ReferenceFma(v, scale, -high) - low;
      log_probs.push_back(std::min(rounded, 0.0f));
    }
  }

  std::vector<float> probs, log_probs;

 private:
  float ExpOf(float x, float offset) const {
    using internal::kSoftmaxC1;
    using internal::kSoftmaxC2;
    using internal::kSoftmaxC3;
    const float argument = x * static_cast<float>(parts_.unit);
    if (argument < internal::LowestOf(offset, parts_)) return 0.0f;
    const float magic = internal::kMagic - offset;
    const float eighths = ReferenceFma(argument, parts_.l_hi, magic);
    float f = ReferenceFma(-argument, parts_.l_hi, eighths - magic);
    f = ReferenceFma(-argument, parts_.l_lo, f);
    float p = ReferenceFma(kSoftmaxC3, f, kSoftmaxC2);
    p = ReferenceFma(-p, f, kSoftmaxC1) * f;
    constexpr internal::ExpTable kTable =
        internal::PowerTable(internal::kSoftmaxPowers);
    const uint32_t k = BitsOf(eighths);
    const float power = FromBits(kTable.entries[k % 8] + (k << 20));
    return ReferenceFma(-power, p, power);
  }

  // In the order of LaneSum, of which fours are in float or in double.
  template <class T>
  double LaneSumOf(const float* x, size_t n, float offset) const {
    double lanes[8] = {};
    for (size_t i = 0; i < n; i += 64) {
      T e[64] = {};
      for (size_t k = 0; k < std::min<size_t>(64, n - i); ++k) {
        e[k] = ExpOf(x[i + k], offset);
      }
      const auto four = [&](size_t k) -> double {
        return (e[k] + e[k + 16]) + (e[k + 32] + e[k + 48]);
      };
      for (size_t j = 0; j < 8; ++j) lanes[j] += four(j) + four(j + 8);
    }
    for (size_t half = 4; half != 0; half /= 2) {
      for (size_t j = 0; j < half; ++j) lanes[j] += lanes[j + half];
    }
    return lanes[0];
  }
  double LaneSumOf(const float* x, size_t n, float offset,
                   bool in_double) const {
    return in_double ? LaneSumOf<double>(x, n, offset)
                     : LaneSumOf<float>(x, n, offset);
  }

  double SumOf(const std::vector<float>& x, const internal::RowPlan& plan,
               bool in_double) const {
    using internal::kSumCols;
    if (x.size() <= kSumCols) {
      const float offset = static_cast<float>(plan.offset);
      return LaneSumOf(x.data(), x.size(), offset, in_double);
    }
    internal::ExactSum sum;
    for (size_t i = 0; i < x.size(); i += kSumCols) {
      const float* const block = x.data() + i;
      const size_t n = std::min(kSumCols, x.size() - i);
      const float max = *std::max_element(block, block + n);
      const double octaves =
          internal::RoundToInteger(max * parts_.unit * parts_.l_hi);
      const double offset = octaves - internal::kHeadroom;
      // Far beyond the direct limit, and below all that a sum may keep.
      if (!(offset > plan.offset - 1000.0)) continue;
      const double s =
          LaneSumOf(block, n, static_cast<float>(offset), in_double);
      internal::AddBlockSum(s, static_cast<int64_t>(offset), sum);
    }
    return internal::TotalOf(sum, static_cast<int64_t>(plan.offset));
  }

  // The formula of log-inl.h.
  static double Log(double x) {
    constexpr uint64_t kBias = uint64_t{1024} << 52;
    uint64_t bits;
    std::memcpy(&bits, &x, sizeof(bits));
    const uint64_t biased = (bits + (kBias - 0x3FE6A09E667F3BCDu)) >> 52;
    bits = bits - (biased << 52) + kBias;
    double m;
    std::memcpy(&m, &bits, sizeof(m));
    const double s = (m - 1.0) / (m + 1.0), s2 = s * s;
    double tail = internal::kLogSeriesFirst;
    for (const double c : internal::kLogSeries) tail = tail * s2 + c;
    const double half = s + s * s2 * tail;
    return (static_cast<double>(biased) - 1024.0) * internal::kLn2 +
           (half + half);
  }

  const internal::ScaleParts parts_;
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_BLOCK_REFERENCE_H_
