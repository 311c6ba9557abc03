// SPDX-License-Identifier: Apache-2.0
#include "schedules/half_rows.h"

#include "arith/exact_sum.h"
#include "kernels/half_passes.h"
#include "kernels/half_rows.h"
#include "kernels/row_passes.h"
#include "schedules/prediction.h"

namespace softlane {
namespace internal {
namespace {

constexpr size_t kBlock = 64;
// Chunks are faster with shorter rows. The time over that of floats, in chunks
// and so, AVX2 on Zen 3, bfloat16 and float16: 1.42 and 1.47, 1.23 and 1.25 at
// 16 x 256; 1.48 and 1.31, 1.29 and 1.10 at 8 x 1024.
constexpr size_t kMinCols = 384;
// See kMinNextCols.
constexpr size_t kMinNextCols = 1280;
constexpr size_t kPlaces = 2 * kSumCols;
static_assert(3 * kMinNextCols <= kPlaces, "three places");

class HalfRows {
 public:
  HalfRows(const ConstAnyRows& x, const AnyRows& y, const ScaleParts& parts,
           Target target, const OtherHalfRows& others)
      : x_(x),
        y_(y),
        n_(x.cols),
        full_(n_ / kBlock * kBlock),
        distance_(n_ < kMinNextCols ? 2 : 1),
        type_(static_cast<size_t>(x.type) - 1),
        kernels_(KernelsOf(kHalfRowKernels, target)),
        passes_(KernelsOf(kHalfPasses, target)),
        row_(KernelsOf(kRowKernels, target)),
        softmax_(KernelsOf(kSoftmaxKernels, target)),
        others_(others),
        params_{parts, {}, false, false, false},
        prediction_(parts) {}

  void Run() {
    Sample(0);
    for (size_t r = 0; r < x_.rows; ++r) {
      if (!is_usable_ || !RunRow(r)) {
        DivideAll();
        // A row that does not fit is rarely alone.
        if (++failures_ == kMaxFailures) {
          return others_.run(others_.call, r, x_.rows - r, places_);
        }
        others_.run(others_.call, r, 1, places_);
        if (r + 1 != x_.rows) Sample(r + 1);
      }
    }
    DivideAll();
  }

 private:
  static constexpr size_t kMaxFailures = 3;

  struct Pending {
    const float* e;  // null: there is none
    void* to;
    double sum;
  };

  void Widen(size_t r, size_t col, size_t count, float* to) const {
    passes_.widen[type_](x_.At(r, col), to, count);
  }
  void Sample(size_t r) {
    alignas(64) float logits[kBlock];
    Widen(r, 0, kBlock, logits);
    const RowSample sample = row_.sample(logits, kBlock, params_.parts);
    prediction_.SetMax(sample.max);
    is_usable_ =
        prediction_.IsUsable() && !sample.is_wide && !sample.has_masked;
  }

  bool RunRow(size_t r) {
    float* const e =
        places_ + (distance_ == 2 ? r % 3 * kMinNextCols : r % 2 * kSumCols);
    Pending& slot = pending_[r & (distance_ - 1)];
    params_.range = prediction_.Range();
    HalfRowJob job;
    LastBlock last;
    job.last = nullptr;
    if (full_ != n_) {
      alignas(64) float logits[kBlock];
      Widen(r, full_, n_ - full_, logits);
      kernels_.exp_last(logits, e + full_, n_, params_, last);
      job.last = &last;
    }
    job.logits = x_.At(r, 0);
    job.full = full_;
    job.e = e;
    job.pending = slot.e;
    job.pending_sum = slot.sum;
    job.probs = slot.to;
    RowResult result;
    kernels_.exp_row[type_](job, params_, result);
    DivideLast(slot);
    if (!result.in_range) return false;
    slot = {e, y_.At(r, 0), result.sum};
    prediction_.Follow(result.sum);
    is_usable_ = prediction_.IsUsable();
    if (MayHaveTiny(result.sum)) Divide(slot);
    return true;
  }

  // The columns behind the whole blocks.
  void DivideLast(Pending& row) {
    if (row.e != nullptr && full_ != n_) DivideFrom(row, full_);
    row.e = nullptr;
  }
  void Divide(Pending& row) {
    if (row.e != nullptr) DivideFrom(row, 0);
    row.e = nullptr;
  }
  void DivideFrom(const Pending& row, size_t col) {
    // The exp values are in places_.
    float* const e = places_ + (row.e - places_) + col;
    softmax_.divide(e, e, n_ - col, row.sum, MayHaveTiny(row.sum),
                    params_.parts);
    passes_.narrow[type_](e, static_cast<uint16_t*>(row.to) + col, n_ - col);
  }
  void DivideAll() {
    for (Pending& row : pending_) Divide(row);
  }

  const ConstAnyRows& x_;
  const AnyRows& y_;
  const size_t n_, full_, distance_, type_;
  const HalfRowKernels& kernels_;
  const HalfPasses& passes_;
  const RowKernels& row_;
  const SoftmaxKernels& softmax_;
  const OtherHalfRows& others_;
  ExpParams params_;
  Prediction prediction_;
  bool is_usable_ = false;
  size_t failures_ = 0;
  Pending pending_[2] = {};
  alignas(64) float places_[kPlaces];
};

[[gnu::noinline]] void RunRows(const ConstAnyRows& x, const AnyRows& y,
                               const ScaleParts& parts, Target target,
                               const OtherHalfRows& others) {
  HalfRows(x, y, parts, target, others).Run();
}

}  // namespace

bool RunHalfRows(const ConstAnyRows& x, const AnyRows& y,
                 const ScaleParts& parts, Target target,
                 const OtherHalfRows& others) {
  if (x.type != y.type || x.cols < kMinCols || x.cols > kSumCols ||
      !parts.is_usual ||
      KernelsOf(kHalfRowKernels, target).exp_last == nullptr) {
    return false;
  }
  RunRows(x, y, parts, target, others);
  return true;
}

}  // namespace internal
}  // namespace softlane
