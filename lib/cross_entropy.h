// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_CROSS_ENTROPY_H_
#define SOFTLANE_LIB_CROSS_ENTROPY_H_

#include <cstddef>
#include <cstdint>

#include "softlane/cross_entropy.h"

// Between the checks of CrossEntropy and its kernel.

namespace softlane {
namespace internal {

struct CrossEntropyCall {
  /// The label of row r; 0 with probability targets.
  int64_t Label(size_t r) const {
    if (labels64 != nullptr) return labels64[r];
    return labels32 != nullptr ? labels32[r] : 0;
  }

  Rows<const float> logits;
  bool has_labels;
  const int64_t* labels64;  // or null
  const int32_t* labels32;  // or null
  Rows<const float> targets;
  float* loss;
  Rows<float> dlogits;
  const CrossEntropyOptions* options;
  float* divisor;
  /// Whether label_smoothing and the class weights are 0 or at least 2^-40, and
  /// the scale is at most 2^60: then the products of these, and of logits, are
  /// no subnormal floats where they count.
  bool shares_fit_floats = true;
};

/// The shares q_c of a row in double, for rows whose shares, or whose factors
/// of the gradient, floats do not hold. One class at a time: such rows are
/// rare.
class DoubleShares {
 public:
  /// `targets` may be null: then each q_c is the part that all classes share.
  /// `smoothing` is label_smoothing / cols.
  DoubleShares(const CrossEntropyOptions& options, const float* targets,
               double smoothing, size_t cols) noexcept
      : targets_(targets),
        weights_(options.class_weights),
        target_share_(1.0 - double{options.label_smoothing}),
        smoothing_(smoothing),
        cols_(cols) {}

  /// sum q_c and sum q_c (x_c - max), in which a q_c of 0 counts for nothing.
  /// NaN if a target is not finite.
  struct Sums {
    double total, logits;
  };
  Sums Sum(const float* x, float max) const noexcept;

  /// dx_c = unit * (ratio * dx_c - q_c).
  void ReplaceNumerators(double unit, double ratio, float* dx) const noexcept;

 private:
  double Of(size_t c) const noexcept;

  const float* targets_;
  const float* weights_;
  double target_share_, smoothing_;
  size_t cols_;
};

using CrossEntropyFunction = void(const CrossEntropyCall&);
/// The kernel, or null: kTargetUnavailable.
CrossEntropyFunction* SelectCrossEntropy(Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_CROSS_ENTROPY_H_
