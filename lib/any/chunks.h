// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_CHUNKS_H_
#define SOFTLANE_LIB_ANY_CHUNKS_H_

#include <cstddef>

#include "any/step.h"
#include "schedules/converter.h"
#include "schedules/lines.h"
#include "softlane/any_rows.h"

// Half types are done by the functions of floats. A chunk of an input is
// widened into a buffer in the first-level cache, the function of floats runs
// on the buffer, and its results are narrowed to the output. Operands of floats
// are read and written in place. So the results are those of floats, rounded
// once, and no function is compiled again for another type.

namespace softlane {
namespace internal {

/// The columns of the longest row that a chunk holds, and the elements of a
/// chunk of several rows.
constexpr size_t kMaxChunkCols = 8192;
constexpr size_t kChunk = 2048;
/// The columns of a part of a longer row: a block of its sum, see rows.h.
constexpr size_t kPartCols = kStateCols;

/// The number of rows in a chunk with room for `elements` elements, at least 1.
/// The functions of floats do short rows in groups, and the number keeps these
/// groups full.
constexpr size_t RowsAtOnce(size_t cols, size_t elements) {
  constexpr size_t kGroup = 16;
  const size_t rows = cols < elements ? elements / cols : 1;
  return rows > kGroup ? rows - rows % kGroup : rows;
}

/// A chunk of a call: its input, its output, the first row, and the first
/// column.
struct Chunk {
  Rows<const float> x;
  Rows<float> y;
  size_t row;
  size_t col;
};
using ChunkStep = Step<const Chunk&>;

/// Calls step(chunk) for all rows, which have at most kMaxChunkCols columns.
/// The x of a chunk does not overlap its y. If y has no data, it is not an
/// operand.
void ForRows(const Converter& converter, const ConstLines& x, const Lines& y,
             const ChunkStep& step);

/// The buffers of a chunk's floats. Each holds `elements` floats if the chunk
/// has several rows, and at least one row.
struct Buffers {
  float* x;
  float* y;
  size_t elements;
};
/// ForRows in the given buffers.
void ForRowsIn(const Buffers& buffers, const Converter& converter,
               const ConstLines& x, const Lines& y, const ChunkStep& step);

/// Calls step(chunk) for parts of row r, in order. If `x` and `y` are of half
/// types, the chunk's x is its y. `buffer` has kPartCols elements.
void ForParts(const Converter& converter, const ConstLines& x, const Lines& y,
              size_t r, float* buffer, const ChunkStep& step);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_CHUNKS_H_
