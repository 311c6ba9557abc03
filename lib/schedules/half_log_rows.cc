// SPDX-License-Identifier: Apache-2.0
#include "schedules/half_log_rows.h"

#include <cstdint>

#include "arith/exact_sum.h"
#include "kernels/block_sums.h"
#include "kernels/half_logs.h"
#include "kernels/log_passes.h"
#include "kernels/row_passes.h"
#include "schedules/prediction.h"

namespace softlane {
namespace internal {
namespace {

constexpr size_t kBlock = 64;

class HalfLogRows {
 public:
  HalfLogRows(const ConstAnyRows& x, const AnyRows& y, const ScaleParts& parts,
              Target target)
      : x_(x),
        y_(y),
        n_(x.cols),
        full_(n_ / kBlock * kBlock),
        is_half_(IsHalf(x.type)),
        kernels_(KernelsOf(kHalfLogs, target)),
        passes_(KernelsOf(kHalfPasses, target)),
        row_(KernelsOf(kRowKernels, target)),
        logs_(KernelsOf(kLogSoftmaxKernels, target)),
        sums_(KernelsOf(kLogSumKernels, target)),
        params_{parts, {}, false, false},
        prediction_(parts) {}

  // Returns the number of rows done. A row is written after the sum of the next
  // row, so that no pass waits for a logarithm.
  size_t Run() {
    if (!Sample()) return 0;
    size_t r = 0;
    double log_before = 0.0;
    for (; r < x_.rows && prediction_.IsUsable(); ++r) {
      RowResult result;
      params_.range = prediction_.Range();
      const bool fits = is_half_ ? SumHalves(r, result) : SumFloats(r, result);
      const double log = result.sum;
      if (!fits) break;
      if (r != 0) Write(r - 1, log_before);
      log_before = log;
      prediction_.Follow(result.row_sum);
    }
    if (r != 0) Write(r - 1, log_before);
    return r;
  }

 private:
  // The first columns predict the exponent. False if such rows do not fit.
  bool Sample() {
    alignas(64) float logits[kBlock];
    const RowSample sample =
        row_.sample(Floats(0, 0, kBlock, logits), kBlock, params_.parts);
    prediction_.SetMax(sample.max);
    return !sample.is_wide && !sample.has_masked;
  }
  // Some logits as floats, in the buffer if they must be widened.
  const float* Floats(size_t r, size_t col, size_t count, float* buffer) const {
    const void* const from = x_.At(r, col);
    if (!is_half_) return static_cast<const float*>(from);
    passes_.widen[HalfIndexOf(x_.type)](from, buffer, count);
    return buffer;
  }

  // result.sum becomes the logarithm. False if the row does not fit.
  bool SumHalves(size_t r, RowResult& result) const {
    alignas(64) float last[kBlock];
    double block_sums[kMaxJobBlocks];
    HalfSumJob job = {x_.At(r, 0), n_, nullptr, block_sums};
    if (full_ != n_) {
      Floats(r, full_, n_ - full_, last);
      for (size_t i = n_ - full_; i < kBlock; ++i) last[i] = last[0];
      job.last = last;
    }
    kernels_.sum[HalfIndexOf(x_.type)](job, params_, result);
    if (n_ > kSumCols) {
      RowJob of_blocks;
      of_blocks.n = n_;
      of_blocks.block_sums = block_sums;
      JoinBlocks(false, of_blocks, params_, result);
    }
    if (!result.in_range) return false;
    result.sum = logs_.log_of_sum(result.max, result.row_sum, params_.range,
                                  params_.parts);
    return true;
  }
  bool SumFloats(size_t r, RowResult& result) const {
    double block_sums[kMaxJobBlocks];
    RowJob job = {};
    job.logits = static_cast<const float*>(x_.At(r, 0));
    job.n = n_;
    job.sink = -kInfinity;
    job.block_sums = n_ > kSumCols ? block_sums : nullptr;
    return !sums_.exp_rows[0](nullptr, &job, 1, params_, &result).has_failed;
  }

  void Write(size_t r, double log) const {
    const size_t out = HalfIndexOf(y_.type);
    kernels_.write[is_half_ ? 0 : 1][out](x_.At(r, 0), y_.At(r, 0), full_, log,
                                          params_.parts);
    if (full_ == n_) return;
    alignas(64) float last[kBlock];
    const size_t count = n_ - full_;
    logs_.divide(Floats(r, full_, count, last), last, count, log, false,
                 params_.parts);
    passes_.narrow[out](last, y_.At(r, full_), count);
  }

  const ConstAnyRows& x_;
  const AnyRows& y_;
  const size_t n_, full_;
  const bool is_half_;
  const HalfLogs& kernels_;
  const HalfPasses& passes_;
  const RowKernels& row_;
  const SoftmaxKernels& logs_;
  const LogitsKernels& sums_;
  ExpParams params_;
  Prediction prediction_;
};

}  // namespace

size_t RunHalfLogs(const ConstAnyRows& x, const AnyRows& y,
                   const ScaleParts& parts, Target target) {
  if (!parts.is_usual || KernelsOf(kHalfLogs, target).sum[0] == nullptr) {
    return 0;
  }
  return HalfLogRows(x, y, parts, target).Run();
}

}  // namespace internal
}  // namespace softlane
