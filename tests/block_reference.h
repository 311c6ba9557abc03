// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_BLOCK_REFERENCE_H_
#define SOFTLANE_TESTS_BLOCK_REFERENCE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "../lib/arith/exp_coefficients.h"
#include "../lib/arith/plan.h"
#include "reference.h"
#include "row_model.h"

// The bits of softmax and log-softmax of a row of finite or -inf logits: slow,
// and without a schedule.

namespace softlane {

class BlockReference {
 public:
  BlockReference(const std::vector<float>& x, float scale) {
    const size_t n = x.size();
    const internal::ScaleParts parts = internal::SplitScale(scale);
    probs =
        ModelProbabilities(x.data(), n, ModelRowSum(x.data(), n, scale), scale);
    const ModelRow row =
        ModelRowSum(x.data(), n, scale, -kInf, ~size_t{0}, true);
    const internal::RowPlan& plan = row.plan;
    const double log = row.sum == ModelExp(plan, parts)(plan.max)
                           ? plan.scaled_max - plan.scaled_shift
                           : plan.log_divisor + Log(row.sum);
    const float high = static_cast<float>(log);
    const float low = static_cast<float>(log - high);
    // A difference of halves cannot overflow.
    const bool has_shift = plan.shift != 0.0;
    const float share = has_shift && scale < 1.0f ? 0.5f : 1.0f;
    const float minus_shift = static_cast<float>(-share * plan.shift);
    for (const float v : x) {
      const float d = has_shift ? ReferenceFma(v, share, minus_shift) : v;
      const float rounded = ReferenceFma(d, scale / share, -high) - low;
      log_probs.push_back(std::min(rounded, 0.0f));
    }
  }

  std::vector<float> probs, log_probs;

 private:
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
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_BLOCK_REFERENCE_H_
