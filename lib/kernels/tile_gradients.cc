// SPDX-License-Identifier: Apache-2.0
#include "kernels/tile_gradients.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tile_gradients.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/row_exp-inl.h"
#include "kernels/attention_logits-inl.h"
#include "kernels/softmax_backward_row-inl.h"

// One pass computes logits, probabilities and gradients of a tile's row, with
// the arithmetic of attention_logits-inl.h, large_rows.cc and
// attention_backward_passes.cc.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::TileGradientKernels;
using internal::TileGradientRow;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
void WriteTileGradients(const TileGradientRow& row) {
  const AffineLogits<Masks::kAny> logits(row.options, row.scores, row.row);
  const SoftmaxExp exp = MakeExp(row.plan, internal::kUnscaled);
  const Probabilities probabilities(ReciprocalOf(row.sum));
  const VF scale = Set(row.options.scale);
  const VF minus_half_delta = Set(MinusHalf(row.delta));
  const float* const dps = row.dp + row.begin;
  float* const p_to = row.p;
  float* const dx_to = row.dx;
  const size_t n = row.n, begin = row.begin;
  const auto gradient = [&](VF p, VF dp) HWY_ATTR {
    return OfKey<true>(p, Gradient(p, dp, minus_half_delta, scale));
  };
  size_t i = 0;
  HWY_UNROLL(1)
  for (; n - i >= kLanes; i += kLanes) {
    const VF dp = Load(dps + i);
    const VF p = probabilities(exp(logits.One(begin + i)));
    if (HWY_LIKELY(p_to != nullptr)) Store(p, p_to + i);
    Store(gradient(p, dp), dx_to + i);
  }
  if (i == n) return;
  const VF dp = LoadFirst(dps + i, n - i, Set(0.0f));
  const VF p = probabilities(exp(logits.First(begin + i, n - i)));
  if (p_to != nullptr) StoreFirst(p, p_to + i, n - i);
  StoreFirst(gradient(p, dp), dx_to + i, n - i);
}
constexpr TileGradientKernels kKernels = {&WriteTileGradients};
#else
constexpr TileGradientKernels kKernels = {nullptr};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const TileGradientKernels> kTileGradientKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
