// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_logs.h"

#include <cstring>
#include <limits>

namespace softlane {
namespace internal {

ColumnLogs::ColumnLogs(const ScaleParts& parts, Target target,
                       const Rows<float>* logsumexp)
    : parts_(parts),
      tiles_(KernelsOf(kTileKernels, target)),
      kernels_(KernelsOf(kColumnKernels, target)),
      exp_of_far_(KernelsOf(kExpOfFarTile, target)),
      logsumexp_(logsumexp) {}

void ColumnLogs::FindInfinities(const ColumnPlans& plans, const Tile& tile,
                                const TypedMemory& memory,
                                const Planes<const float>& x,
                                const ColumnTile& at) {
  if (!AreWanted()) return;
  for (size_t k = 0; k < plans.num_special; ++k) {
    const size_t c = plans.special[k];
    const bool is_infinite =
        tile.max[c] == kInfinity && !memory.HasNan(x, at, c);
    infinities_[k] = is_infinite ? kInfinity : kNaN;
  }
}

void ColumnLogs::Find(const ColumnPlans& plans, const Tile& tile) {
  are_by_column_ = plans.has_far || tiles_.log_sums == nullptr;
  if (are_by_column_) return FindEach(plans, tile);
  tiles_.log_sums(tile, parts_, logs_);
}

// LogOfSum of each column.
[[gnu::noinline]] void ColumnLogs::FindEach(const ColumnPlans& plans,
                                            const Tile& tile) {
  // The exp values of the maxima tell whether other elements count.
  alignas(64) float peaks[4 * kMaxTileLanes];
  std::memcpy(peaks, tile.max, tile.width * sizeof(float));
  std::memset(peaks + tile.width, 0, 3 * tile.width * sizeof(float));
  if (plans.has_far) {
    exp_of_far_(peaks, 1, parts_, plans.max, tile, peaks);
  } else {
    tiles_.exp(peaks, 1, parts_, peaks, tile);
  }
  for (size_t c = 0; c < tile.width; ++c) {
    const double sum = tile.sums[c];
    const RowPlan plan = PlanColumn(tile.max[c], parts_);
    logs_[c] = std::numeric_limits<double>::quiet_NaN();
    if (IsFiniteMax(tile.max[c]) && sum == sum) {
      logs_[c] = sum == peaks[c] ? plan.scaled_max - plan.scaled_shift
                                 : plan.log_divisor + kernels_.log(sum);
    }
  }
}

void ColumnLogs::WriteAll(const ColumnPlans& plans, const Tile& tile,
                          const ColumnTile& at) const {
  float results[kMaxTileLanes];
  for (size_t c = 0; c < tile.width; ++c) {
    // Adding 0 turns -0 into +0, because a maximum of zero is +0.
    const double shift =
        are_by_column_ ? PlanColumn(tile.max[c], parts_).scaled_shift : 0.0;
    results[c] = static_cast<float>(logs_[c] + shift);
  }
  for (size_t k = 0; k < plans.num_special; ++k) {
    const size_t c = plans.special[k];
    results[c] = tile.sums[c] == 0.0 ? -kInfinity : infinities_[k];
  }
  at.ForColumns([&](size_t lane, size_t outer, size_t inner) {
    logsumexp_->Row(outer)[inner] = results[lane];
  });
}

}  // namespace internal
}  // namespace softlane
