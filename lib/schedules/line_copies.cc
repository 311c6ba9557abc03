// SPDX-License-Identifier: Apache-2.0
#include "schedules/line_copies.h"

#include <cstdint>

namespace softlane {
namespace internal {
namespace {

// Lines are copied in blocks of this size. So a cache line with elements of
// neighbouring lines stays in the first-level cache until all these elements
// are copied.
constexpr size_t kBlockRows = 16, kBlockCols = 64;

struct Block {
  size_t row, rows, col, cols;
};
template <class Step>
void ForBlocks(size_t rows, size_t cols, const Step& step) {
  for (size_t r = 0; r < rows; r += kBlockRows) {
    for (size_t c = 0; c < cols; c += kBlockCols) {
      step(Block{r, rows - r < kBlockRows ? rows - r : kBlockRows, c,
                 cols - c < kBlockCols ? cols - c : kBlockCols});
    }
  }
}

// Element (r, c) stands at data[r * row + c * col].
template <typename T>
struct Layout {
  T* data;
  ptrdiff_t row, col;
};

ptrdiff_t Magnitude(ptrdiff_t stride) { return stride < 0 ? -stride : stride; }

// If `goes_down`, neighbours in memory are elements of neighbouring rows.
template <typename T, typename U>
void Copy(const Layout<T>& from, const Layout<U>& to, const Block& block,
          bool goes_down) {
  const ptrdiff_t rows = static_cast<ptrdiff_t>(block.rows);
  const ptrdiff_t cols = static_cast<ptrdiff_t>(block.cols);
  const ptrdiff_t outer = goes_down ? cols : rows;
  const ptrdiff_t inner = goes_down ? rows : cols;
  const ptrdiff_t from_outer = goes_down ? from.col : from.row;
  const ptrdiff_t from_inner = goes_down ? from.row : from.col;
  const ptrdiff_t to_outer = goes_down ? to.col : to.row;
  const ptrdiff_t to_inner = goes_down ? to.row : to.col;
  for (ptrdiff_t i = 0; i < outer; ++i) {
    const T* const in = from.data + i * from_outer;
    U* const out = to.data + i * to_outer;
    for (ptrdiff_t k = 0; k < inner; ++k) {
      out[k * to_inner] = in[k * from_inner];
    }
  }
}

// The layout of lines from an element on.
template <typename T, class View>
Layout<T> LayoutOf(const View& lines, size_t row, size_t col) {
  return {static_cast<T*>(lines.At(row, col)),
          static_cast<ptrdiff_t>(lines.stride),
          static_cast<ptrdiff_t>(lines.col_stride)};
}
template <class View>
bool GoesDown(const View& lines) {
  return Magnitude(static_cast<ptrdiff_t>(lines.stride)) <
         Magnitude(static_cast<ptrdiff_t>(lines.col_stride));
}
Layout<float> LayoutOf(const Rows<float>& rows, const Block& block) {
  return {rows.Row(block.row) + block.col, static_cast<ptrdiff_t>(rows.stride),
          1};
}

void CopyFromLines(const ConstLines& from, size_t row, size_t col,
                   const HalfPasses* passes, const Rows<float>& to) {
  const bool goes_down = GoesDown(from);
  ForBlocks(to.rows, to.cols, [&](const Block& block) {
    const size_t r = row + block.row, c = col + block.col;
    const Layout<float> place = LayoutOf(to, block);
    if (from.type == ElementType::kFloat32) {
      return Copy(LayoutOf<const float>(from, r, c), place, block, goes_down);
    }
    uint16_t halves[kBlockRows * kBlockCols];
    Copy(LayoutOf<const uint16_t>(from, r, c),
         Layout<uint16_t>{halves, kBlockCols, 1}, block, goes_down);
    passes->widen_rows[HalfIndexOf(from.type)](
        halves, kBlockCols, place.data, to.stride, block.rows, block.cols);
  });
}

void CopyToLines(const Rows<float>& from, const HalfPasses* passes,
                 const Lines& to, size_t row, size_t col) {
  const bool goes_down = GoesDown(to);
  ForBlocks(from.rows, from.cols, [&](const Block& block) {
    const size_t r = row + block.row, c = col + block.col;
    const Layout<float> place = LayoutOf(from, block);
    if (to.type == ElementType::kFloat32) {
      return Copy(place, LayoutOf<float>(to, r, c), block, goes_down);
    }
    uint16_t halves[kBlockRows * kBlockCols];
    passes->narrow_rows[HalfIndexOf(to.type)](
        place.data, from.stride, halves, kBlockCols, block.rows, block.cols);
    Copy(Layout<uint16_t>{halves, kBlockCols, 1}, LayoutOf<uint16_t>(to, r, c),
         block, goes_down);
  });
}

}  // namespace

const LineCopies kLineCopies = {&CopyFromLines, &CopyToLines};

}  // namespace internal
}  // namespace softlane
