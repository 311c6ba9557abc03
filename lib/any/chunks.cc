// SPDX-License-Identifier: Apache-2.0
#include "any/chunks.h"

namespace softlane {
namespace internal {
namespace {

// A smaller buffer, which takes less stack.
constexpr size_t kFewElements = 496;
// Lines that are copied at once where there is room: they may be elements of
// one cache line.
constexpr size_t kLines = 16;

// These functions are not inlined: their buffers would grow the stack frames of
// their callers.
[[gnu::noinline]] void RunFew(const Converter& converter, const ConstLines& x,
                              const Lines& y, const ChunkStep& step) {
  alignas(64) float a[kFewElements], b[kFewElements];
  ForRowsIn({a, b, kFewElements}, converter, x, y, step);
}
[[gnu::noinline]] void RunMany(const Converter& converter, const ConstLines& x,
                               const Lines& y, const ChunkStep& step) {
  alignas(64) float a[kChunk], b[kChunk];
  ForRowsIn({a, b, kChunk}, converter, x, y, step);
}
[[gnu::noinline]] void RunLong(const Converter& converter, const ConstLines& x,
                               const Lines& y, const ChunkStep& step) {
  alignas(64) float a[kMaxChunkCols], b[kMaxChunkCols];
  ForRowsIn({a, b, kMaxChunkCols}, converter, x, y, step);
}

// Steps through a chunk row by row.
[[gnu::noinline]] void StepByRow(const Chunk& chunk, const ChunkStep& step) {
  for (size_t r = 0; r < chunk.x.rows; ++r) {
    step({chunk.x.Slice(r, 1), chunk.y.Slice(r, 1), chunk.row + r, chunk.col});
  }
}

}  // namespace

void ForRowsIn(const Buffers& buffers, const Converter& converter,
               const ConstLines& x, const Lines& y, const ChunkStep& step) {
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
    // Large buffers leave no stack for the schedules of several rows.
    if (buffers.elements > kChunk) {
      StepByRow(chunk, step);
    } else {
      step(chunk);
    }
    if (y.data != nullptr) converter.Narrow(chunk.y, y, r, 0);
  }
}

void ForRows(const Converter& converter, const ConstLines& x, const Lines& y,
             const ChunkStep& step) {
  const bool is_copied = x.IsCopied() || y.IsCopied();
  if (x.cols <= kFewElements && x.rows <= kFewElements / x.cols) {
    RunFew(converter, x, y, step);
  } else if (x.cols <= (is_copied ? kChunk / kLines : kChunk)) {
    RunMany(converter, x, y, step);
  } else {
    RunLong(converter, x, y, step);
  }
}

void ForParts(const Converter& converter, const ConstLines& x, const Lines& y,
              size_t r, float* buffer, const ChunkStep& step) {
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
