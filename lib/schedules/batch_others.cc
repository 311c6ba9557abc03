// SPDX-License-Identifier: Apache-2.0
#include "schedules/batch_others.h"

#include <cstring>

#include "schedules/other_rows.h"

namespace softlane {
namespace internal {
namespace {

// Makes the batch write a finished row unchanged: its first n columns. The exp
// values of the other columns are +0.
void TakeRow(Batch& batch, size_t k, size_t n) {
  float* const e = batch.e + k * batch.e_stride;
  std::memcpy(e, batch.probs + k * batch.probs_stride, n * sizeof(float));
  batch.head[k] = 1.0f;
  batch.rest[k] = batch.least[k] = 0.0f;
  batch.sums[k] = 0.0;
}

}  // namespace

void BatchOthers::FindByMaxima(const Batch& batch) {
  count_ = FindOthers(batch.max, batch.rows, call_.parts, rows_);
}

void BatchOthers::Skip(const Batch& batch, size_t* ends,
                       BatchRows& rows) const {
  for (size_t i = 0; i < count_; ++i) {
    const size_t k = rows_[i];
    if (batch.max[k] == -kInfinity) continue;
    for (size_t j = 0; rows.ends == nullptr && j < batch.rows; ++j) {
      ends[j] = batch.n;
    }
    rows.ends = ends;
    ends[k] = 0;
  }
}

void BatchOthers::End(Batch& batch, size_t r) const {
  for (size_t i = 0; i < count_; ++i) {
    const size_t k = rows_[i];
    if (IsFiniteMax(batch.max[k])) {
      EndFar(batch, r, k);
    } else if (batch.max[k] == -kInfinity && batch.sums[k] == 0.0) {
      EndEmpty(batch, k);
    } else {
      EndNaN(batch, r, k);
    }
  }
  if (batch.are_numbers) return;
  for (size_t k = 0; k < batch.rows; ++k) {
    if (batch.sums[k] != batch.sums[k]) EndNaN(batch, r, k);
  }
}

size_t BatchOthers::FirstUsual() const {
  size_t k = 0;
  while (k < count_ && rows_[k] == k) ++k;
  return k;
}

bool BatchOthers::FindZeros(const Batch& batch) {
  const double least = LeastSum(batch.n);
  bool are_zero = true;
  count_ = 0;
  for (size_t k = 0; k < batch.rows; ++k) {
    const double sum = batch.sums[k];
    // Without a branch, because it would often be mispredicted.
    rows_[count_] = static_cast<uint8_t>(k);
    count_ += sum < least ? 1 : 0;
    are_zero &= (sum == 0.0) | (sum >= least);
  }
  return are_zero;
}

void BatchOthers::EndZeros(Batch& batch, size_t r) const {
  for (size_t i = 0; i < count_; ++i) EndZero(batch, r, rows_[i]);
}

void BatchOthers::EndZero(Batch& batch, size_t r, size_t k) const {
  float logits[kMaxBatchCols];
  const float* z = call_.x.Row(r + k);
  const size_t n = EndOf(r + k);
  if (call_.logits.write_logits != nullptr) {
    WriteLogits(call_, z, r + k, 0, n, logits);
    z = logits;
  }
  const bool is_empty =
      call_.Sink(r + k) == -kInfinity && call_.row.max(z, n) == -kInfinity;
  is_empty ? EndEmpty(batch, k) : EndFar(batch, r, k);
}

void BatchOthers::EndEmpty(Batch& batch, size_t k) const {
  // The logsumexp is -inf already.
  batch.head[k] = batch.rest[k] = EmptyValue(call_.empty_row, false);
}

void BatchOthers::EndNaN(Batch& batch, size_t r, size_t k) const {
  float* const log = call_.LogAt(r + k);
  const float* const x = call_.x.Row(r + k);
  if (call_.logits.write_logits == nullptr) {
    // The reciprocal of a sum of 0 or NaN makes all results NaN.
    if (log != nullptr) *log = call_.row.max_or_nan(x, batch.n);
    batch.sums[k] = 0.0;
    return;
  }
  // Only keys that are not masked get NaN.
  const size_t n = EndOf(r + k);
  float* const z = batch.e + k * batch.e_stride;
  WriteLogits(call_, x, r + k, 0, n, z);
  const float special = call_.special(call_, r + k, 0, n, z);
  if (log != nullptr) *log = special;
  TakeRow(batch, k, n);
}

void BatchOthers::EndFar(Batch& batch, size_t r, size_t k) const {
  far_rows_(call_, target_, r + k, 1);
  TakeRow(batch, k, batch.n);
}

}  // namespace internal
}  // namespace softlane
