// SPDX-License-Identifier: Apache-2.0
#include "kernels/short_rows.h"

#include <limits>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/short_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exponent_range.h"
#include "arith/fold_rows-inl.h"
#include "arith/lane_range-inl.h"
#include "arith/lane_rows-inl.h"
#include "arith/log-inl.h"
#include "arith/max-inl.h"
#include "kernels/batch_rows-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::AheadRows;
using internal::Batch;
using internal::kBatchRows;
using internal::ShortRowsKernels;
using internal::Writing;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

template <class Shape>
HWY_NOINLINE void SumRows(const Batch& batch, BatchSums& sums) {
  const float* from = batch.e;
  // Copies, because GCC would load the members again after each store.
  const size_t rows = batch.rows, stride = batch.e_stride, n = batch.n;
  const RowEnd row_end(n);
  for (size_t r = 0; r < rows; ++r, from += stride) {
    r = Unknown(r);
    sums.Set<Shape>(r, from, n, row_end);
  }
  sums.SetMissing(rows);
}

template <class Shape, Writing kWriting>
HWY_NOINLINE void WriteRows(const Batch& batch) {
  const float* from = batch.e;
  float* to = batch.probs;
  const size_t rows = batch.rows, n = batch.n;
  const size_t e_stride = batch.e_stride, stride = batch.probs_stride;
  for (size_t r = 0; r < rows; ++r) {
    RowWriter<kWriting>(batch, r, from, to).template WriteAll<Shape>(n);
    from += e_stride;
    to += stride;
  }
}

HWY_NOINLINE void PrefetchRow(const AheadRows& rows, size_t r, size_t n) {
  if (rows.data == nullptr) return;
  const float* const row = rows.data + r * rows.stride;
  for (size_t i = 0; i < n; i += 4 * kLanes) PrefetchRange<4 * kLanes>(row + i);
}

// Past the caches.
HWY_NOINLINE void StreamRows(const Batch& batch) {
  for (size_t r = 0; r < batch.rows; ++r) {
    if (r < batch.ahead_rows) {
      PrefetchRow(batch.ahead[0], r, batch.n);
      PrefetchRow(batch.ahead[1], r, batch.n);
    }
    const Probabilities probabilities(Set(batch.head[r]), Set(batch.rest[r]),
                                      Set(batch.least[r]));
    StreamRow(batch.e + r * batch.e_stride,
              batch.probs + r * batch.probs_stride, batch.n,
              UsualProbabilities{probabilities}, NextRow{});
  }
}

// Sums one batch and writes the other. Each waits for other units of the CPU.
template <class Shape>
HWY_NOINLINE void SumAndWriteRows(const Batch& batch, const Batch& before,
                                  BatchSums& sums) {
  const float* from = batch.e;
  const float* from_before = before.e;
  float* to = before.probs;
  const size_t rows = batch.rows, stride = batch.e_stride, n = batch.n;
  const size_t stride_before = before.e_stride, to_stride = before.probs_stride;
  const size_t rows_before = before.rows;
  const RowEnd row_end(n);
  for (size_t r = 0; r < rows_before; ++r) {
    r = Unknown(r);  // GCC would write code for each
    if (Shape::kVectors != 0 || r < rows) sums.Set<Shape>(r, from, n, row_end);
    RowWriter<Writing::kUsual>(before, r, from_before, to)
        .template WriteAll<Shape>(n);
    from += stride;
    from_before += stride_before;
    to += to_stride;
  }
  sums.SetMissing(rows);
}

// SumAndWriteRows of rows that are one or two vectors of AVX2. False: they are
// not, or `before` has more rows. ns per element on Zen 3 without and with it:
// attention 0.79 and 0.71 at 1024 x 8, softmax 0.46 and 0.43 at 512 x 16.
HWY_INLINE bool SumAndWriteWhole(const Batch& batch, const Batch& before,
                                 BatchSums& sums) {
  if (HWY_TARGET != HWY_AVX2 || batch.rows != before.rows) return false;
  if (batch.n == kLanes) {
    SumAndWriteRows<Shape<1, 1>>(batch, before, sums);
  } else if (batch.n == 2 * kLanes) {
    SumAndWriteRows<Shape<1, 2>>(batch, before, sums);
  } else {
    return false;
  }
  return true;
}

#if HWY_TARGET == HWY_AVX2
HWY_NOINLINE void SumWords(const Batch& batch, BatchSums& sums) {
  const float* e = batch.e;
  const size_t rows = batch.rows, n = batch.n;
  for (size_t r = 0; r < rows; ++r, e += n) {
    r = Unknown(r);
    sums.SetWords(r, e, n);
  }
  sums.SetMissing(rows);
}
#endif

void WriteBatch(const Batch& batch) {
  // A loop over four vectors of 16 lanes does nothing up to 64 columns. Without
  // and with it, AVX-512 on Zen 5: 151 and 178 ns a call at 16 x 64.
  using TinyShape = std::conditional_t<kLanes == 16, NarrowShape, AnyShape>;
  if (batch.writing == Writing::kTiny) {
    return WriteRows<TinyShape, Writing::kTiny>(batch);
  }
  if (batch.writing == Writing::kStreamed) return StreamRows(batch);
  if (kLanes == 16 || batch.n <= 64) {
    return WriteRows<NarrowShape, Writing::kUsual>(batch);
  }
  WriteRows<AnyShape, Writing::kUsual>(batch);
}

// A mask of the lanes in [least, most]. False for NaN.
HWY_INLINE auto IsWithin(VD sum, double least, double most) {
  const F64 d;
  return hn::And(hn::Ge(sum, hn::Set(d, least)), hn::Le(sum, hn::Set(d, most)));
}
// Sets the properties of a batch whose sums are not all usual.
HWY_NOINLINE void CheckSums(Batch& batch) {
  const F64 d;
  constexpr double kMost = std::numeric_limits<double>::max();
  const double least = internal::LeastSum(batch.n);
  auto have_no_tiny = hn::FirstN(d, hn::MaxLanes(d));
  auto are_enough = have_no_tiny, are_numbers = have_no_tiny;
  for (size_t r = 0; r < batch.rows; r += hn::MaxLanes(d)) {
    const VD sum = hn::Load(d, batch.sums + r);
    have_no_tiny =
        hn::And(have_no_tiny, IsWithin(sum, 0.0, internal::kMaxSumWithoutTiny));
    are_enough = hn::And(are_enough, IsWithin(sum, least, kMost));
    are_numbers = hn::And(are_numbers, IsWithin(sum, 0.0, kMost));
  }
  batch.have_no_tiny = hn::AllTrue(d, have_no_tiny);
  batch.are_enough = hn::AllTrue(d, are_enough);
  batch.are_numbers = hn::AllTrue(d, are_numbers);
}

HWY_INLINE void SetReciprocals(VD lower, VD upper, size_t r, Batch& batch) {
  const LaneReciprocals reciprocal(lower, upper);
  Store(reciprocal.head, batch.head + r);
  Store(reciprocal.rest, batch.rest + r);
  Store(reciprocal.least, batch.least + r);
}
void InvertSums(Batch& batch) {
  for (size_t r = 0; r < batch.rows; r += kLanes) {
    SetReciprocals(hn::Load(F64(), batch.sums + r),
                   hn::Load(F64(), batch.sums + r + kLanes / 2), r, batch);
  }
}

void SumBatch(Batch& batch, const Batch* before) {
  BatchSums sums;
  const bool is_fused = before != nullptr && before->writing == Writing::kUsual;
  if (before != nullptr && !is_fused) WriteBatch(*before);
#if HWY_TARGET == HWY_AVX2
  const bool is_in_words = batch.is_in_words;
  if (HWY_UNLIKELY(is_in_words)) SumWords(batch, sums);
#else
  constexpr bool is_in_words = false;
#endif
  if (!is_in_words && (!is_fused || !SumAndWriteWhole(batch, *before, sums))) {
    ChooseShape(batch.n, [&](auto shape) HWY_ATTR {
      using Shape = decltype(shape);
      using Alone = std::conditional_t<std::is_same_v<Shape, BlocksShape>,
                                       AnyShape, Shape>;
      is_fused ? SumAndWriteRows<Shape>(batch, *before, sums)
               : SumRows<Alone>(batch, sums);
    });
  }
  const F64 d;
  auto is_usual = hn::FirstN(d, hn::MaxLanes(d));
  const auto check = [&](VD sum) HWY_ATTR {
    is_usual = hn::And(is_usual, IsWithin(sum, internal::kMinUsualSum,
                                          internal::kMaxUsualSum));
  };
  for (size_t r = 0; r < batch.rows; r += kLanes) {
    const VD lower = sums.Of(r), upper = sums.Of(r + kLanes / 2);
    check(lower);
    check(upper);
    hn::Store(lower, d, batch.sums + r);
    hn::Store(upper, d, batch.sums + r + kLanes / 2);
    SetReciprocals(lower, upper, r, batch);
  }
  batch.are_usual = batch.have_no_tiny = batch.are_enough = batch.are_numbers =
      hn::AllTrue(d, is_usual);
  if (!batch.are_usual) CheckSums(batch);
}

// The exponential of kLanes rows from row r on.
HWY_INLINE SoftmaxExp ExpOfRanges(const Batch& batch, size_t r,
                                  const ScaleParts& parts) {
  return SoftmaxExp(Set(parts.l_hi), Set(parts.l_lo), Load(batch.offset + r),
                    Load(batch.lowest + r),
                    SoftmaxTable<internal::kRangeTop>());
}

bool JoinSinks(Batch& batch, const float* sinks, const ScaleParts& parts) {
  LaneRange lanes;
  const F64 d;
  const hn::Half<F32> half;
  for (size_t r = 0; r < batch.rows; r += kLanes) {
    const SoftmaxExp exp = ExpOfRanges(batch, r, parts);
    const size_t count = HWY_MIN(kLanes, batch.rows - r);
    const VF sink = LoadFirst(sinks + r, count, Set(-kInfinity));
    HWY_ALIGN float e[kLanes];
    Store(ExpInRange<true>(sink, exp, lanes), e);
    for (size_t i = 0; i < kLanes; i += kLanes / 2) {
      const VD sums = hn::Load(d, batch.sums + r + i);
      hn::Store(hn::Add(sums, hn::PromoteTo(d, hn::Load(half, e + i))), d,
                batch.sums + r + i);
    }
  }
  return lanes.IsInside();
}

// LogSumExp with a row per lane, and the bits of the rows' own plans.
void LogSums(const Batch& batch, const ScaleParts& parts, float* logsumexp) {
  const F64 d;
  const hn::RebindToSigned<F64> bits;
  const hn::Half<F32> half;
  for (size_t r = 0; r < batch.rows; r += kLanes) {
    const size_t count = HWY_MIN(kLanes, batch.rows - r);
    HWY_ALIGN float offsets[kLanes], top[kLanes], logs[kLanes];
    const VF row_max = LoadFirst(batch.max + r, count, Set(0.0f));
    VF offset;
    FindOffset(row_max, parts, offset);
    const SoftmaxExp exp = MakeExp(offset, parts);
    Store(offset, offsets);
    Store(exp(row_max), top);
    for (size_t i = 0; i < Unknown(kLanes); i += kLanes / 2) {
      const VD shift = hn::PromoteTo(d, hn::Load(half, offsets + i));
      const VD octaves = hn::PromoteTo(d, hn::Load(half, batch.offset + r + i));
      // Multiplies by a power of two, by adding to the exponent field.
      constexpr double kTop = internal::kRangeTop;
      const auto power = hn::ShiftLeft<52>(hn::ConvertTo(
          bits, hn::Add(hn::Sub(octaves, shift), hn::Set(d, 1023.0 - kTop))));
      const VD sum =
          hn::Mul(hn::Load(d, batch.sums + r + i), hn::BitCast(d, power));
      const VD log = LogOfLaneSums(
          sum, hn::PromoteTo(d, hn::Load(half, batch.max + r + i)), shift,
          hn::PromoteTo(d, hn::Load(half, top + i)), parts.scale);
      // Adds 0 like the shift of a single row, which turns -0 into +0.
      hn::Store(hn::DemoteTo(half, hn::Add(log, hn::Zero(d))), half, logs + i);
    }
    StoreFirst(Load(logs), logsumexp + r, count);
  }
}

constexpr ShortRowsKernels kKernels = {&SumBatch, &JoinSinks, &LogSums,
                                       &InvertSums, &WriteBatch};
#else
constexpr ShortRowsKernels kKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const ShortRowsKernels> kShortRowsKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
