// SPDX-License-Identifier: Apache-2.0
#include "any/chunks.h"

namespace softlane {
namespace internal {
namespace {

// Few elements take less stack.
constexpr size_t kFewElements = 512;

// The frames of these functions are not the caller's.
[[gnu::noinline]] void RunFew(const Converter& converter, const ConstAnyRows& x,
                              const AnyRows& y, const ChunkStep& step) {
  alignas(64) float a[kFewElements], b[kFewElements];
  ForRowsIn({a, b, kFewElements}, converter, x, y, step);
}
[[gnu::noinline]] void RunMany(const Converter& converter,
                               const ConstAnyRows& x, const AnyRows& y,
                               const ChunkStep& step) {
  alignas(64) float a[kChunk], b[kChunk];
  ForRowsIn({a, b, kChunk}, converter, x, y, step);
}
[[gnu::noinline]] void RunLong(const Converter& converter,
                               const ConstAnyRows& x, const AnyRows& y,
                               const ChunkStep& step) {
  alignas(64) float a[kMaxChunkCols], b[kMaxChunkCols];
  ForRowsIn({a, b, kMaxChunkCols}, converter, x, y, step);
}

}  // namespace

void ForRowsIn(const Buffers& buffers, const Converter& converter,
               const ConstAnyRows& x, const AnyRows& y, const ChunkStep& step) {
  const size_t cols = x.cols;
  const size_t at_once = RowsAtOnce(cols, buffers.elements);
  for (size_t r = 0; r < x.rows; r += at_once) {
    const size_t count = x.rows - r < at_once ? x.rows - r : at_once;
    Chunk chunk;
    chunk.row = r;
    chunk.col = 0;
    chunk.x = converter.Widened(x, r, count, 0, cols, buffers.x);
    if (y.data != nullptr) {
      chunk.y = Converter::PlaceOf(y, r, count, 0, cols, buffers.y);
    }
    step(chunk);
    if (y.data != nullptr) converter.Narrow(chunk.y, y, r, 0);
  }
}

void ForRows(const Converter& converter, const ConstAnyRows& x,
             const AnyRows& y, const ChunkStep& step) {
  if (x.cols <= kFewElements && x.rows <= kFewElements / x.cols) {
    RunFew(converter, x, y, step);
  } else if (x.cols <= kChunk) {
    RunMany(converter, x, y, step);
  } else {
    RunLong(converter, x, y, step);
  }
}

void ForParts(const Converter& converter, const ConstAnyRows& x,
              const AnyRows& y, size_t r, float* buffer,
              const ChunkStep& step) {
  for (size_t i = 0; i < x.cols; i += kPartCols) {
    const size_t n = x.cols - i < kPartCols ? x.cols - i : kPartCols;
    Chunk chunk;
    chunk.row = r;
    chunk.col = i;
    chunk.x = converter.Widened(x, r, 1, i, n, buffer);
    if (y.data != nullptr) {
      chunk.y = Converter::PlaceOf(y, r, 1, i, n, buffer);
    }
    step(chunk);
    if (y.data != nullptr) converter.Narrow(chunk.y, y, r, i);
  }
}

}  // namespace internal
}  // namespace softlane
