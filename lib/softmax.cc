// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/max-inl.h"
#include "arith/vector-inl.h"
#include "softmax_large-inl.h"
#include "softmax_pipeline-inl.h"
#include "softmax_row-inl.h"
#include "softmax_short-inl.h"
#include "softmax_tile-inl.h"
#include "stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// p = exp(scale x) / sum(exp(scale x)). Two sweeps: numerators and their sum (a
// read and a write per element); the division (both). A sweep for the maximum
// (a read) comes first in tiles, in a short row alone, and where a guess of
// it was not good enough.
//
// The maximum is not subtracted from x: fl(x - max) is the dominant error of
// other implementations. It is rounded to a whole number of octaves, which is
// taken off the exponents of the numerators: that is exact, and so is any other
// number of octaves.
//
// Special values: a NaN or +inf that the maximum does not show makes a
// numerator and so the sum NaN; -inf gives +0.

// A row whose maximum is not finite. Returns logsumexp.
HWY_NOINLINE float SpecialRow(const float* x, float* y, size_t n,
                              EmptyRow empty_row) {
  const float max = MaxOf<LaneNaN>(x, n);
  const bool zero = max == -kInfinity && empty_row == EmptyRow::kZero;
  Fill(y, n, zero ? 0.0f : kNaN);
  return max;
}

struct PlainRow {
  HWY_INLINE PlainLogits Logits() const { return {x}; }
  HWY_INLINE const float* Elements() const { return x; }
  HWY_INLINE bool PaysToStage() const { return pays_to_stage; }

  const float* x;
  size_t n;
  float* to;
  bool pays_to_stage;
};
struct PlainSource {
  static constexpr bool kMayMask = false;

  HWY_INLINE bool MayRun() const { return pays_to_stage; }
  HWY_INLINE PlainRow RowOf(size_t r) const {
    return {x.Row(r), x.cols, y.Row(r), pays_to_stage};
  }
  HWY_INLINE float FindMax(const PlainRow& row, float*) const {
    return MaxOf<IgnoreNaN>(row.x, row.n);
  }
  HWY_INLINE const PlainRow& AfterMax(const PlainRow& row, float*) const {
    return row;
  }
  HWY_INLINE const float* Ahead(size_t r) const {
    return r < x.rows ? x.Row(r) : nullptr;
  }
  HWY_INLINE NextRow Next(size_t r) const { return {Ahead(r), nullptr}; }
  HWY_INLINE float Sink(size_t) const { return -kInfinity; }
  HWY_INLINE float Special(size_t, const PlainRow& row, const float*) const {
    return SpecialRow(row.x, row.to, row.n, empty_row);
  }
  HWY_INLINE void FillNaN(size_t, const PlainRow& row, const float*) const {
    Fill(row.to, row.n, kNaN);
  }

  const Rows<const float>& x;
  const Rows<float>& y;
  EmptyRow empty_row;
  bool pays_to_stage = PaysToStage(x.rows, x.cols);
};

// A row alone: what many calls are about. Less to set up than a pipeline.
HWY_NOINLINE void SoftmaxOneRow(const float* x, float* y, size_t n,
                                float* logsumexp, EmptyRow empty_row,
                                const ScaleParts& parts) {
  const float max = MaxOf<IgnoreNaN>(x, n);
  float log = kNaN;
  if (IsFinite(max)) {
    const double sum = WriteNumerators(x, y, n, max, parts,
                                       logsumexp == nullptr ? nullptr : &log);
    if (sum == sum) {
      Replace(y, n, Probabilities(ReciprocalOf(sum)));
    } else {
      Fill(y, n, kNaN);
      log = kNaN;
    }
  } else {
    log = SpecialRow(x, y, n, empty_row);
  }
  if (logsumexp != nullptr) *logsumexp = log;
}

HWY_NOINLINE void SoftmaxLargeRows(const Rows<const float>& x,
                                   const Rows<float>& y, float* logsumexp,
                                   EmptyRow empty_row,
                                   const ScaleParts& parts) {
  for (size_t r = 0; r < x.rows; ++r) {
    const float* const from = x.Row(r);
    float* const to = y.Row(r);
    float* const log = logsumexp == nullptr ? nullptr : logsumexp + r;
    if (!SoftmaxLargeRow(from, to, x.cols, log, parts)) {
      SoftmaxOneRow(from, to, x.cols, log, empty_row, parts);
    }
  }
}

HWY_NOINLINE void SoftmaxPipelined(const Rows<const float>& x,
                                   const Rows<float>& y, float* logsumexp,
                                   EmptyRow empty_row, const ScaleParts& parts,
                                   Places places) {
  const PlainSource source{x, y, empty_row};
  Pipeline<PlainSource>(source, x.rows, x.cols, logsumexp, parts, places,
                        nullptr)
      .Run();
}

// The same with numerators that wait on the stack.
HWY_NOINLINE void SoftmaxOnStack(const Rows<const float>& x,
                                 const Rows<float>& y, float* logsumexp,
                                 EmptyRow empty_row, const ScaleParts& parts,
                                 Places places) {
  HWY_ALIGN float scratch[2 * kMaxStreamedCols];
  const PlainSource source{x, y, empty_row};
  Pipeline<PlainSource>(source, x.rows, x.cols, logsumexp, parts, places,
                        scratch)
      .Run();
  if (places == Places::kStreamed) hwy::FlushStream();
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
// Rows of a group that need more than a group does.
struct OneByOne {
  HWY_INLINE void operator()(size_t first, size_t count) const {
    for (size_t r = first; r < first + count; ++r) {
      SoftmaxOneRow(x.Row(r), y.Row(r), x.cols,
                    logsumexp == nullptr ? nullptr : logsumexp + r, empty_row,
                    parts);
    }
  }

  const Rows<const float>& x;
  const Rows<float>& y;
  float* logsumexp;
  EmptyRow empty_row;
  const ScaleParts& parts;
};

HWY_NOINLINE void SoftmaxInGroups(const Rows<const float>& x,
                                  const Rows<float>& y, EmptyRow empty_row,
                                  const RowSample& sample,
                                  const ScaleParts& parts) {
  const OneByOne fallback{x, y, nullptr, empty_row, parts};
  RunGuessedGroups<ShortGroup<RowLogits>>(x, y, fallback, sample, parts,
                                          RowLogits());
}
// For the shortest rows; and for logsumexp, which needs the maxima, and a first
// row too wide for a guess.
HWY_NOINLINE void SoftmaxInTiles(const Rows<const float>& x,
                                 const Rows<float>& y, float* logsumexp,
                                 EmptyRow empty_row, const ScaleParts& parts) {
  const OneByOne fallback{x, y, logsumexp, empty_row, parts};
  RunGroups<TileGroup>(x, y, fallback, parts, logsumexp);
}
#endif

// A row alone has less to do with its maximum than with a guess of it.
constexpr size_t kMinGuessedCols = 512;

// The choice between the schedules. All give the same bits. Each is a function
// of its own: a call of one row should not pay for the stack of the others.
void SoftmaxRows(const Rows<const float>& x, const Rows<float>& y,
                 float* logsumexp, const SoftmaxOptions& options) {
  if (x.rows == 0) return;
  const ScaleParts parts = SplitScale(options.scale);
  const EmptyRow empty_row = options.empty_row;
  if (x.rows == 1 && x.cols < kMinGuessedCols) {
    return SoftmaxOneRow(x.data, y.data, x.cols, logsumexp, empty_row, parts);
  }
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
  if (parts.unit == 1.0 && kMinGroupRows <= x.rows) {
    static_assert(kTileCapacity <= kMaxShortCols, "all have a group");
    const bool fits_tile = kMinTileCols <= x.cols && x.cols <= kTileCapacity;
    const bool is_tiled = fits_tile && IsTiled(x.rows, x.cols);
    if (logsumexp == nullptr && x.cols <= kMaxShortCols && !is_tiled) {
      const RowSample sample(x.data, x.cols, parts);
      // Too wide for a guess, shorter rows are faster in tiles. ns per element
      // of N(0, 30^2) on Zen 5 in groups and in tiles, with AVX-512 0.34 and
      // 0.27 at 64 x 64, but 0.26 and, one after the other, 0.50 at 64 x 160.
      if (!sample.is_wide || !fits_tile) {
        return SoftmaxInGroups(x, y, empty_row, sample, parts);
      }
    }
    if (fits_tile) return SoftmaxInTiles(x, y, logsumexp, empty_row, parts);
  }
#endif
  if (x.cols >= kMinLargeCols) {
    return SoftmaxLargeRows(x, y, logsumexp, empty_row, parts);
  }
  const bool in_place = x.data == y.data;
  // One row does not take the stack of many.
  if (x.rows != 1 && kMinStreamedSoftmaxCols <= x.cols &&
      x.cols <= kMaxStreamedCols && !in_place && IsLarge(x.rows, x.cols, 2)) {
    return SoftmaxOnStack(x, y, logsumexp, empty_row, parts, Places::kStreamed);
  }
  if (x.rows != 1 && x.cols <= kMaxStreamedCols && in_place) {
    return SoftmaxOnStack(x, y, logsumexp, empty_row, parts, Places::kScratch);
  }
  SoftmaxPipelined(x, y, logsumexp, empty_row, parts,
                   in_place ? Places::kScratch : Places::kOutput);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using SoftmaxFunction = void(const Rows<const float>&, const Rows<float>&,
                             float*, const SoftmaxOptions&);
constexpr internal::KernelTable<SoftmaxFunction> kSoftmaxTable =
    SOFTLANE_KERNEL_TABLE(SoftmaxRows);

Status Run(const Rows<const float>& logits, const Rows<float>& probs,
           float* logsumexp, const SoftmaxOptions& options, Target target) {
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  SoftmaxFunction* const kernel = internal::Select(kSoftmaxTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (logits.cols == 0) {
    if (logsumexp != nullptr)
      internal::FillMinusInfinity(logsumexp, logits.rows);
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  kernel(logits, probs, logsumexp, options);
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status Softmax(const Rows<const float>& logits, const Rows<float>& probs,
               const SoftmaxOptions& options, Target target) noexcept {
  if (Status s = internal::CheckMap(logits, probs); s != Status::kOk) {
    return s;
  }
  return Run(logits, probs, nullptr, options, target);
}

Status SoftmaxWithLogSumExp(const Rows<const float>& logits,
                            const Rows<float>& probs, float* logsumexp,
                            const SoftmaxOptions& options,
                            Target target) noexcept {
  if (Status s = internal::CheckOperands(
          internal::HaveSameShape(logits, probs), internal::Replaced(logits),
          internal::Replacing(probs),
          internal::WrittenVector(logsumexp, logits.rows));
      s != Status::kOk) {
    return s;
  }
  return Run(logits, probs, logsumexp, options, target);
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
