// SPDX-License-Identifier: Apache-2.0
#include "schedules/columns.h"

#include <cstring>
#include <type_traits>

#include "schedules/other_rows.h"

namespace softlane {
namespace internal {

namespace {

constexpr ScaleParts kNoneDirect = {1.0, 0.0f, 0.0f, -1.0f, false};

// Element `first` of a tile's columns in planes of a half type. Null if there
// are no results.
template <typename T>
auto HalfAt(const Planes<T>& v, const ColumnTile& at, size_t first) {
  using Half = std::conditional_t<std::is_const_v<T>, const uint16_t, uint16_t>;
  using Void = std::conditional_t<std::is_const_v<T>, const void, void>;
  if (v.data == nullptr) return static_cast<Half*>(nullptr);
  return static_cast<Half*>(static_cast<Void*>(v.data)) +
         at.outer * v.outer_stride + first * v.axis_stride + at.inner;
}

}  // namespace

void TypedMemory::Read(const Planes<const float>& v, const ColumnTile& at,
                       const TilePart& part, bool is_first, float* max) const {
  if (!HasHalves() || !IsHalf(types_->in)) {
    return FloatMemory(kernels_).Read(v, at, part, is_first, max);
  }
  types_->passes.widen_rows[HalfIndexOf(types_->in)](
      HalfAt(v, at, part.first), v.axis_stride, part.values, part.width,
      part.count, at.cols);
  kernels_.read(part.values, part.width, part.count, at.cols, part.values,
                part.width, is_first, max);
}

ColumnsOut TypedMemory::PlaceOf(const Planes<float>& v, const ColumnTile& at,
                                const TilePart& part) const {
  if (HasHalfResults()) {
    return {part.values, part.width, part.count, part.width};
  }
  float* const to = at.Out(v);
  return {to == nullptr ? to : to + part.first * v.axis_stride, v.axis_stride,
          part.count, at.cols};
}

void TypedMemory::Narrow(const Planes<float>& v, const ColumnTile& at,
                         const TilePart& part) const {
  if (!HasHalfResults()) return;
  types_->passes.narrow_rows[HalfIndexOf(types_->out)](
      part.values, part.width, HalfAt(v, at, part.first), v.axis_stride,
      part.count, at.cols);
}

void TypedMemory::Write(const Planes<float>& v, const ColumnTile& at,
                        const TilePart& part) const {
  if (HasHalfResults()) return Narrow(v, at, part);
  for (size_t k = 0; k < part.count; ++k) {
    std::memcpy(at.Out(v) + (part.first + k) * v.axis_stride,
                part.values + k * part.width, at.cols * sizeof(float));
  }
}

void TypedMemory::PrefetchIn(const Planes<const float>& v,
                             const ColumnTile& at) const {
  if (!HasHalves() || !IsHalf(types_->in)) {
    return FloatMemory(kernels_).PrefetchIn(v, at);
  }
  PrefetchColumns(HalfAt(v, at, 0) + at.cols, v.axis_stride, v.axis,
                  at.ahead_in);
}

void TypedMemory::PrefetchOut(const Planes<float>& v,
                              const ColumnTile& at) const {
  if (!HasHalves() || !IsHalf(types_->out)) {
    return FloatMemory(kernels_).PrefetchOut(v, at);
  }
  PrefetchColumns(HalfAt(v, at, 0), v.axis_stride, v.axis, at.ahead_out);
}

bool TypedMemory::HasNan(const Planes<const float>& v, const ColumnTile& at,
                         size_t lane) const {
  const size_t o = lane % at.lanes, c = lane / at.lanes;
  if (o >= at.planes || c >= at.cols) return false;
  const ColumnTile column{at.outer + o, at.inner + c, 1, 0, 0};
  const bool is_half = HasHalves() && IsHalf(types_->in);
  // The bits of infinity; those of NaN are above.
  const uint32_t infinity = !is_half                               ? 0x7F800000
                            : types_->in == ElementType::kBFloat16 ? 0x7F80
                                                                   : 0x7C00;
  const uint32_t mask = is_half ? 0x7FFF : 0x7FFFFFFF;
  for (size_t k = 0; k < v.axis; ++k) {
    uint32_t bits;
    if (is_half) {
      bits = *HalfAt(v, column, k);
    } else {
      std::memcpy(&bits, column.In(v) + k * v.axis_stride, sizeof(bits));
    }
    if ((bits & mask) > infinity) return true;
  }
  return false;
}

size_t TileWidth(const Planes<const float>& v, size_t floats, size_t least) {
  if (v.axis <= floats / kMaxTileLanes) return kMaxTileLanes;
  // The number of rows of a tile is rounded up to a multiple of 16.
  const size_t width = floats / ((v.axis + 15) / 16 * 16) & ~(least - 1);
  return width == 0 || width > kNarrowTile ? kNarrowTile : width;
}

void ClearSums(Tile& tile) {
  std::memset(tile.lane_sums, 0, 8 * tile.width * sizeof(double));
}

RowPlan PlanColumn(float max, const ScaleParts& parts) {
  return PlanRow(max - max == 0.0f ? max : 0.0f, parts);
}

void ColumnPlans::Decide(const ColumnKernels& kernels, const ScaleParts& parts,
                         Tile& tile) {
  has_far = false;
  num_special = 0;
  const bool has_offsets = kernels.find_offsets != nullptr;
  if (has_offsets && kernels.find_offsets(parts, tile)) return;
  const ScaleParts& limits = has_offsets ? parts : kNoneDirect;
  const size_t others = FindOthers(tile.max, tile.width, limits, special);
  for (size_t k = 0; k < others; ++k) {
    const size_t c = special[k];
    const float column_max = tile.max[c];
    if (!IsFiniteMax(column_max)) {
      special[num_special++] = static_cast<uint8_t>(c);
      tile.offset[c] = static_cast<float>(-kHeadroom);
      continue;
    }
    tile.offset[c] = static_cast<float>(PlanRow(column_max, parts).offset);
    if (!IsDirect(column_max, parts)) has_far = true;
  }
  if (!has_far) return;
  std::memcpy(max, tile.max, tile.width * sizeof(float));
  for (size_t k = 0; k < num_special; ++k) max[special[k]] = 0.0f;
}

void ColumnPlans::EndSpecial(EmptyRow empty_row, Tile& tile) const {
  for (size_t k = 0; k < num_special; ++k) {
    const size_t c = special[k];
    const bool is_empty = tile.sums[c] == 0.0;
    tile.head[c] = tile.rest[c] =
        is_empty && empty_row == EmptyRow::kZero ? 0.0f : kNaN;
  }
}

void ColumnPlans::SetMaxima(const Tile& tile, const ScaleParts& parts) {
  has_far = false;
  for (size_t c = 0; c < tile.width; ++c) {
    max[c] = tile.max[c] - tile.max[c] == 0.0f ? tile.max[c] : 0.0f;
    has_far |= !IsDirect(max[c], parts);
  }
}

}  // namespace internal
}  // namespace softlane
