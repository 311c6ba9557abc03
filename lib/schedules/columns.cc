// SPDX-License-Identifier: Apache-2.0
#include "schedules/columns.h"

#include <cstring>
#include <limits>

namespace softlane {
namespace internal {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

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

// x[k * stride + c] is element k of n of column c of `cols`.
void ColumnPlans::Decide(const ColumnKernels& kernels, const ScaleParts& parts,
                         EmptyRow empty_row, const float* x, size_t stride,
                         size_t n, size_t cols, Tile& tile) {
  as_is = kernels.find_offsets != nullptr && parts.unit == 1.0 &&
          kernels.find_offsets(parts, tile);
  if (as_is) return;
  for (size_t c = 0; c < tile.width; ++c) {
    const float max = tile.max[c];
    const bool is_finite = -kInfinity < max && max < kInfinity;
    // A column without a finite maximum gets any plan: its exp values do not
    // count.
    const RowPlan plan = PlanRow(is_finite ? max : 0.0f, parts);
    shift[c] = static_cast<float>(plan.shift);
    unit[c] = static_cast<float>(plan.unit);
    tile.offset[c] = static_cast<float>(plan.offset);
    kind[c] = is_finite ? ColumnKind::kOrdinary : ColumnKind::kNan;
    if (max == -kInfinity && empty_row == EmptyRow::kZero && c < cols &&
        IsMinusInfinity(x + c, stride, n)) {
      kind[c] = ColumnKind::kEmpty;
    }
  }
}

void ColumnPlans::SetDirect(double all_unit, size_t width) {
  as_is = all_unit == 1.0;
  for (size_t c = 0; !as_is && c < width; ++c) {
    __asm__ volatile("");  // not vectorized: rare
    shift[c] = 0.0f;
    unit[c] = static_cast<float>(all_unit);
  }
}

}  // namespace internal
}  // namespace softlane
