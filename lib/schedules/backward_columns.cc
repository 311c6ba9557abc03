// SPDX-License-Identifier: Apache-2.0
#include "schedules/gradient_columns.h"

namespace softlane {
namespace internal {
namespace {

struct SoftmaxPasses {
  static constexpr size_t kStep = 4;

  void sum(float* p, float* dp, size_t n, Tile& tile) const {
    if (n <= kFewProducts) return kernels.sum_few_products(p, dp, n, tile);
    add(p, dp, n, true, tile);
    end(tile);
  }
  void add(const float* p, const float* dp, size_t n, bool is_first,
           Tile& tile) const {
    kernels.add_products(p, dp, n, is_first, tile);
  }
  void end(Tile& tile) const { tiles.end_sums(tile); }
  void write(float* p, const float* dp, const Tile& tile,
             const ColumnsOut& out) const {
    kernels.write_gradients(p, dp, scale, tile, out);
  }

  const TileKernels& tiles;
  const ColumnKernels& kernels;
  float scale;
};

[[gnu::noinline]] void RunHalves(const SoftmaxPasses& passes,
                                 const Planes<const float>& p,
                                 const Planes<const float>& dp,
                                 const Planes<float>& dx, Target target,
                                 const ColumnTypes* types) {
  RunGradientColumns(passes, p, dp, dx, target,
                     TypedMemory(passes.kernels, types));
}

}  // namespace

void RunBackwardColumns(const Planes<const float>& p,
                        const Planes<const float>& dp, const Planes<float>& dx,
                        float scale, Target target, const ColumnTypes* types) {
  const SoftmaxPasses passes{KernelsOf(kTileKernels, target),
                             KernelsOf(kColumnKernels, target), scale};
  if (types != nullptr) return RunHalves(passes, p, dp, dx, target, types);
  RunGradientColumns(passes, p, dp, dx, target, FloatMemory(passes.kernels));
}

}  // namespace internal
}  // namespace softlane
