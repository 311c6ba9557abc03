// SPDX-License-Identifier: Apache-2.0
#include "schedules/half_batches.h"

#include "kernels/half_passes.h"
#include "kernels/row_passes.h"
#include "schedules/prediction.h"
#include "schedules/softmax_batches.h"

namespace softlane {
namespace internal {
namespace {

constexpr size_t kBlock = 64;
// Batches of longer rows have kSmallBatchRows rows.
constexpr size_t kMaxFullCols = 32;

class HalfBatches {
 public:
  HalfBatches(const ConstAnyRows& x, const AnyRows& y, const ScaleParts& parts,
              Target target)
      : x_(x),
        y_(y),
        n_(x.cols),
        is_dense_(x.stride == x.cols),
        kernels_(KernelsOf(kHalfRowKernels, target)),
        passes_(KernelsOf(kHalfPasses, target)),
        row_(KernelsOf(kRowKernels, target)),
        short_(KernelsOf(kShortRowsKernels, target)),
        plain_(KernelsOf(kPlainBatchKernels, target)),
        is_in_words_(kernels_.has_words && x.cols % kBlock == 0 &&
                     x.type == ElementType::kBFloat16 && y.type == x.type),
        params_{parts, {}, false, false},
        prediction_(parts) {}

  // Returns the number of rows done. A batch is written after the sums of the
  // next batch, so that no pass waits for reciprocals.
  size_t Run() {
    Batch two[2];
    if (!Sample(two[0].e)) return 0;
    for (Batch& batch : two) {
      batch.n = n_;
      batch.e_stride = is_dense_ ? n_ : PaddedCols(n_);
      batch.writing = Writing::kUsual;
      batch.is_in_words = is_in_words_;
      batch.probs_stride = y_.stride;
      batch.ahead_rows = 0;
    }
    const size_t most =
        MaxRowsOf(n_, n_ <= kMaxFullCols ? kBatchRows : kSmallBatchRows);
    size_t r = 0, written = 0;
    Batch* before = nullptr;
    while (r < x_.rows && prediction_.IsUsable()) {
      Batch& batch = before == &two[0] ? two[1] : two[0];
      batch.rows = x_.rows - r < most ? x_.rows - r : most;
      params_.range = prediction_.Range();
      if (!Exp(r, batch)) break;
      short_.sum(batch, nullptr);
      if (!batch.have_no_tiny) break;
      if (before != nullptr) Write(written, *before);
      if (!batch.are_usual) prediction_.Follow(LargestSumOf(batch));
      before = &batch;
      written = r;
      r += batch.rows;
    }
    if (before != nullptr) Write(written, *before);
    return r;
  }

 private:
  // The first row predicts the exponent. False if such rows do not fit.
  bool Sample(float* buffer) {
    const void* const first = x_.At(0, 0);
    const bool is_half = IsHalf(x_.type);
    if (is_half) passes_.widen[HalfIndexOf(x_.type)](first, buffer, n_);
    const RowSample sample = row_.sample(
        is_half ? buffer : static_cast<const float*>(first), n_, params_.parts);
    prediction_.SetMax(sample.max);
    return !sample.is_wide && !sample.has_masked;
  }

  // False if the rows do not fit.
  bool Exp(size_t r, Batch& batch) const {
    if (!IsHalf(x_.type)) {
      return ExpFloats(static_cast<const float*>(x_.At(r, 0)), x_.stride,
                       batch.rows, n_, is_dense_, batch.e);
    }
    if (is_dense_) return ExpHalves(x_.At(r, 0), batch.rows * n_, batch.e);
    for (size_t k = 0; k < batch.rows; ++k) {
      float* const e = batch.e + k * batch.e_stride;
      if (!ExpHalves(x_.At(r + k, 0), n_, e)) return false;
    }
    return true;
  }
  bool ExpFloats(const float* x, size_t stride, size_t rows, size_t n,
                 bool is_dense, float* e) const {
    BatchRows all = {};
    all.logits = x;
    all.stride = stride;
    all.rows = rows;
    all.n = n;
    all.is_dense = is_dense;
    all.e = e;
    all.e_stride = is_dense ? n : PaddedCols(n);
    return plain_.exp_batch[0](nullptr, all, params_);
  }
  bool ExpHalves(const void* x, size_t n, float* e) const {
    const size_t type = HalfIndexOf(x_.type), full = n / kBlock * kBlock;
    const auto exp = kernels_.exp_blocks[type][is_in_words_ ? 0 : 1];
    if (!exp(x, e, full, params_)) return false;
    if (full == n) return true;
    alignas(64) float last[kBlock];
    passes_.widen[type](static_cast<const uint16_t*>(x) + full, last, n - full);
    return ExpFloats(last, n - full, 1, n - full, true, e + full);
  }

  void Write(size_t r, Batch& batch) const {
    void* const to = y_.At(r, 0);
    if (!IsHalf(y_.type)) {
      batch.probs = static_cast<float*>(to);
      return short_.write(batch);
    }
    kernels_.write_batch[HalfIndexOf(y_.type)][is_in_words_ ? 0 : 1](batch, to,
                                                                     y_.stride);
  }

  const ConstAnyRows& x_;
  const AnyRows& y_;
  const size_t n_;
  const bool is_dense_;
  const HalfRowKernels& kernels_;
  const HalfPasses& passes_;
  const RowKernels& row_;
  const ShortRowsKernels& short_;
  const BatchLogitsKernels& plain_;
  const bool is_in_words_;
  ExpParams params_;
  Prediction prediction_;
};

}  // namespace

size_t RunHalfBatches(const ConstAnyRows& x, const AnyRows& y,
                      const ScaleParts& parts, Target target) {
  if (!parts.is_usual ||
      KernelsOf(kHalfRowKernels, target).exp_last == nullptr) {
    return 0;
  }
  return HalfBatches(x, y, parts, target).Run();
}

}  // namespace internal
}  // namespace softlane
