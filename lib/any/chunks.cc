// SPDX-License-Identifier: Apache-2.0
#include "any/chunks.h"

#include "any/any_check.h"

namespace softlane {
namespace internal {
namespace {

bool IsHalf(ElementType type) { return type != ElementType::kFloat32; }

// The columns of a window of a view, if they are floats.
template <typename T, typename View>
Rows<T> WindowOf(const View& view, size_t row, size_t rows, size_t col,
                 size_t cols) {
  return {static_cast<T*>(view.At(row, col)), rows, cols, view.stride};
}

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

Rows<const float> Converter::Widened(const ConstAnyRows& view, size_t row,
                                     size_t rows, size_t col, size_t cols,
                                     float* buffer) const {
  if (!IsHalf(view.type)) {
    return WindowOf<const float>(view, row, rows, col, cols);
  }
  const auto widen = passes_.widen[HalfIndexOf(view.type)];
  if (view.stride == cols) {
    widen(view.At(row, col), buffer, rows * cols);
  } else {
    for (size_t r = 0; r < rows; ++r) {
      widen(view.At(row + r, col), buffer + r * cols, cols);
    }
  }
  return {buffer, rows, cols};
}

Rows<float> Converter::PlaceOf(const AnyRows& view, size_t row, size_t rows,
                               size_t col, size_t cols,
                               float* buffer) noexcept {
  if (!IsHalf(view.type)) return WindowOf<float>(view, row, rows, col, cols);
  return {buffer, rows, cols};
}

void Converter::Narrow(const Rows<float>& place, const AnyRows& view,
                       size_t row, size_t col) const {
  if (!IsHalf(view.type)) return;
  const auto narrow = passes_.narrow[HalfIndexOf(view.type)];
  if (view.stride == place.cols) {
    narrow(place.data, view.At(row, col), place.rows * place.cols);
    return;
  }
  for (size_t r = 0; r < place.rows; ++r) {
    narrow(place.Row(r), view.At(row + r, col), place.cols);
  }
}

void ForRowsIn(const Buffers& buffers, const Converter& converter,
               const ConstAnyRows& x, const AnyRows& y, const ChunkStep& step) {
  const size_t cols = x.cols;
  const size_t at_once = cols < buffers.elements ? buffers.elements / cols : 1;
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
