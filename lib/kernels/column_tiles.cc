// SPDX-License-Identifier: Apache-2.0
#include "kernels/column_tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/column_tiles.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/lane_rows-inl.h"
#include "arith/lane_sums-inl.h"
#include "arith/log_probabilities-inl.h"
#include "arith/max-inl.h"
#include "arith/probability-inl.h"
#include "kernels/column_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ColumnKernels;
using internal::ShiftedLogs;
using internal::Tile;

// Reads the partial vector at the end of each row.
HWY_NOINLINE void ReadPart(const float* from, size_t stride, size_t n,
                           size_t lanes, float* values, size_t width) {
  for (size_t k = 0; k < n; ++k) {
    Store(LoadFirst(from + k * stride, lanes, Set(0.0f)), values + k * width);
  }
}
// Aligned, because otherwise the time of a column of one vector depends on the
// address of the loop. Log-softmax at 4097 x 8 takes 0.56 or 0.66 ns per
// element on Zen 3.
[[gnu::aligned(64)]] void ReadColumns(const float* from, size_t stride,
                                      size_t n, size_t cols, float* values,
                                      size_t width, bool is_first, float* max) {
  if (is_first) {
    for (size_t i = 0; i < width; i += kLanes) Store(Set(-kInfinity), max + i);
  }
  const auto raise = [max](size_t i, VF x) HWY_ATTR {
    if (kLanes == 1 && max == nullptr) return;
    Store(hn::Max(Load(max + i), x), max + i);
  };
  const size_t lanes = cols % kLanes, end = cols - lanes;
  if (!kHasParts && lanes != 0) {
    ReadPart(from + end, stride, n, lanes, values + end, width);
  }
  ForVectors(
      n, cols,
      [&](size_t k, size_t i) HWY_ATTR {
        const Four v = LoadFour(from + k * stride + i, stride);
        StoreFour(v, values + k * width + i, width);
        raise(i, hn::Max(hn::Max(v.a, v.b), hn::Max(v.c, v.d)));
      },
      [&](size_t k, size_t i) HWY_ATTR {
        VF largest = Set(-kInfinity);
        const bool is_part = i == end;
        const bool is_copied = !kHasParts && is_part;
        const SomeLanes some(is_part ? lanes : kLanes);
        float* const to = values + k * width + i;
        ForRows(n - k, is_copied ? to : from + k * stride + i,
                is_copied ? width : stride, to, width,
                [&](const float* x, float* to) HWY_ATTR {
                  const VF v = some.Load(x);
                  Store(v, to);
                  largest = hn::Max(largest, v);
                });
        raise(i, largest);
      });
  // The exponential takes four rows at a time, and SoftFma has branches.
  for (size_t k = n; kLanes == 1 && k % 4 != 0; ++k) {
    Fill(values + k * width, width, 0.0f);
  }
}

void MultiplyColumns(float* values, size_t n, const float* factors,
                     size_t width) {
  for (size_t i = 0; i < width; i += kLanes) {
    const VF factor = Load(factors + i);
    for (size_t k = 0; k < n; ++k) {
      float* const at = values + k * width + i;
      Store(hn::Mul(Load(at), factor), at);
    }
  }
}

// The constants of a step are made in place, because GCC would copy a step of
// another object through memory.

void WriteProbabilities(float* e, size_t width, const Tile& tile,
                        const ColumnsOut& out) {
  WriteColumns(e, width, out, [&](size_t i) HWY_ATTR {
    return [e, step = Probabilities(Load(tile.head + i), Load(tile.rest + i),
                                    Load(tile.least + i))](const auto& of)
               HWY_ATTR { return step(of(e)); };
  });
}

// A shift of -0 and a factor of 1 change nothing.
void WriteLogs(float* x, float scale, const ShiftedLogs* shifted,
               const Tile& tile, const ColumnsOut& out) {
  HWY_ALIGN float scales[kLanes];
  HWY_ALIGN float factors[kLanes];
  HWY_ALIGN float minus_shifts[kLanes];
  Store(Set(scale), scales);
  Store(Set(1.0f), factors);
  Store(Set(-0.0f), minus_shifts);
  const bool is_shifted = shifted != nullptr;
  const float* const scale_of = is_shifted ? shifted->scale : scales;
  const float* const factor_of = is_shifted ? shifted->factor : factors;
  const float* const shift_of =
      is_shifted ? shifted->minus_shift : minus_shifts;
  const size_t all = is_shifted ? ~size_t{0} : 0;
  WriteColumns(x, tile.width, out, [&](size_t i) HWY_ATTR {
    return [x, is_shifted, factor = Load(factor_of + (i & all)),
            minus_shift = Load(shift_of + (i & all)),
            step = LaneLogProbabilities{
                Load(scale_of + (i & all)), Load(tile.head + i),
                Load(tile.rest + i)}](const auto& of) HWY_ATTR {
      const auto v = of(x);
      // With one lane a multiply-add takes long, so it is avoided.
      if (kLanes == 1 && !is_shifted) return step(v);
      return step(
          Map([&](VF x) HWY_ATTR { return Fma(x, factor, minus_shift); }, v));
    };
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

constexpr ColumnKernels kKernels = {&ReadColumns,     FindOffsets,
                                    &MultiplyColumns, &WriteProbabilities,
                                    &WriteLogs,       &LogOf};

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
