// SPDX-License-Identifier: Apache-2.0
#include "any/state_parts.h"

#include "fp_environment.h"

namespace softlane {
namespace internal {
namespace {

template <typename Void>
BasicAnyRows<Void> ColumnsOf(const BasicAnyRows<Void>& view, size_t row,
                             size_t first, size_t count) {
  if (view.data == nullptr || count == 0) return {};
  return {view.At(row, first), view.type, 1, count, view.stride};
}

[[gnu::noinline]] void RunLongRows(const Converter& converter,
                                   const ConstAnyRows& x, const AnyRows& y,
                                   size_t head, const ChunkStep& step) {
  alignas(64) float buffer[kPartCols];
  for (size_t r = 0; r < x.rows; ++r) {
    for (const size_t first : {size_t{0}, head}) {
      const size_t count = first == head ? x.cols - head : head;
      const auto shifted = [&](Chunk chunk) {
        chunk.row = r;
        chunk.col += first;
        step(chunk);
      };
      ForParts(converter, ColumnsOf(x, r, first, count),
               ColumnsOf(y, r, first, count), 0, buffer, shifted);
      if (head == 0) break;
    }
  }
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const ConstAnyRows& x, const AnyRows& y,
                                  size_t first_col, Target target,
                                  const ChunkStep& step) {
  const Converter converter(target);
  if (x.cols <= kMaxChunkCols) return ForRows(converter, x, y, step);
  RunLongRows(converter, x, y,
              (kStateCols - first_col % kStateCols) % kStateCols, step);
}

}  // namespace

void ForStateParts(const ConstAnyRows& x, const AnyRows& y, size_t first_col,
                   Target target, const ChunkStep& step) {
  const FpEnvironment environment;
  RunChecked(x, y, first_col, Resolve(target), step);
}

}  // namespace internal
}  // namespace softlane
