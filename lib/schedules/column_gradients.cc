// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_gradients.h"

#include "schedules/narrow_columns.h"

namespace softlane {
namespace internal {
namespace {

struct GradientCall {
  const GradientColumnKernels& kernels;
  const Planes<const float>&a, b;
  const Planes<float>& dx;
  float scale;
  Target target;
  size_t lanes;

  GradientRows Rows(size_t outer, size_t inner, size_t cols) const {
    return {a.data + outer * a.outer_stride + inner,
            a.axis_stride,
            b.data + outer * b.outer_stride + inner,
            b.axis_stride,
            a.axis,
            cols};
  }
};

// The number of columns that are summed and written before the next columns.
// Their elements are still in the second-level cache when they are written.
size_t ColumnsAtOnce(size_t n) {
  constexpr size_t kFloats = size_t{1} << 16, kLeast = 128;
  size_t cols = n <= kColumnBlock ? kMaxShortCols : kMaxLongCols;
  while (cols > kLeast && n * cols > kFloats) cols /= 2;
  return cols;
}

// Whether the results go past the caches. Without streaming, a line of results
// is read before it is written, so the results count twice. ns per element on
// Zen 5 with AVX-512 at 1 x 19 x 65536, streamed and not: softmax 0.206 and
// 0.228, log-softmax 0.18 and 0.27.
bool IsStreamed(const GradientCall& call, size_t cached) {
  const Planes<float>& dx = call.dx;
  const bool has_lines = reinterpret_cast<uintptr_t>(dx.data) % 64 == 0 &&
                         dx.axis_stride % 16 == 0 && dx.outer_stride % 16 == 0;
  return call.lanes > 1 && has_lines && dx.data != call.a.data &&
         dx.data != call.b.data && dx.outer * dx.axis > cached / 4 / dx.inner;
}

// Planes of floats, whose columns are not copied to a tile.
void RunPlanes(const GradientCall& call, size_t cached) {
  const Planes<float>& dx = call.dx;
  const size_t most = ColumnsAtOnce(dx.axis);
  const bool is_streamed = IsStreamed(call, cached);
  ColumnSums sums;
  for (size_t o = 0; o < dx.outer; ++o) {
    for (size_t i = 0, cols; i < dx.inner; i += cols) {
      const size_t left = dx.inner - i;
      cols = left < most ? left : most;
      // The last columns are at least a vector.
      if (left > cols && left - cols < call.lanes) cols -= call.lanes;
      const GradientRows rows = call.Rows(o, i, cols);
      call.kernels.sum(rows, true, true, sums);
      call.kernels.write(rows, call.scale, sums,
                         dx.data + o * dx.outer_stride + i, dx.axis_stride,
                         is_streamed && cols % (4 * call.lanes) == 0);
    }
  }
}

// Planes of any type, and columns that are less than a vector.
[[gnu::noinline]] void RunTiles(const GradientCall& call,
                                const ColumnTypes* types) {
  const TypedMemory memory(KernelsOf(kColumnKernels, call.target), types);
  const size_t n = call.dx.axis;
  ColumnSums sums;
  // No pass needs maxima. With vectors they cost nothing, but with one lane
  // each maximum is a branch that a CPU cannot predict.
  alignas(64) float maxima[kMaxTileLanes];
  float* const max = call.lanes == 1 ? nullptr : maxima;
  alignas(64) float a[kHalfTile];
  alignas(64) float b[kHalfTile];
  // With bfloat16, narrower tiles take 10 to 20 % more time than tiles of 64
  // columns.
  const size_t most = TileWidth(call.a, kHalfTile, 32);
  ForEachColumnTile(call.a, most, [&](const ColumnTile& at) {
    const size_t width = WholeVectors(at.cols, call.lanes);
    const Chunks chunks(n, width, kHalfTile, 4);
    const auto read = [&](size_t k, size_t count) {
      memory.Read(call.a, at, {k, count, a, width}, max != nullptr, max);
      memory.Read(call.b, at, {k, count, b, width}, max != nullptr, max);
      return GradientRows{a, width, b, width, count, width};
    };
    chunks.ForEach([&](size_t k, size_t count) {
      const GradientRows rows = read(k, count);
      if (chunks.fits) {
        memory.PrefetchIn(call.a, at);
        memory.PrefetchIn(call.b, at);
        memory.PrefetchOut(call.dx, at);
      }
      call.kernels.sum(rows, k == 0, k + count == n, sums);
    });
    chunks.ForEach([&](size_t k, size_t count) {
      const GradientRows rows =
          chunks.fits ? GradientRows{a, width, b, width, count, width}
                      : read(k, count);
      call.kernels.write(rows, call.scale, sums, a, width, false);
      memory.Write(call.dx, at, {k, count, a, width});
    });
  });
}

// Narrow planes of floats.
[[gnu::noinline]] void RunNarrow(const GradientCall& call, size_t at_once) {
  const NarrowMemory memory(call.target);
  ColumnSums sums;
  alignas(64) float a[kHalfTile];
  alignas(64) float b[kHalfTile];
  const size_t n = call.dx.axis, width = call.dx.inner * at_once;
  ForEachNarrowTile(call.a, at_once, [&](const ColumnTile& at) {
    memory.Read(call.a, at, {0, n, a, width}, false, nullptr);
    memory.Read(call.b, at, {0, n, b, width}, false, nullptr);
    const GradientRows rows{a, width, b, width, n, width};
    call.kernels.sum(rows, true, true, sums);
    call.kernels.write(rows, call.scale, sums, a, width, false);
    memory.Write(call.dx, at, {0, n, a, width});
  });
}

}  // namespace

void RunGradientColumns(const GradientColumnKernels& kernels,
                        const Planes<const float>& a,
                        const Planes<const float>& b, const Planes<float>& dx,
                        float scale, Target target, size_t cached,
                        const ColumnTypes* types) {
  const GradientCall call{
      kernels, a, b, dx, scale, target, KernelsOf(kTileKernels, target).lanes};
  if (types == nullptr && IsGapless(b) && IsGapless(dx)) {
    if (const size_t at_once = PlanesAtOnce(a, call.lanes, kHalfTile)) {
      return RunNarrow(call, at_once);
    }
  }
  if (types != nullptr || dx.inner < call.lanes) return RunTiles(call, types);
  RunPlanes(call, cached);
}

}  // namespace internal
}  // namespace softlane
