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

/// After a first failure, the next row or batch is done without a prediction.
/// After a further failure, the next 31 are.
class Backoff {
 public:
  /// Whether the next row or batch is to be predicted. To be called once for
  /// each.
  bool NextIsDue() {
    if (skipped_ == 0) return true;
    --skipped_;
    return false;
  }
  /// Takes the number of rows or batches that are still to be done without a
  /// prediction. The caller does them.
  size_t TakeSkipped() {
    const size_t skipped = skipped_;
    skipped_ = 0;
    return skipped;
  }
  void Succeeded() { has_failed_ = false; }
  void Failed() {
    skipped_ = has_failed_ ? 31 : 1;
    has_failed_ = true;
  }

 private:
  size_t skipped_ = 0;
  bool has_failed_ = false;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_PREDICTION_H_
