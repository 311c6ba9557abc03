// SPDX-License-Identifier: Apache-2.0
#include "kernels/cross_entropy_kernels.h"

namespace softlane {
namespace internal {

double DoubleShares::Of(size_t c) const noexcept {
  double share = smoothing_;
  if (targets_ != nullptr) share += target_share_ * double{targets_[c]};
  return weights_ == nullptr ? share : share * double{weights_[c]};
}

ShareSums DoubleShares::Sum(const float* x, float max,
                            ShareSums before) const noexcept {
  ShareSums sums = before;
  for (size_t c = 0; c < cols_; ++c) {
    // Makes the sums NaN unless the target is finite.
    if (targets_ != nullptr) sums.total += double{targets_[c]} * 0.0;
    const double share = Of(c);
    if (share == 0.0) continue;
    sums.total += share;
    sums.logits += share * (double{x[c]} - double{max});
  }
  return sums;
}

void DoubleShares::ReplaceExpValues(double unit, double ratio,
                                    float* dx) const noexcept {
  for (size_t c = 0; c < cols_; ++c) {
    // Adding 0 turns the -0 of a negative unit into +0.
    dx[c] = static_cast<float>(unit * (ratio * double{dx[c]} - Of(c)) + 0.0);
  }
}

}  // namespace internal
}  // namespace softlane
