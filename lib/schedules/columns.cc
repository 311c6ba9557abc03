// SPDX-License-Identifier: Apache-2.0
#include "schedules/columns.h"

#include <cstring>
namespace softlane {
namespace internal {
namespace {

// The maximum may have lost a NaN.
bool IsMinusInfinity(const float* x, size_t stride, size_t n) {
  for (size_t k = 0; k < n; ++k) {
    if (!(x[k * stride] == -kInfinity)) return false;
  }
  return true;
}

}  // namespace

void ClearSums(Tile& tile) {
  std::memset(tile.lane_sums, 0, 8 * tile.width * sizeof(double));
}

RowPlan PlanColumn(float max, const ScaleParts& parts) {
  return PlanRow(max - max == 0.0f ? max : 0.0f, parts);
}

// x[k * stride + c] is element k of n of column c of `cols`.
void ColumnPlans::Decide(const ColumnKernels& kernels, const ScaleParts& parts,
                         EmptyRow empty_row, const float* x, size_t stride,
                         size_t n, size_t cols, Tile& tile) {
  has_far = false;
  is_usual =
      kernels.find_offsets != nullptr && kernels.find_offsets(parts, tile);
  if (is_usual) return;
  SetMaxima(tile, parts);
  for (size_t c = 0; c < tile.width; ++c) {
    const float column_max = tile.max[c];
    const bool is_finite = -kInfinity < column_max && column_max < kInfinity;
    tile.offset[c] = static_cast<float>(PlanColumn(column_max, parts).offset);
    kind[c] = is_finite ? ColumnKind::kOrdinary : ColumnKind::kNan;
    if (column_max == -kInfinity && empty_row == EmptyRow::kZero && c < cols &&
        IsMinusInfinity(x + c, stride, n)) {
      kind[c] = ColumnKind::kEmpty;
    }
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
