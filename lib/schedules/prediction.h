// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_PREDICTION_H_
#define SOFTLANE_LIB_SCHEDULES_PREDICTION_H_

#include <cstddef>

#include "arith/exponent_range.h"

namespace softlane {
namespace internal {

/// The predicted exponent of a row's maximum. It is the exponent of an earlier
/// row, corrected by the sums of the rows since.
class Prediction {
 public:
  explicit Prediction(const ScaleParts& parts) : parts_(parts) {}

  bool IsUsable() const { return is_usable_; }
  ExpRange Range() const { return PredictedRange(octaves_, parts_); }
  void SetMax(float max) { SetOctaves(OctavesOf(max, parts_)); }
  void SetOctaves(float octaves) {
    octaves_ = octaves;
    is_usable_ = parts_.is_usual && -kMaxPredicted <= octaves &&
                 octaves <= kMaxPredicted;
  }
  /// Corrects the prediction after a row with this sum of exp values.
  void Follow(double sum) {
    if (!IsUsualSum(sum)) {
      SetOctaves(octaves_ + ExponentOf(sum) - kPredictedPeak);
    }
  }

 private:
  const ScaleParts& parts_;
  float octaves_ = 0.0f;
  bool is_usable_ = false;
};

/// Exponential backoff: after k failures in a row, the next 2^k - 1 rows or
/// batches are done without a prediction. The limit is 31 rows or batches.
class Backoff {
 public:
  /// Whether the next row or batch is to be predicted. To be called once for
  /// each.
  bool NextIsDue() {
    if (skipped_ == 0) return true;
    --skipped_;
    return false;
  }
  void Succeeded() { failures_ = 0; }
  void Failed() {
    failures_ = failures_ < 16 ? 2 * failures_ + 1 : 31;
    skipped_ = failures_;
  }

 private:
  size_t failures_ = 0, skipped_ = 0;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_PREDICTION_H_
