// SPDX-License-Identifier: Apache-2.0
#include "kernels/column_tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/column_tiles.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/lane_rows-inl.h"
#include "arith/lane_sums-inl.h"
#include "arith/log_probabilities-inl.h"
#include "kernels/softmax_backward_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ColumnKernels;
using internal::ColumnsOut;
using internal::ShiftedLogs;
using internal::Tile;

void ReadColumns(const float* from, size_t stride, size_t n, size_t cols,
                 float* values, size_t width) {
  float* to = values;
  for (size_t k = 0;; from += stride, to += width) {
    size_t i = 0;
    for (; cols - i >= kLanes; i += kLanes) Store(Load(from + i), to + i);
    if (i != cols) Store(LoadFirst(from + i, cols - i, Set(0.0f)), to + i);
    // A row alone may have any stride: no pointer behind it.
    if (++k == n) break;
  }
  // The exponential takes four rows at a time, and SoftFma has branches.
  for (size_t k = n; kLanes == 1 && k % 4 != 0; ++k) {
    Fill(values + k * width, width, 0.0f);
  }
}

// value(k, i) gives kLanes of row k from i on.
template <class Value>
HWY_INLINE void WriteColumns(const ColumnsOut& out, const Value& value) {
  const size_t n = out.n, cols = out.cols, stride = out.stride;
  float* to = out.to;
  for (size_t k = 0;; to += stride) {
    size_t i = 0;
    for (; cols - i >= kLanes; i += kLanes) Store(value(k, i), to + i);
    if (i != cols) StoreFirst(value(k, i), to + i, cols - i);
    if (++k == n) return;
  }
}

void RaiseMax(const float* values, size_t n, Tile& tile) {
  const size_t width = tile.width;
  for (size_t i = 0; i < width; i += kLanes) {
    // Four chains, so that their latency does not bind.
    Four max = Repeat<Four>(Load(tile.max + i));
    const auto larger = [](VF a, VF b) HWY_ATTR { return hn::Max(a, b); };
    size_t k = 0;
    for (; n - k >= 4; k += 4) {
      max = Map(larger, max, LoadFour(values + k * width + i, width));
    }
    for (; k < n; ++k) max.a = larger(max.a, Load(values + k * width + i));
    Store(larger(larger(max.a, max.b), larger(max.c, max.d)), tile.max + i);
  }
}

void ShiftColumns(float* values, size_t n, const float* shift,
                  const float* unit, size_t width) {
  for (size_t i = 0; i < width; i += kLanes) {
    const Shifted argument{Load(shift + i), Load(unit + i)};
    for (size_t k = 0; k < n; ++k) {
      float* const at = values + k * width + i;
      Store(argument(Load(at)), at);
    }
  }
}

void CopyColumns(const float* values, const Tile& tile, const ColumnsOut& out) {
  const size_t width = tile.width;
  WriteColumns(out, [&](size_t k, size_t i)
                        HWY_ATTR { return Load(values + k * width + i); });
}

void WriteProbabilities(const float* e, const Tile& tile,
                        const ColumnsOut& out) {
  const size_t width = tile.width;
  WriteColumns(out, [&](size_t k, size_t i) HWY_ATTR {
    return ProbabilityOf(Load(e + k * width + i), Load(tile.head + i),
                         Load(tile.rest + i), Load(tile.least + i));
  });
}

void WriteLogs(const float* x, float scale, const Tile& tile,
               const ColumnsOut& out) {
  const size_t width = tile.width;
  WriteColumns(out, [&](size_t k, size_t i) HWY_ATTR {
    const LaneLogProbabilities logs{Set(scale), Load(tile.head + i),
                                    Load(tile.rest + i)};
    return logs(Load(x + k * width + i));
  });
}

void WriteShiftedLogs(const float* x, const ShiftedLogs& shifted,
                      const Tile& tile, const ColumnsOut& out) {
  const size_t width = tile.width;
  WriteColumns(out, [&](size_t k, size_t i) HWY_ATTR {
    const LaneLogProbabilities logs{Load(shifted.scale + i),
                                    Load(tile.head + i), Load(tile.rest + i)};
    return logs(Fma(Load(x + k * width + i), Load(shifted.factor + i),
                    Load(shifted.minus_shift + i)));
  });
}

struct ColumnProducts {
  HWY_INLINE VF operator()(size_t at) const {
    return hn::Mul(Load(p + at), Load(dp + at));
  }

  const float* p;
  const float* dp;
};

void AddProducts(float* p, float* dp, size_t n, Tile& tile) {
  const size_t width = tile.width;
  PadTerms(p, n, width, 0, width, kFoldedTerms);
  PadTerms(dp, n, width, 0, width, kFoldedTerms);
  for (size_t k = 0; k < n; k += kSumBlock) {
    // More than 8, so that all 16 sums of the block are made.
    const size_t count = HWY_MAX(kFoldedTerms, HWY_MIN(kSumBlock, n - k));
    for (size_t i = 0; i < width; i += kLanes) {
      const size_t at = k * width + i;
      const FoldedBlock<float> block(ColumnProducts{p + at, dp + at}, width,
                                     count);
      AddFolded(block.Terms(), block.kStep, tile.lane_sums + i, width);
    }
  }
}

void SumProducts(float* p, float* dp, size_t n, Tile& tile) {
  const size_t width = tile.width;
  const size_t folded = n <= kSumLanes ? kSumLanes : kFoldedTerms;
  PadTerms(p, n, width, 0, width, folded);
  PadTerms(dp, n, width, 0, width, folded);
  for (size_t i = 0; i < width; i += kLanes) {
    const FoldedBlock<float> block(ColumnProducts{p + i, dp + i}, width, n);
    SumOfBlock<float>(block.Terms(), block.kStep, folded, tile.sums + i);
    // Of -0 alone it is +0, as of a row's.
    for (size_t h = i; h < i + kLanes; h += kHalfLanes) {
      hn::Store(hn::Add(hn::Load(F64(), tile.sums + h), hn::Zero(F64())), F64(),
                tile.sums + h);
    }
  }
}

void WriteGradients(const float* p, const float* dp, float scale,
                    const Tile& tile, const ColumnsOut& out) {
  const size_t width = tile.width;
  WriteColumns(out, [&](size_t k, size_t i) HWY_ATTR {
    const size_t at = k * width + i;
    return Gradient(Load(p + at), Load(dp + at), Load(tile.head + i),
                    Set(scale));
  });
}

double LogOf(double x) { return Log(x); }

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
bool FindOffsets(const ScaleParts& parts, Tile& tile) {
  bool is_direct = true;
  for (size_t i = 0; i < tile.width; i += kLanes) {
    VF offset;
    is_direct &= FindOffset(Load(tile.max + i), parts, offset);
    Store(offset, tile.offset + i);
  }
  return is_direct;
}
#else
constexpr bool (*FindOffsets)(const ScaleParts&, Tile&) = nullptr;
#endif

constexpr ColumnKernels kKernels = {&ReadColumns,
                                    &RaiseMax,
                                    FindOffsets,
                                    &ShiftColumns,
                                    &CopyColumns,
                                    &WriteProbabilities,
                                    &WriteLogs,
                                    &WriteShiftedLogs,
                                    {&SumProducts, &AddProducts},
                                    &WriteGradients,
                                    &LogOf};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const ColumnKernels> kColumnKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
