// SPDX-License-Identifier: Apache-2.0
#include "schedules/columns.h"

#include <cstring>

#include "schedules/other_rows.h"

namespace softlane {
namespace internal {

namespace {

constexpr ScaleParts kNoneDirect = {1.0, 0.0f, 0.0f, -1.0f, false};

}  // namespace

void TileMemory::Widen(const ConstAnyPlanes& v, const void* from, size_t count,
                       size_t cols, float* values, size_t width) const {
  halves_->widen_rows[HalfIndexOf(v.type)](from, v.axis_stride, values, width,
                                           count, cols);
}

void TileMemory::Narrow(const AnyPlanes& v, void* to, size_t count, size_t cols,
                        const float* values, size_t width) const {
  halves_->narrow_rows[HalfIndexOf(v.type)](values, width, to, v.axis_stride,
                                            count, cols);
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
