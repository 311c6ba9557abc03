// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "max-inl.h"
#include "softmax_blocks-inl.h"
#include "softmax_large-inl.h"
#include "softmax_pipeline-inl.h"
#include "softmax_row-inl.h"
#include "softmax_short-inl.h"
#include "softmax_tile-inl.h"
#include "stream-inl.h"
#include "vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// p = exp(scale x) / sum(exp(scale x)). Three sweeps: the maximum (a read per
// element); numerators and their sum (a read and a write); the division (both).
//
// The maximum is not subtracted from x: fl(x - max) is the dominant error of
// other implementations. It is rounded to a whole number of octaves, which is
// taken off the exponents of the numerators: that is exact.
//
// Special values: a NaN or +inf that the maximum does not show makes a
// numerator and so the sum NaN; -inf gives a tiny numerator, which is flushed.

// A row whose maximum is not finite. Returns logsumexp.
HWY_NOINLINE float SpecialRow(const float* x, float* y, size_t n,
                              EmptyRow empty_row) {
  const float max = MaxOf<LaneNaN>(x, n);
  const bool zero = max == -kInfinity && empty_row == EmptyRow::kZero;
  Fill(y, n, zero ? 0.0f : kNaN);
  return max;
}

struct PlainSource {
  HWY_INLINE PlainLogits LogitsOf(size_t r, bool) const { return {x.Row(r)}; }
  HWY_INLINE Extent FindExtent(size_t r) const {
    return ExtentOf(x.Row(r), x.cols);
  }
  HWY_INLINE PlainLogits From(size_t r) const { return {x.Row(r)}; }
  HWY_INLINE NextRow Next(size_t r) const {
    return {r < x.rows ? x.Row(r) : nullptr, nullptr};
  }
  HWY_INLINE float* Place(size_t r) const {
    return scratch == nullptr ? y.Row(r) : scratch;
  }
  HWY_INLINE float Sink(size_t) const { return -kInfinity; }
  HWY_INLINE float Special(size_t r) const {
    return SpecialRow(x.Row(r), y.Row(r), x.cols, empty_row);
  }
  HWY_INLINE void FillNaN(size_t r) const { Fill(y.Row(r), x.cols, kNaN); }

  const Rows<const float>& x;
  const Rows<float>& y;
  EmptyRow empty_row;
  float* scratch;
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
      Replace(y, n, Quotients(ReciprocalOf(sum)));
    } else {
      Fill(y, n, kNaN);
      log = kNaN;
    }
  } else {
    log = SpecialRow(x, y, n, empty_row);
  }
  if (logsumexp != nullptr) *logsumexp = log;
}

HWY_NOINLINE void SoftmaxLongRows(const Rows<const float>& x,
                                  const Rows<float>& y, float* logsumexp,
                                  EmptyRow empty_row, const ScaleParts& parts) {
  const size_t n = x.cols;
  for (size_t r = 0; r < x.rows; ++r) {
    const float* const from = x.Row(r);
    float* const to = y.Row(r);
    float* const log = logsumexp == nullptr ? nullptr : logsumexp + r;
    bool is_done = false;
    if (n >= kMinLargeCols) {
      is_done = SoftmaxLargeRow(from, to, n, log, parts);
    } else if (kHasFma && from != to) {  // one lane at a time has no gain
      is_done = SoftmaxBlockedRow(from, to, n, log, parts);
    }
    if (!is_done) SoftmaxOneRow(from, to, n, log, empty_row, parts);
  }
}

HWY_NOINLINE void SoftmaxPipelined(const Rows<const float>& x,
                                   const Rows<float>& y, float* logsumexp,
                                   EmptyRow empty_row,
                                   const ScaleParts& parts) {
  const PlainSource source{x, y, empty_row, nullptr};
  Pipeline<PlainSource>(source, y, logsumexp, parts, false).Run();
}

// The same past the caches: what the output held is never read. Numerators wait
// on the stack.
HWY_NOINLINE void SoftmaxStreamed(const Rows<const float>& x,
                                  const Rows<float>& y, float* logsumexp,
                                  EmptyRow empty_row, const ScaleParts& parts) {
  HWY_ALIGN float scratch[kMaxStreamedCols];
  const PlainSource source{x, y, empty_row, scratch};
  Pipeline<PlainSource>(source, y, logsumexp, parts, true).Run();
  hwy::FlushStream();
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
template <class Group, class... Parameters>
HWY_NOINLINE void SoftmaxInGroups(const Rows<const float>& x,
                                  const Rows<float>& y, float* logsumexp,
                                  EmptyRow empty_row, const ScaleParts& parts,
                                  const Parameters&... parameters) {
  const auto fallback = [&](size_t first, size_t count) HWY_ATTR {
    SoftmaxPipelined(x.Slice(first, count), y.Slice(first, count),
                     logsumexp == nullptr ? nullptr : logsumexp + first,
                     empty_row, parts);
  };
  RunGroups<Group>(x, y, fallback, parts, parameters...);
}
#endif

// From so many columns on, one row and many are faster in blocks. ns per
// element on Zen 5, in blocks and not: with AVX-512 0.117 and 0.128 at 1 x
// 16384, 0.122 and 0.162 at 1 x 262144, 0.117 and 0.133 at 32 x 32768, 0.118
// and 0.155 at 2 x 128256; with AVX2 0.228 and 0.248 at 4 x 50257.
constexpr size_t kMinBlockedCols = 8192;
constexpr size_t kMinBlockedColsOfMany = kLanes == 16 ? 32768 : 49152;

// The choice between the schedules. All give the same bits. Each is a function
// of its own: a call of one row should not pay for the stack of the others.
void SoftmaxRows(const Rows<const float>& x, const Rows<float>& y,
                 float* logsumexp, const SoftmaxOptions& options) {
  if (x.rows == 0) return;
  const ScaleParts parts = SplitScale(options.scale);
  const EmptyRow empty_row = options.empty_row;
  if (x.rows == 1 && x.cols < kMinBlockedCols) {
    return SoftmaxOneRow(x.data, y.data, x.cols, logsumexp, empty_row, parts);
  }
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
  if (parts.unit == 1.0 && kMinGroupRows <= x.rows) {
    const bool has_log = logsumexp != nullptr;
    const size_t max_tile_cols = has_log ? kTileCapacity : kMaxTileCols;
    if (kMinTileCols <= x.cols && x.cols <= max_tile_cols) {
      return SoftmaxInGroups<TileGroup>(x, y, logsumexp, empty_row, parts,
                                        logsumexp);
    }
    if (x.cols <= kMaxShortCols && !has_log) {
      return SoftmaxInGroups<ShortGroup>(x, y, nullptr, empty_row, parts);
    }
  }
#endif
  if (kMinStreamedCols <= x.cols && x.cols <= kMaxStreamedCols &&
      IsLarge(x.rows, x.cols, 2) && x.data != y.data) {
    return SoftmaxStreamed(x, y, logsumexp, empty_row, parts);
  }
  if (x.rows != 1 && x.cols < kMinBlockedColsOfMany) {
    return SoftmaxPipelined(x, y, logsumexp, empty_row, parts);
  }
  SoftmaxLongRows(x, y, logsumexp, empty_row, parts);
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
  if (!internal::IsFinitePositive(options.scale) ||
      options.empty_row > EmptyRow::kZero) {
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
  if (Status s = internal::CheckRowMap(logits, probs); s != Status::kOk) {
    return s;
  }
  return Run(logits, probs, nullptr, options, target);
}

Status SoftmaxWithLogSumExp(const Rows<const float>& logits,
                            const Rows<float>& probs, float* logsumexp,
                            const SoftmaxOptions& options,
                            Target target) noexcept {
  if (Status s = internal::CheckRowMap(logits, probs); s != Status::kOk) {
    return s;
  }
  if (Status s = internal::CheckRowResults(logits, logsumexp);
      s != Status::kOk) {
    return s;
  }
  if (Status s = internal::CheckRowResults(probs, logsumexp);
      s != Status::kOk) {
    return s;
  }
  return Run(logits, probs, logsumexp, options, target);
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
