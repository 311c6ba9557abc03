// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_blocks.h"

#include <cstring>
#include <limits>

namespace softlane {
namespace internal {
namespace {

// A block's offset is at most this far from 0. Otherwise its column is beyond
// the direct limit, or the block adds nothing to a column's sum.
constexpr double kMaxOffset = 6300.0;
static_assert(kMaxOffset > kDirectLimit * kLog2E + 300.0, "far below");
// A sum may count units that are up to this much smaller, with a reciprocal of
// the same bits. In larger units a sum is below 2^33, so the second float of
// its reciprocal is a multiple of 2^-86. In the smaller units it is a multiple
// of 2^-126.
constexpr double kMaxUnitFall = 40.0;

// Calls body(c) for each lane. Keeps the compiler from vectorizing the loop,
// which takes little time and would have ten times the code.
template <class Body>
inline void ForLanes(const Tile& tile, const Body& body) {
  for (size_t c = 0; c < tile.width; ++c) {
    __asm__ volatile("");
    body(c);
  }
}

}  // namespace

ColumnBlocks::ColumnBlocks(size_t n, const ScaleParts& parts,
                           bool are_read_twice, Tile& tile)
    : n_(n),
      parts_(parts),
      tile_(tile),
      are_long_(n > kSumCols),
      are_read_twice_(are_read_twice) {}

void ColumnBlocks::Sum(const TileKernels& tiles, ColumnPlans& plans,
                       const ColumnStep& read, const ColumnStep& decide,
                       const ColumnStep& add) {
  ClearSums(tile_);
  if (!are_long_) {
    read(0, n_);
    decide(0, n_);
    add(0, n_);
    return tiles.end_sums(tile_);
  }
  ForLanes(tile_, [&](size_t c) {
    max_[c] = -std::numeric_limits<float>::infinity();
  });
  if (!are_read_twice_) {
    ForEach(
        [&](size_t first, size_t count) { FindMaxima(first, count, read); });
    are_read_twice_ = MayHaveFarBlocks();
    RestoreMaxima();
    decide(0, n_);
    KeepPlans();
  }
  ExactSum sums[kNarrowTile];
  ForEach([&](size_t first, size_t count) {
    if (are_read_twice_) {
      FindMaxima(first, count, read);
      plans.SetMaxima(tile_, parts_);
      SetOwnOffsets(plans);
    } else {
      SetOffsets(first);
    }
    add(first, count);
    tiles.end_sums(tile_);
    AddSums(first, sums);
  });
  RestoreMaxima();
  if (are_read_twice_) {
    decide(0, n_);
    KeepPlans();
  } else {
    RestoreOffsets();
  }
  End(sums);
}

// These maxima ignore NaN. The sum finds it later.
void ColumnBlocks::FindMaxima(size_t first, size_t count,
                              const ColumnStep& read) {
  read(first, count);
  int16_t* const offsets = OffsetsOf(first);
  ForLanes(tile_, [&](size_t c) {
    const float max = tile_.max[c];
    if (max > max_[c]) max_[c] = max;
    // This is the offset of PlanRow if the column is not far.
    double offset =
        RoundToInteger(static_cast<double>(max) * parts_.l_hi) - kHeadroom;
    if (!(offset > -kMaxOffset)) offset = -kMaxOffset;
    if (offset > kMaxOffset) offset = kMaxOffset;
    offsets[c] = static_cast<int16_t>(offset);
  });
}

void ColumnBlocks::RestoreMaxima() {
  std::memcpy(tile_.max, max_, tile_.width * sizeof(float));
}

void ColumnBlocks::RestoreOffsets() {
  ForLanes(tile_,
           [&](size_t c) { tile_.offset[c] = static_cast<float>(offset_[c]); });
}

bool ColumnBlocks::MayHaveFarBlocks() {
  bool may_have = false;
  ForLanes(tile_, [&](size_t c) {
    const float max = max_[c];
    may_have |= max - max == 0.0f && !HasNoFarBlock(max, parts_);
  });
  return may_have;
}

void ColumnBlocks::KeepPlans() {
  ForLanes(tile_,
           [&](size_t c) { offset_[c] = PlanColumn(max_[c], parts_).offset; });
}

void ColumnBlocks::SetOffsets(size_t first) {
  int16_t* const offsets = OffsetsOf(first);
  has_factors_ = false;
  ForLanes(tile_, [&](size_t c) {
    double fall = offset_[c] - offsets[c];
    if (fall < 0.0) fall = 0.0;
    block_offset_[c] = offset_[c] - fall;
    tile_.offset[c] = static_cast<float>(block_offset_[c]);
    factors_[c] = 1.0f;
    if (fall > kMaxUnitFall) {
      // Exact, or the probability is +0.
      factors_[c] = static_cast<float>(PowerOfTwo(-fall));
      has_factors_ = true;
      fall = 0.0;
    }
    offsets[c] = static_cast<int16_t>(fall);
  });
}

// The offsets follow from the maxima of the blocks, which the tile has.
void ColumnBlocks::SetOwnOffsets(const ColumnPlans& plans) {
  int16_t* const offsets = OffsetsOf(0);
  ForLanes(tile_, [&](size_t c) {
    tile_.offset[c] = offsets[c];
    block_offset_[c] = plans.has_far ? PlanColumn(tile_.max[c], parts_).offset
                                     : static_cast<double>(offsets[c]);
  });
}

void ColumnBlocks::AddSums(size_t first, ExactSum* sums) {
  const size_t width = tile_.width;
  const size_t block = first / kSumCols % kBatch;
  const bool is_last = block + 1 == kBatch || n_ - first <= kSumCols;
  ForLanes(tile_, [&](size_t c) {
    double* const batch = block_sums_ + c * kBatch;
    const double offset = block_offset_[c];
    const double sum = tile_.sums[c];
    // NaN stays in the lane until the end.
    const bool counts = sum - sum == 0.0;
    double* part = tile_.lane_sums + c;
    for (size_t j = 0; counts && j < 8; ++j, part += width) {
      __asm__ volatile("" : "+r"(j));
      *part = 0.0;
    }
    // Sums this much below another add nothing.
    constexpr double kFar = 900.0;
    if (block == 0 || offset > batch_offset_[c] + kFar) {
      batch_offset_[c] = offset;
      for (size_t b = 0; b < block; ++b) batch[b] = 0.0;
    }
    batch[block] = counts ? sum * PowerOfTwo(offset - batch_offset_[c]) : 0.0;
    if (is_last && BlocksOf(n_) > kBatch) {
      AddBlockSums(batch, block + 1, static_cast<int64_t>(batch_offset_[c]),
                   sums[c]);
    }
  });
}

void ColumnBlocks::End(const ExactSum* sums) {
  const size_t blocks = BlocksOf(n_);
  ForLanes(tile_, [&](size_t c) {
    double& sum = tile_.sums[c];
    const double offset = offset_[c], batch_offset = batch_offset_[c];
    if (sum - sum == 0.0) {
      sum = blocks > kBatch
                ? TotalOf(sums[c], static_cast<int64_t>(offset))
                : TotalsOfSums(block_sums_ + c * kBatch, blocks, 0.0,
                               static_cast<int64_t>(batch_offset))
                          .sum *
                      PowerOfTwo(batch_offset - offset);
    }
    sums_[c] = sum;
  });
}

void ColumnBlocks::ToUnitsOf(size_t first) {
  const int16_t* const falls = OffsetsOf(first);
  ForLanes(tile_, [&](size_t c) {
    tile_.sums[c] = sums_[c] * PowerOfTwo(int64_t{falls[c]});
  });
}

}  // namespace internal
}  // namespace softlane
