// SPDX-License-Identifier: Apache-2.0
#include "schedules/softmax_batches.h"

#include "schedules/prediction.h"

namespace softlane {
namespace internal {
namespace {

[[gnu::noinline]] double LargestOf(const Batch& batch) {
  double largest = batch.sums[0];
  for (size_t r = 1; r < batch.rows; ++r) {
    largest = largest < batch.sums[r] ? batch.sums[r] : largest;
  }
  return largest;
}

class SoftmaxBatches {
 public:
  SoftmaxBatches(const SoftmaxCall& call, const SoftmaxPlan& plan,
                 const ShortRowsKernels& kernels,
                 const BatchLogitsKernels& logits, bool is_dense,
                 const RowSample& sample, BatchFallback* fallback)
      : call_(call),
        kernels_(kernels),
        logits_(logits),
        fallback_(fallback),
        usual_(plan.places == Places::kStreamed ? Writing::kStreamed
                                                : Writing::kUsual),
        has_masked_(sample.has_masked),
        params_{call.parts, {}, false, false, false},
        prediction_(call.parts) {
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
             call.logsumexp == nullptr ? nullptr : max_};
  }

  // A batch is summed before the one before it is written, whose reciprocals
  // are there by then.
  void Run(Batch* two) {
    Batch* before = nullptr;
    bool is_predicted = false;  // `before`; else its sums tell nothing
    const size_t rows = MaxRowsOf(call_.x.cols);
    for (size_t r = 0; r < call_.x.rows; r += rows) {
      Batch& batch = before == &two[0] ? two[1] : two[0];
      const size_t left = call_.x.rows - r;
      SetRows(batch, left < rows ? left : rows, r, before);
      if (is_predicted && !before->are_usual) {
        prediction_.Follow(LargestOf(*before));
      }
      is_predicted = false;
      if (prediction_.IsUsable() && backoff_.NextIsDue()) {
        is_predicted = Predict(batch, r, before);
        before = nullptr;
      }
      const bool is_summed = is_predicted || SumByMaximum(batch, r);
      if (before != nullptr) kernels_.write(*before);
      if (!is_summed) fallback_(call_, r, batch.rows);
      before = is_summed ? &batch : nullptr;
    }
    if (before != nullptr) kernels_.write(*before);
    if (usual_ == Writing::kStreamed) call_.row.flush();
  }

 private:
  void SetRows(Batch& batch, size_t count, size_t r, Batch* before) const {
    batch.rows = count;
    batch.n = call_.x.cols;
    batch.probs = call_.y.Row(r);
    batch.probs_stride = call_.y.stride;
    batch.ahead_rows = 0;
    if (before == nullptr || usual_ != Writing::kStreamed) return;
    // Beside the probabilities of the one before the rows after this one.
    const size_t first = r + count, left = call_.x.rows - first;
    if (left == 0) return;
    before->ahead_rows = left < count ? left : count;
    before->ahead[0] = {call_.x.Row(first), call_.x.stride};
    before->ahead[1] = {nullptr, 0};
    if (const Rows<const float>* const second = call_.second) {
      before->ahead[1] = {second->Row(first), second->stride};
    }
  }

  [[gnu::noinline]] void SetEnds(size_t r, size_t count) {
    for (size_t k = 0; k < count; ++k) {
      ends_[k] = call_.ranges->Of(r + k).end;
    }
  }

  // False if the rows do not fit the range. `before` is written in any case.
  bool Predict(Batch& batch, size_t r, const Batch* before) {
    batch.e_stride = rows_.e_stride;
    rows_.logits = call_.x.Row(r);
    rows_.first = r;
    rows_.rows = batch.rows;
    rows_.e = batch.e;
    const bool has_ends = call_.ranges != nullptr;
    const bool needs_max = call_.logsumexp != nullptr;
    if (has_ends) SetEnds(r, batch.rows);
    params_.range = prediction_.Range();
    const bool is_by_rows = has_ends || needs_max;
    ExpBatchFunction* const exp_batch =
        is_by_rows ? logits_.exp_batch_of_rows
                   : logits_.exp_batch[has_masked_ ? 1 : 0];
    const bool is_inside = exp_batch(call_.source, rows_, params_);
    kernels_.sum(batch, before);
    batch.writing = batch.have_no_tiny ? usual_ : Writing::kTiny;
    // Without an element that counts a row has its sink alone, or nothing.
    const bool may_be_few = has_masked_ || is_by_rows || call_.sinks != nullptr;
    bool is_good = is_inside && (!may_be_few || batch.are_enough);
    if (is_good && call_.sinks != nullptr) {
      is_good = JoinSinks(batch, call_.sinks + r);
    }
    if (is_good && needs_max) {
      kernels_.log_sums(batch, max_, params_.range, call_.parts,
                        call_.logsumexp + r);
    }
    has_masked_ = has_masked_ || !is_good;
    is_good ? backoff_.Succeeded() : backoff_.Failed();
    return is_good;
  }

  [[gnu::noinline]] bool JoinSinks(Batch& batch, const float* sinks) {
    if (!kernels_.join_sinks(batch, sinks, params_.range, call_.parts)) {
      return false;
    }
    const bool needs_max = call_.logsumexp != nullptr;
    for (size_t k = 0; k < batch.rows; ++k) {
      if (needs_max && max_[k] < sinks[k]) max_[k] = sinks[k];
      if (MayHaveTiny(batch.sums[k])) batch.writing = Writing::kTiny;
    }
    kernels_.invert_sums(batch);
    return true;
  }

  // False if a row needs more than a batch does.
  [[gnu::noinline]] bool SumByMaximum(Batch& batch, size_t r) {
    // The maximum of each row, with its sink, and its logsumexp: row by row.
    if (call_.sinks != nullptr || call_.logsumexp != nullptr) return false;
    batch.e_stride = PaddedCols(batch.n);
    const float* z = call_.x.Row(r);
    size_t z_stride = call_.x.stride;
    if (call_.logits.write_logits != nullptr) {
      z = batch.e;
      z_stride = batch.e_stride;
      for (size_t k = 0; k < batch.rows; ++k) {
        RowJob job;
        job.logits = call_.x.Row(r + k);
        job.row = r + k;
        job.begin = 0;
        job.n = batch.n;
        if (call_.ranges != nullptr) job.n = call_.ranges->Of(r + k).end;
        float* const to = batch.e + k * z_stride;
        call_.logits.write_logits(call_.source, job, to);
        FillRow(to + job.n, batch.n - job.n, -kInfinity);
      }
    }
    float octaves;
    if (!kernels_.exp_by_maximum(z, z_stride, call_.parts, batch, &octaves)) {
      return false;
    }
    kernels_.sum(batch, nullptr);
    batch.writing = Writing::kTiny;
    prediction_.SetOctaves(octaves);
    return batch.are_numbers;
  }

  const SoftmaxCall& call_;
  const ShortRowsKernels& kernels_;
  const BatchLogitsKernels& logits_;
  BatchFallback* const fallback_;
  const Writing usual_;
  bool has_masked_;  // from the first failure on, whatever its cause
  BatchRows rows_;
  ExpParams params_;
  Prediction prediction_;
  Backoff backoff_;
  size_t ends_[kBatchRows];
  alignas(64) float max_[kBatchRows];
};

}  // namespace

void RunSoftmaxBatches(const SoftmaxCall& call, const SoftmaxPlan& plan,
                       const ShortRowsKernels& kernels,
                       const BatchLogitsKernels& logits, bool is_dense,
                       const RowSample& sample, BatchFallback* fallback) {
  Batch two[2];
  SoftmaxBatches(call, plan, kernels, logits, is_dense, sample, fallback)
      .Run(two);
}

}  // namespace internal
}  // namespace softlane
