// SPDX-License-Identifier: Apache-2.0
#include "schedules/narrow_columns.h"

#include "kernels/row_limits.h"

namespace softlane {
namespace internal {
namespace {

// Sets pointers to the planes of a tile. For missing planes, the last pointer
// is repeated.
template <typename T>
void SetPlanes(const Planes<T>& v, const ColumnTile& at, T** planes) {
  T* plane = v.data + at.outer * v.outer_stride;
  for (size_t o = 0; o < at.lanes; ++o) {
    planes[o] = plane;
    if (o + 1 < at.planes) plane += v.outer_stride;
  }
}

}  // namespace

size_t PlanesAtOnce(const Planes<const float>& v, size_t lanes, size_t floats) {
  // The number of rows of a tile is rounded up to a multiple of 16.
  const size_t rows = (v.axis + 15) / 16 * 16;
  if (lanes == 1 || v.inner >= lanes || v.axis > floats || !IsGapless(v) ||
      rows * v.inner * lanes > floats || v.inner * lanes > kMaxTileLanes) {
    return 0;
  }
  // A plane is read as a row of a tile.
  if (v.axis * v.inner < kMinTileCols) return 0;
  // With fewer planes, several planes at once would leave more lanes idle than
  // one plane does.
  if (v.outer < 2 * v.inner) return 0;
  size_t planes = lanes;
  while (2 * planes * v.inner <= kMaxTileLanes &&
         2 * planes * v.inner * rows <= floats && planes < v.outer) {
    planes *= 2;
  }
  return planes;
}

void NarrowMemory::Read(const Planes<const float>& v, const ColumnTile& at,
                        const TilePart& part, bool is_first, float* max) const {
  const float* planes[kMaxTileLanes];
  SetPlanes(v, at, planes);
  narrow_.read(planes, v.axis * v.inner, part.values, at.lanes);
  if (max == nullptr) return;
  kernels_.read(part.values, part.width, part.count, part.width, part.values,
                part.width, is_first, max);
}

void NarrowMemory::Write(const Planes<float>& v, const ColumnTile& at,
                         const TilePart& part) const {
  float* planes[kMaxTileLanes];
  SetPlanes(v, at, planes);
  narrow_.write(part.values, v.axis * v.inner, planes, at.lanes);
}

}  // namespace internal
}  // namespace softlane
