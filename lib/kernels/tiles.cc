// SPDX-License-Identifier: Apache-2.0
#include "kernels/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tiles.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/lane_rows-inl.h"
#include "arith/max-inl.h"
#include "kernels/tile_rows-inl.h"
#include "kernels/tile_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::TileKernels;
using internal::TileRows;

// Computes the exp values of the lanes from `begin` to `end`. Values after the
// last element of a lane are computed, too, but not used.
HWY_NOINLINE void ExpLanes(const float* from, size_t n, const ScaleParts& parts,
                           float* to, size_t begin, size_t end,
                           const Tile& tile) {
  const size_t width = tile.width;
  for (size_t i = begin; i < end; i += kLanes) {
    const SoftmaxExp exp = MakeExp(Load(tile.offset + i), parts);
    for (size_t k = 0; k < n; k += 4) {
      const size_t at = k * width + i;
      StoreFour(exp(LoadFour(from + at, width)), to + at, width);
    }
  }
}

void Exp(const float* from, size_t n, const ScaleParts& parts, float* to,
         const Tile& tile) {
  ExpLanes(from, n, parts, to, 0, tile.width, tile);
}

// In a large tile, goes by some lanes at a time, so that exp values are still
// in a near cache when they are added.
void SumExp(float* values, size_t n, const ScaleParts& parts, Tile& tile) {
  const size_t width = tile.width;
  constexpr size_t kSmallTile = 2048;
  const size_t step = n * width <= kSmallTile ? width : 4 * kLanes;
  for (size_t i = 0; i < width; i += step) {
    const size_t end = HWY_MIN(i + step, width);
    ExpLanes(values, n, parts, values, i, end, tile);
    SumSomeLanes<float>(values + i, n, i, end, tile);
  }
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
// The addresses of `count` rows from `row` on, `stride` bytes apart. Lanes
// without a row get the last of them.
HWY_NOINLINE void SetAddresses(uintptr_t row, size_t stride, size_t count,
                               size_t width, uint64_t* to) {
  const hn::CappedTag<uint64_t, 8> d;
  constexpr size_t kStep = hn::MaxLanes(d);
  const auto index = hn::Iota(d, 0);
  auto at = hn::Set(d, row);
  for (size_t bit = 1; bit < kStep; bit *= 2) {
    const auto has_bit = hn::TestBit(index, hn::Set(d, bit));
    at = hn::Add(at, hn::IfThenElseZero(has_bit, hn::Set(d, bit * stride)));
  }
  const auto step = hn::Set(d, kStep * stride);
  const uint64_t last = row + (count - 1) * stride;
  constexpr bool kHasMin = HWY_TARGET == HWY_AVX3;  // of 64 bits
  for (size_t i = 0; i < width; i += kStep) {
    hn::StoreU(kHasMin ? hn::Min(at, hn::Set(d, last)) : at, d, to + i);
    at = hn::Add(at, step);
  }
  for (size_t i = count; !kHasMin && i < width; ++i) {
    i = Unknown(i);  // GCC would write code for each number of lanes
    to[i] = last;
  }
}
// Several rows at a time: row by row, 1024 x 8 takes 7 % longer with AVX2 on
// Zen 3, and 4 % with AVX-512 on Zen 5.
void SetRows(const Rows<const float>& x, const Rows<float>& y, size_t width,
             TileRows& rows) {
  static_assert(sizeof(rows.from[0]) == sizeof(uint64_t), "64-bit targets");
  const auto set = [&](const auto& view, void* to) HWY_ATTR {
    SetAddresses(reinterpret_cast<uintptr_t>(view.Row(rows.first)),
                 view.stride * sizeof(float), rows.count, width,
                 static_cast<uint64_t*>(to));
  };
  set(x, rows.from);
  set(y, rows.to);
}

bool ReadRows(const float* const* rows, size_t n, const ScaleParts& parts,
              float* values, Tile& tile) {
  const size_t width = tile.width;
  bool is_direct = true;
  for (size_t i = 0; i < width; i += kLanes) {
    ReadingRows reading{rows + i, values + i, width, Set(-kInfinity)};
    ForColumns(n, reading);
    VF offset;
    is_direct &= FindOffset(reading.max, parts, offset);
    Store(reading.max, tile.max + i);
    Store(offset, tile.offset + i);
  }
  return is_direct;
}

void Invert(Tile& tile) {
  for (size_t i = 0; i < tile.width; i += kLanes) {
    const LaneReciprocals reciprocals(
        hn::Load(F64(), tile.sums + i),
        hn::Load(F64(), tile.sums + i + kHalfLanes));
    Store(reciprocals.head, tile.head + i);
    Store(reciprocals.rest, tile.rest + i);
    Store(reciprocals.least, tile.least + i);
  }
}

// Four vectors at a time, with AVX2 on Zen 5, take 3.6 ns per vector, and one
// vector at a time 4.7 ns. With AVX-512 four vectors would save 3 % of
// log-softmax at 32 x 4 x 49, and have 350 bytes more code than two.
HWY_NOINLINE void Logs(const double* from, size_t width, double* to) {
  const F64 d;
  constexpr size_t kCount = kLanes == 16 ? 2 : 4;
  static_assert(internal::kMaxTileLanes % (kCount * kHalfLanes) == 0,
                "all fit");
  for (size_t i = 0; i < width; i += kCount * kHalfLanes) {
    VD v[kCount];
    HWY_UNROLL(kCount)
    for (size_t k = 0; k < kCount; ++k) {
      v[k] = hn::Load(d, from + i + k * kHalfLanes);
    }
    LogsOf(v);
    HWY_UNROLL(kCount)
    for (size_t k = 0; k < kCount; ++k) {
      hn::Store(v[k], d, to + i + k * kHalfLanes);
    }
  }
}

// Corrects the logarithms of kHalfLanes sums from lane i on, if a sum is the
// exp value of the maximum alone.
HWY_NOINLINE void SetLogsOfOne(const Tile& tile, const ScaleParts& parts,
                               size_t i, double* logs) {
  const F64 d;
  const size_t first = i & ~(kLanes - 1);
  HWY_ALIGN float tops[kLanes];
  const SoftmaxExp exp = MakeExp(Load(tile.offset + first), parts);
  Store(exp(Load(tile.max + first)), tops);
  const VD top_only = hn::Mul(InDouble(tile.max + i), hn::Set(d, parts.scale));
  const auto is_one =
      hn::Eq(hn::Load(d, tile.sums + i), InDouble(tops + (i - first)));
  hn::Store(hn::IfThenElse(is_one, top_only, hn::Load(d, logs + i)), d,
            logs + i);
}

void LogSums(const Tile& tile, const ScaleParts& parts, double* logs) {
  const F64 d;
  Logs(tile.sums, tile.width, logs);
  for (size_t i = 0; i < tile.width; i += kHalfLanes) {
    const VD sum = hn::Load(d, tile.sums + i);
    const VD log =
        hn::Add(LogDivisors(InDouble(tile.offset + i)), hn::Load(d, logs + i));
    hn::Store(hn::IfThenElse(hn::Eq(sum, sum), log, sum), d, logs + i);
    if (HWY_UNLIKELY(!hn::AllFalse(d, MayBeOne(sum)))) {
      SetLogsOfOne(tile, parts, i, logs);
    }
  }
}

void WriteProbabilities(const float* e, size_t n, const Tile& tile,
                        float* const* rows) {
  WriteRows(e, n, tile.width, rows, [&](size_t i) HWY_ATTR {
    return Probabilities(Load(tile.head + i), Load(tile.rest + i),
                         Load(tile.least + i));
  });
}

constexpr TileKernels kKernels = {
    kLanes,        &SetRows, &ReadRows, &Exp,  &SumExp,  kSums<float>,
    kSums<double>, &EndSums, &Invert,   &Logs, &LogSums, &WriteProbabilities};
#else
void Invert(Tile& tile) {
  for (size_t i = 0; i < tile.width; ++i) {
    const Reciprocal reciprocal = ReciprocalOf(tile.sums[i]);
    tile.head[i] = reciprocal.head;
    tile.rest[i] = reciprocal.rest;
    tile.least[i] = reciprocal.least;
  }
}

constexpr TileKernels kKernels = {
    kLanes,        nullptr,  nullptr, &Exp,    &SumExp, kSums<float>,
    kSums<double>, &EndSums, &Invert, nullptr, nullptr, nullptr};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const TileKernels> kTileKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
