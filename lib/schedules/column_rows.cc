// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_rows.h"

#include <cstring>

namespace softlane {
namespace internal {
namespace {

// The numbers of columns and of elements that are transposed at a time. This
// many columns fill a cache line.
constexpr size_t kSide = 16;
using Square = float[kSide * kSide];

// Calls body(tile of up to kSide columns, the columns before).
template <class Body>
void ForTiles(size_t inner, const ColumnPart& part, const Body& body) {
  ColumnTile at{part.col / inner, part.col % inner, 0, 0, 0};
  for (size_t done = 0; done < part.cols; done += at.cols) {
    at.cols = part.cols - done;
    if (at.cols > kSide) at.cols = kSide;
    if (at.cols > inner - at.inner) at.cols = inner - at.inner;
    body(at, done);
    at.inner += at.cols;
    if (at.inner == inner) {
      at.inner = 0;
      ++at.outer;
    }
  }
}

// Calls body(TilePart) for up to kSide elements at a time.
template <class Body>
void ForSquares(const ColumnPart& part, float* values, const Body& body) {
  for (size_t k = 0; k < part.count; k += kSide) {
    const size_t left = part.count - k;
    body(TilePart{part.first + k, left < kSide ? left : kSide, values, kSide},
         k);
  }
}

}  // namespace

void ColumnRows::Read(const Planes<const float>& v, const ColumnPart& part,
                      float* rows, size_t stride) const {
  const TypedMemory memory(kernels_, types_);
  alignas(64) Square values;
  alignas(64) float max[kSide];
  ForTiles(v.inner, part, [&](const ColumnTile& at, size_t done) {
    ForSquares(part, values, [&](const TilePart& square, size_t k) {
      memory.Read(v, at, square, true, max);
      float* const to = rows + done * stride + k;
      for (size_t a = 0; a < square.count; ++a) {
        for (size_t c = 0; c < at.cols; ++c) {
          to[c * stride + a] = values[a * kSide + c];
        }
      }
    });
  });
}

// Results of a half type, as floats.
void ColumnRows::ReadResults(const Planes<float>& v, const ColumnTile& at,
                             const TilePart& part) const {
  alignas(64) float max[kSide];
  const ColumnTypes types = {types_->out, types_->out, types_->passes};
  TypedMemory(kernels_, &types).Read(v, at, part, true, max);
}

void ColumnRows::Write(const float* rows, size_t stride, bool are_added_to,
                       const Planes<float>& v, const ColumnPart& part) const {
  const TypedMemory memory(kernels_, types_);
  alignas(64) Square values;
  ForTiles(v.inner, part, [&](const ColumnTile& at, size_t done) {
    ForSquares(part, values, [&](const TilePart& square, size_t k) {
      const float* const from = rows + done * stride + k;
      if (are_added_to && memory.HasHalfResults()) ReadResults(v, at, square);
      memory.Put(v, at, square, [&](const ColumnsOut& out) {
        for (size_t a = 0; a < square.count; ++a) {
          for (size_t c = 0; c < at.cols; ++c) {
            float& to = out.to[a * out.stride + c];
            const float result = from[c * stride + a];
            to = are_added_to ? to + result : result;
          }
        }
      });
    });
  });
}

}  // namespace internal
}  // namespace softlane
