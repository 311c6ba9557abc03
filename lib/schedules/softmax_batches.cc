// SPDX-License-Identifier: Apache-2.0
#include "schedules/softmax_batches.h"

#include "schedules/batch_others.h"
#include "schedules/prediction.h"

namespace softlane {
namespace internal {
namespace {

class SoftmaxBatches {
 public:
  SoftmaxBatches(const SoftmaxCall& call, const SoftmaxPlan& plan,
                 const BatchLogitsKernels& logits, bool is_dense,
                 const RowSample& sample, BatchFallback* far_rows,
                 BatchFallback* by_maximum, Target target)
      : call_(call),
        target_(target),
        kernels_(KernelsOf(kShortRowsKernels, target)),
        logits_(logits),
        plain_(KernelsOf(kPlainBatchKernels, target)),
        by_maximum_(by_maximum),
        usual_(plan.places == Places::kStreamed ? Writing::kStreamed
                                                : Writing::kUsual),
        reads_ahead_(plan.reads_ahead),
        has_masked_(sample.has_masked),
        max_rows_(MaxRowsOf(call.x.cols, plan.batch_rows)),
        params_{call.parts, {}, false, false},
        prediction_(call.parts),
        others_(call, far_rows, target) {
    prediction_.SetMax(sample.max);
    const size_t n = call.x.cols;
    rows_ = {nullptr,
             call.x.stride,
             0,
             0,
             n,
             is_dense,
             nullptr,
             is_dense ? n : PaddedCols(n),
             call.ranges == nullptr ? nullptr : ends_,
             nullptr,
             nullptr,
             nullptr,
             nullptr,
             0};
    // Rows like the first do not fit a range.
    if (sample.is_wide) backoff_.Failed(), BatchFailed();
  }

  // A batch is summed before the previous batch is written. So the reciprocals
  // of the previous batch are ready when it is written.
  void Run(Batch* two) {
    Batch* before = nullptr;
    bool is_predicted = false;  // of `before`: else its sums say nothing
    for (size_t r = 0; r < call_.x.rows;) {
      Batch& batch = before == &two[0] ? two[1] : two[0];
      const size_t left = call_.x.rows - r;
      SetRows(batch, left < max_rows_ ? left : max_rows_, r, before);
      if (is_predicted && !before->are_usual) {
        prediction_.Follow(LargestSumOf(*before));
      }
      is_predicted = prediction_.IsUsable() && backoff_.NextIsDue() &&
                     Predict(batch, r, before);
      if (!is_predicted && by_maximum_ != nullptr) {
        if (before != nullptr) kernels_.write(*before);
        before = nullptr;
        r += RunByMaximum(r);
        continue;
      }
      if (!is_predicted) SumByMaximum(batch, r, before);
      before = &batch;
      r += batch.rows;
    }
    if (before != nullptr) kernels_.write(*before);
    if (usual_ == Writing::kStreamed) call_.row.flush();
  }

 private:
  void SetRows(Batch& batch, size_t count, size_t r, Batch* before) {
    batch.rows = count;
    batch.n = call_.x.cols;
    batch.probs = call_.y.Row(r);
    batch.probs_stride = call_.y.stride;
    batch.ahead_rows = rows_.ahead_rows = 0;
    const size_t first = r + count, left = call_.x.rows - first;
    if (!reads_ahead_ || left == 0) return;
    const size_t ahead_rows = left < count ? left : count;
    const AheadRows ahead = {call_.x.Row(first), call_.x.stride};
    if (call_.logits.write_logits == nullptr) {
      rows_.ahead = ahead.data;
      rows_.ahead_rows = ahead_rows;
    } else if (before != nullptr) {
      before->ahead_rows = ahead_rows;
      before->ahead[0] = ahead;
      before->ahead[1] = {nullptr, 0};
      if (const float* const second = call_.second) {
        before->ahead[1] = {second + first * call_.second_stride,
                            call_.second_stride};
      }
    }
  }

  // Sets each field by itself, because a copy of the struct would wait for the
  // stores that made it.
  void SetBatchRows(Batch& batch, size_t r, size_t e_stride) {
    batch.e_stride = rows_.e_stride = e_stride;
    rows_.stride = call_.x.stride;
    rows_.logits = call_.x.Row(r);
    rows_.first = r;
    rows_.rows = batch.rows;
    rows_.e = batch.e;
    rows_.max = call_.logsumexp == nullptr ? nullptr : batch.max;
    rows_.offset = batch.offset;
    rows_.lowest = batch.lowest;
    rows_.ends = call_.ranges == nullptr ? nullptr : ends_;
    if (call_.ranges != nullptr) {
      call_.ranges->EndsOf(r, batch.rows, ends_);
    }
  }

  // False if the rows do not fit the range. `before` becomes null if it has
  // been written.
  bool Predict(Batch& batch, size_t r, Batch*& before) {
    SetBatchRows(batch, r, rows_.is_dense ? batch.n : PaddedCols(batch.n));
    const bool has_ends = call_.ranges != nullptr;
    const bool needs_max = call_.logsumexp != nullptr;
    params_.range = prediction_.Range();
    if (needs_max || call_.sinks != nullptr) SetRanges(batch);
    ExpBatchFunction* const exp_batch =
        needs_max ? logits_.exp_batch_of_rows
                  : logits_.exp_batch[has_masked_ ? 1 : 0];
    if (!exp_batch(call_.source, rows_, params_)) return Failed();
    kernels_.sum(batch, before);
    before = nullptr;
    batch.writing = batch.have_no_tiny ? usual_ : Writing::kTiny;
    // A row in which no element counts has its sink alone, or nothing.
    const bool may_be_few =
        has_masked_ || has_ends || needs_max || call_.sinks != nullptr;
    const bool has_zeros = may_be_few && !batch.are_enough;
    if (has_zeros && !others_.FindZeros(batch)) return Failed();
    if (call_.sinks != nullptr && !JoinSinks(batch, call_.sinks + r)) {
      return Failed();
    }
    if (needs_max) {
      kernels_.log_sums(batch, call_.parts, call_.logsumexp + r);
    }
    if (has_zeros) others_.EndZeros(batch, r);
    backoff_.Succeeded();
    return true;
  }
  bool Failed() {
    has_masked_ = true;  // whatever the cause
    BatchFailed();
    return false;
  }
  void BatchFailed() {
    if (max_rows_ > kSmallBatchRows) max_rows_ = kSmallBatchRows;
    backoff_.Failed();
  }

  [[gnu::noinline]] void SetRanges(Batch& batch) const {
    FillRow(batch.offset, kBatchRows, params_.range.offset);
    FillRow(batch.lowest, kBatchRows, params_.range.lowest);
  }

  [[gnu::noinline]] bool JoinSinks(Batch& batch, const float* sinks) {
    if (!kernels_.join_sinks(batch, sinks, call_.parts)) return false;
    const bool needs_max = call_.logsumexp != nullptr;
    for (size_t k = 0; k < batch.rows; ++k) {
      if (needs_max && batch.max[k] < sinks[k]) batch.max[k] = sinks[k];
      if (MayHaveTiny(batch.sums[k])) batch.writing = Writing::kTiny;
    }
    kernels_.invert_sums(batch);
    return true;
  }

  // Returns the number of rows done.
  [[gnu::noinline]] size_t RunByMaximum(size_t r) {
    if (!prediction_.IsUsable()) backoff_.Failed();
    const size_t left = call_.x.rows - r;
    size_t count = max_rows_ * (1 + backoff_.TakeSkipped());
    if (count > left) count = left;
    by_maximum_(call_, target_, r, count);
    if (count != left) {
      prediction_.SetMax(call_.row.max(call_.x.Row(r + count), call_.x.cols));
    }
    return count;
  }

  [[gnu::noinline]] void SumByMaximum(Batch& batch, size_t r,
                                      const Batch* before) {
    SetBatchRows(batch, r, PaddedCols(batch.n));
    rows_.max = batch.max;
    const float* const sinks =
        call_.sinks == nullptr ? nullptr : call_.sinks + r;
    const bool are_direct =
        logits_.find_maxima(call_.source, rows_, sinks, call_.parts);
    others_.Clear();
    if (!are_direct) {
      others_.FindByMaxima(batch);
      others_.Skip(batch, ends_, rows_);
    }
    rows_.max = nullptr;
    if (call_.logits.write_logits != nullptr) {
      rows_.logits = batch.e;
      rows_.stride = batch.e_stride;
    }
    const bool have_no_tiny = plain_.exp_batch_of_rows(nullptr, rows_, params_);
    kernels_.sum(batch, before);
    batch.writing = have_no_tiny ? usual_ : Writing::kTiny;
    if (sinks != nullptr) {
      kernels_.join_sinks(batch, sinks, call_.parts);
      kernels_.invert_sums(batch);
      batch.are_numbers = false;  // a sink may be NaN
    }
    if (call_.logsumexp != nullptr) {
      kernels_.log_sums(batch, call_.parts, call_.logsumexp + r);
    }
    if (!are_direct || !batch.are_numbers) others_.End(batch, r);
    const size_t usual = others_.FirstUsual();
    if (usual != batch.rows) prediction_.SetMax(batch.max[usual]);
  }

  const SoftmaxCall& call_;
  const Target target_;
  const ShortRowsKernels& kernels_;
  const BatchLogitsKernels& logits_;
  const BatchLogitsKernels& plain_;
  BatchFallback* const by_maximum_;
  const Writing usual_;
  const bool reads_ahead_;
  bool has_masked_;  // from the first failure on
  size_t max_rows_;
  BatchRows rows_;
  ExpParams params_;
  Prediction prediction_;
  Backoff backoff_;
  size_t ends_[kBatchRows];
  BatchOthers others_;
};

}  // namespace

double LargestSumOf(const Batch& batch) {
  double largest = batch.sums[0];
  for (size_t r = 1; r < batch.rows; ++r) {
    largest = largest < batch.sums[r] ? batch.sums[r] : largest;
  }
  return largest;
}

void RunSoftmaxBatches(const SoftmaxCall& call, const SoftmaxPlan& plan,
                       const BatchLogitsKernels& logits, bool is_dense,
                       const RowSample& sample, BatchFallback* far_rows,
                       BatchFallback* by_maximum, Target target) {
  Batch two[2];
  SoftmaxBatches(call, plan, logits, is_dense, sample, far_rows, by_maximum,
                 target)
      .Run(two);
}

}  // namespace internal
}  // namespace softlane
