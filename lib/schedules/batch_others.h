// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_BATCH_OTHERS_H_
#define SOFTLANE_LIB_SCHEDULES_BATCH_OTHERS_H_

#include <cstddef>
#include <cstdint>

#include "kernels/short_rows.h"
#include "schedules/softmax_batches.h"
#include "schedules/softmax_call.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// The rows of a batch that need other work than the rest. The rest of the
/// batch is not done again. Before, the batch gets its sums with the sinks,
/// their reciprocals, and its logsumexp. It is written later.
class BatchOthers {
 public:
  BatchOthers(const SoftmaxCall& call, BatchFallback* far_rows, Target target)
      : call_(call), far_rows_(far_rows), target_(target) {}

  void Clear() { count_ = 0; }
  /// Finds the rows whose maximum is not finite or beyond the direct limit.
  void FindByMaxima(const Batch& batch);
  /// Gives the found rows no elements, because their exp values mean nothing.
  /// But rows with a maximum of -inf keep their elements, because the maximum
  /// may have missed a NaN. Changes rows.ends, for which `ends` has room.
  void Skip(const Batch& batch, size_t* ends, BatchRows& rows) const;
  /// Does the last step of the found rows, and of rows whose sum is NaN.
  void End(Batch& batch, size_t r) const;
  /// The first row that has not been found, or the number of rows if there is
  /// none.
  size_t FirstUsual() const;

  /// Finds the rows whose sum by a predicted range is too small. False if one
  /// of these sums is not 0.
  bool FindZeros(const Batch& batch);
  /// Does the last step of these rows. Their logits are all -inf, or far below
  /// the prediction.
  void EndZeros(Batch& batch, size_t r) const;

 private:
  size_t EndOf(size_t r) const {
    return call_.ranges == nullptr ? call_.x.cols : call_.ranges->Of(r).end;
  }
  void EndZero(Batch& batch, size_t r, size_t k) const;
  void EndEmpty(Batch& batch, size_t k) const;
  void EndNaN(Batch& batch, size_t r, size_t k) const;
  void EndFar(Batch& batch, size_t r, size_t k) const;

  const SoftmaxCall& call_;
  BatchFallback* const far_rows_;
  const Target target_;
  size_t count_ = 0;
  uint8_t rows_[kBatchRows + 1];
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_BATCH_OTHERS_H_
