// SPDX-License-Identifier: Apache-2.0
#include "schedules/half_rows.h"

#include <cstdint>

#include "arith/exact_sum.h"
#include "kernels/block_sums.h"
#include "kernels/half_exps.h"
#include "kernels/half_passes.h"
#include "kernels/row_passes.h"
#include "schedules/prediction.h"

namespace softlane {
namespace internal {
namespace {

constexpr size_t kBlock = 64;
// A few shorter rows are faster in chunks, and many are done in batches. The
// time divided by the time of floats at 16 x 256, AVX2 on Zen 3, bfloat16: 1.42
// in chunks, 1.47 here; float16: 1.23 and 1.25.
constexpr size_t kMinCols = 384;
constexpr size_t kMinNextCols = 1280;  // see row_schedule.h
// The columns of a place on the stack.
constexpr size_t kShortPlace = kSumCols, kLongPlace = 2 * kSumCols;
static_assert(3 * kMinNextCols <= 2 * kShortPlace, "three places");
// Longer rows are in two parts. The exp values of the first part wait in a
// place, the others in the output, which has room for half of them, less a
// cache line. The time over that of floats at 2 x 32000, bfloat16, with AVX-512
// and AVX2 on Zen 5: 1.18 and 1.32.
constexpr size_t kMaxPartedCols = 32000;
constexpr size_t ColsInPlace(size_t cols) {
  return BlocksOf((cols + 32) / 2) * kSumCols;  // a line has 16 floats
}
static_assert(ColsInPlace(kMaxPartedCols) <= 2 * kLongPlace, "two places");

class HalfRows {
 public:
  // `places` has room for two rows of half types, and is null for floats.
  HalfRows(const ConstAnyRows& x, const AnyRows& y, const ScaleParts& parts,
           Target target, const OtherHalfRows& others, float* places)
      : x_(x),
        y_(y),
        n_(x.cols),
        full_(n_ / kBlock * kBlock),
        distance_(n_ < kMinNextCols ? 2 : 1),
        is_half_(IsHalf(x.type)),
        is_fused_(is_half_ || KernelsOf(kHalfRowKernels, target).takes_floats),
        type_(HalfIndexOf(is_half_ ? x.type : y.type)),
        kernels_(KernelsOf(kHalfRowKernels, target)),
        exp_row_(kernels_.exp_row[type_][places == nullptr ? 1 : 0]),
        passes_(KernelsOf(kHalfPasses, target)),
        row_(KernelsOf(kRowKernels, target)),
        softmax_(KernelsOf(kSoftmaxKernels, target)),
        plain_(KernelsOf(kPlainLogitsKernels, target)),
        others_(others),
        params_{parts, {}, false, false},
        prediction_(parts),
        places_(places) {}

  void Run() {
    const bool are_parted = places_ != nullptr && n_ > kLongPlace;
    RunEach(are_parted ? &HalfRows::RunPartedRow : &HalfRows::RunRow);
  }

 private:
  static constexpr size_t kMaxFailures = 3;

  struct Pending {
    float* e;  // null if there are none
    void* to;
    double sum;
  };

  // `run` gives false for a row that does not fit, and may leave pending rows.
  void RunEach(bool (HalfRows::*run)(size_t r)) {
    Sample(0);
    for (size_t r = 0; r < x_.rows; ++r) {
      if (is_usable_ && (this->*run)(r)) continue;
      DivideAll();
      // A row that does not fit is rarely alone.
      if (++failures_ == kMaxFailures) return RunOthers(r, x_.rows - r);
      RunOthers(r, 1);
      if (r + 1 != x_.rows) Sample(r + 1);
    }
    DivideAll();
  }

  void Widen(size_t r, size_t col, size_t count, float* to) const {
    passes_.widen[type_](x_.At(r, col), to, count);
  }
  void Sample(size_t r) {
    alignas(64) float logits[kBlock];
    if (is_half_) Widen(r, 0, kBlock, logits);
    const RowSample sample =
        row_.sample(is_half_ ? logits : static_cast<const float*>(x_.At(r, 0)),
                    kBlock, params_.parts);
    prediction_.SetMax(sample.max);
    is_usable_ =
        prediction_.IsUsable() && !sample.is_wide && !sample.has_masked;
  }

  void RunOthers(size_t first, size_t count) {
    others_.run(others_.call, first, count, places_);
  }

  float* PlaceOf(size_t r) const {
    if (places_ == nullptr) return static_cast<float*>(y_.At(r, 0));
    if (distance_ == 2) return places_ + r % 3 * kMinNextCols;
    return places_ + r % 2 * PlaceCols(n_);
  }

  // False if the row does not fit.
  bool RunRow(size_t r) {
    float* const e = PlaceOf(r);
    Pending& slot = pending_[r & (distance_ - 1)];
    params_.range = prediction_.Range();
    HalfRowJob job;
    job.logits = x_.At(r, 0);
    job.n = n_;
    job.e = e;
    job.pending = slot.e;
    job.pending_sum = slot.sum;
    job.probs = slot.to;
    double block_sums[kMaxJobBlocks];
    job.block_sums = block_sums;
    RowResult result;
    is_fused_ ? RunFused(r, 0, job, result) : RunFloats(job, result);
    DivideLast(slot);
    if (is_fused_ && n_ > kSumCols) Join(block_sums, result);
    if (!result.in_range) return false;
    slot = {e, y_.At(r, 0), result.sum};
    prediction_.Follow(result.sum);
    is_usable_ = prediction_.IsUsable();
    if (!is_fused_ || MayHaveTiny(result.sum)) Divide(slot);
    return true;
  }

  // The place of exp values in the output, from a cache line on.
  float* OutputPlaceOf(size_t r) const {
    char* const to = static_cast<char*>(y_.At(r, 0));
    return reinterpret_cast<float*>(to + -reinterpret_cast<uintptr_t>(to) % 64);
  }

  bool RunPartedRow(size_t r) {
    const size_t middle = ColsInPlace(n_), last = BlocksOf(n_) - 1;
    float* const in_output = OutputPlaceOf(r);
    double block_sums[kMaxPartedCols / kSumCols + 1];
    params_.range = prediction_.Range();
    RowResult result;
    for (size_t b = 0; b <= last; ++b) {
      const size_t col = b * kSumCols;
      HalfRowJob job = {};  // without a pending row
      job.logits = x_.At(r, col);
      job.n = BlockCols(col, n_);
      job.e = col < middle ? places_ + col : in_output + (col - middle);
      is_fused_ ? RunFused(r, col, job, result) : RunFloats(job, result);
      if (!result.in_range) return false;
      if (b != last) block_sums[b] = result.row_sum;
    }
    Join(block_sums, result);
    if (!result.in_range) return false;
    // From the last column on, where exp values have been divided before.
    DivideAll({in_output, y_.At(r, middle), result.sum}, n_ - middle);
    DivideAll({places_, y_.At(r, 0), result.sum}, middle);
    prediction_.Follow(result.sum);
    is_usable_ = prediction_.IsUsable();
    return true;
  }

  [[gnu::noinline]] void Join(double* block_sums, RowResult& result) const {
    RowJob of_blocks;
    of_blocks.n = n_, of_blocks.block_sums = block_sums;
    JoinBlocks(false, of_blocks, params_, result);
  }
  // The exp values of a row, or of a block of it from column `col` on.
  [[gnu::noinline]] void RunFused(size_t r, size_t col, HalfRowJob& job,
                                  RowResult& result) const {
    LastBlock last;
    job.last = nullptr, job.to_floats = places_ == nullptr;
    job.from_floats = !is_half_;
    const size_t full = job.n / kBlock * kBlock;
    if (full != job.n) {
      alignas(64) float widened[kBlock];
      if (is_half_) Widen(r, col + full, job.n - full, widened);
      const float* const logits =
          is_half_ ? widened : static_cast<const float*>(x_.At(r, col + full));
      kernels_.exp_last(logits, job.e, job.n, params_, last);
      job.last = &last;
    }
    exp_row_(job, params_, result);
  }
  // Jobs of floats have no pending row.
  [[gnu::noinline]] void RunFloats(const HalfRowJob& job,
                                   RowResult& result) const {
    RowJob row = {};
    row.logits = static_cast<const float*>(job.logits);
    row.n = job.n;
    row.sink = -kInfinity;
    row.e = job.e;
    row.block_sums = job.n > kSumCols ? job.block_sums : nullptr;
    result.in_range =
        !plain_.exp_rows[0](nullptr, &row, 1, params_, &result).has_failed;
  }

  // Divides the columns after the whole blocks.
  void DivideLast(Pending& row) {
    if (row.e != nullptr) DivideBehind(row, full_, n_);
    row.e = nullptr;
  }
  void Divide(Pending& row) {
    if (row.e != nullptr) DivideAll(row, n_);
    row.e = nullptr;
  }
  void DivideAll(const Pending& row, size_t n) {
    if (places_ == nullptr) return DivideBehind(row, 0, n);
    const size_t full = n / kBlock * kBlock;
    DivideBehind(row, full, n);
    kernels_.divide[type_][is_fused_ ? 0 : 1](row.e, row.to, full, row.sum);
  }
  // Divides columns [col, n), whose exp values are in order.
  void DivideBehind(const Pending& row, size_t col, size_t n) {
    if (col == n) return;
    alignas(64) float last[kBlock];
    float* const e = row.e + col;
    float* const to = places_ == nullptr ? e : last;
    softmax_.divide(e, to, n - col, row.sum, MayHaveTiny(row.sum),
                    params_.parts);
    if (places_ == nullptr) return;
    passes_.narrow[type_](to, static_cast<uint16_t*>(row.to) + col, n - col);
  }
  void DivideAll() {
    for (Pending& row : pending_) Divide(row);
  }

  const ConstAnyRows& x_;
  const AnyRows& y_;
  const size_t n_, full_, distance_;
  const bool is_half_, is_fused_;  // the logits; the conversion and exp
  const size_t type_;              // the half type
  const HalfRowKernels& kernels_;
  void (*const exp_row_)(const HalfRowJob& job, const ExpParams& params,
                         RowResult& result);
  const HalfPasses& passes_;
  const RowKernels& row_;
  const SoftmaxKernels& softmax_;
  const LogitsKernels& plain_;
  const OtherHalfRows& others_;
  ExpParams params_;
  Prediction prediction_;
  float* const places_;
  bool is_usable_ = false;
  size_t failures_ = 0;
  Pending pending_[2] = {};
};

// Does calls with places of this size: each takes only the stack it needs.
template <size_t kPlace>
[[gnu::noinline]] void RunInPlaces(const ConstAnyRows& x, const AnyRows& y,
                                   const ScaleParts& parts, Target target,
                                   const OtherHalfRows& others) {
  alignas(64) float places[2 * kPlace];
  HalfRows(x, y, parts, target, others, places).Run();
}
[[gnu::noinline]] void RunInOutput(const ConstAnyRows& x, const AnyRows& y,
                                   const ScaleParts& parts, Target target,
                                   const OtherHalfRows& others) {
  HalfRows(x, y, parts, target, others, nullptr).Run();
}

}  // namespace

size_t PlaceCols(size_t cols) {
  return cols <= kShortPlace ? kShortPlace : kLongPlace;
}

bool RunHalfRows(const ConstAnyRows& x, const AnyRows& y,
                 const ScaleParts& parts, Target target,
                 const OtherHalfRows& others) {
  const size_t n = x.cols;
  const bool is_in_output = !IsHalf(y.type);
  if (n < kMinCols || n > (is_in_output ? kMaxJobCols : kMaxPartedCols) ||
      !parts.is_usual || (n > kLongPlace && x.data == y.data) ||
      KernelsOf(kHalfRowKernels, target).exp_last == nullptr) {
    return false;
  }
  if (is_in_output) {
    RunInOutput(x, y, parts, target, others);
  } else if (n <= kShortPlace) {
    RunInPlaces<kShortPlace>(x, y, parts, target, others);
  } else {
    RunInPlaces<kLongPlace>(x, y, parts, target, others);
  }
  return true;
}

}  // namespace internal
}  // namespace softlane
