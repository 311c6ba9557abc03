// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_COLUMN_BLOCKS_H_
#define SOFTLANE_LIB_SCHEDULES_COLUMN_BLOCKS_H_

#include <cstddef>
#include <cstdint>

#include "arith/exact_sum.h"
#include "schedules/columns.h"

namespace softlane {
namespace internal {

/// A reference to a function of the elements [first, first + count) of all
/// columns.
class ColumnStep {
 public:
  template <class Body>
  explicit ColumnStep(const Body& body) : body_(&body), call_(&Call<Body>) {}

  void operator()(size_t first, size_t count) const {
    call_(body_, first, count);
  }

 private:
  template <class Body>
  static void Call(const void* body, size_t first, size_t count) {
    (*static_cast<const Body*>(body))(first, count);
  }

  const void* body_;
  void (*call_)(const void* body, size_t first, size_t count);
};

/// The sums of columns that are longer than a tile. Columns of more than
/// kSumCols elements are summed by blocks, as rows are: see exact_sum.h. The
/// exp values of a block have an offset of their own, which follows from the
/// block's maximum.
///
/// Usual columns are read once for all maxima, and again for all sums. Their
/// plans are known before the sums, so exp values may be written, also in
/// place. The offsets of the blocks stay on the stack. Of other columns, each
/// block is read twice in succession: for its maxima, and then from a cache for
/// its sums. ns per element on Zen 3 with AVX2, usual and read twice:
/// log-softmax at 8192 x 64 0.69 and 0.68, at 65536 x 64 1.23 and 1.20, at
/// 400000 x 8 1.8 and 1.4. Softmax of other columns computes all exp values
/// twice: 0.70 and 0.83 at 8192 x 64. Columns with far blocks are read in this
/// way, too.
class ColumnBlocks {
 public:
  ColumnBlocks(size_t n, const ScaleParts& parts, bool are_read_twice,
               Tile& tile);

  /// Whether the offsets of all blocks have room on the stack.
  static bool HaveRoom(size_t n, size_t width) {
    return BlocksOf(n) * width <= kMaxOffsets;
  }

  /// Calls body(first element, count) for each block.
  template <class Body>
  void ForEach(const Body& body) const {
    for (size_t first = 0; first < n_; first += kSumCols) {
      body(first, BlockCols(first, n_));
    }
  }

  /// Sets the plans of the columns, and their sums in the tile, which also gets
  /// the maxima and offsets of the plans. `read` raises
  /// the tile's maxima, which begin with the first element of a block. `add`
  /// adds exp values, by the tile's offsets or the plans' maxima, to the parts
  /// of the sums. `decide` sets plans and offsets from all maxima.
  void Sum(const TileKernels& tiles, ColumnPlans& plans, const ColumnStep& read,
           const ColumnStep& decide, const ColumnStep& add);

  /// Whether the exp values are computed for the sums alone.
  bool AreReadTwice() const { return are_read_twice_; }

  /// The powers of two by which add() multiplies exp values that it writes, or
  /// null.
  const float* Factors() const { return has_factors_ ? factors_ : nullptr; }

  /// Sets the sums in units of a block's exp values as they were written.
  void SetSums(size_t first) {
    if (are_long_) ToUnitsOf(first);
  }

 private:
  int16_t* OffsetsOf(size_t first) {
    return offsets_ + (are_read_twice_ ? 0 : first / kSumCols * tile_.width);
  }
  void FindMaxima(size_t first, size_t count, const ColumnStep& read);
  void RestoreMaxima();
  void RestoreOffsets();
  bool MayHaveFarBlocks();
  void KeepPlans();
  void SetOffsets(size_t first);
  void SetOwnOffsets(const ColumnPlans& plans);
  void AddSums(size_t first, ExactSum* sums);
  void End(const ExactSum* sums);
  void ToUnitsOf(size_t first);

  // The number of block sums that are added at a time.
  static constexpr size_t kBatch = 8;
  // Room for 64 blocks of 64 columns.
  static constexpr size_t kMaxOffsets = 4096;

  const size_t n_;
  const ScaleParts& parts_;
  Tile& tile_;
  const bool are_long_;
  bool are_read_twice_;
  bool has_factors_ = false;
  float max_[kNarrowTile];
  double offset_[kNarrowTile];        // of the columns
  double block_offset_[kNarrowTile];  // of the current blocks
  alignas(64) float factors_[kNarrowTile];
  double sums_[kNarrowTile];
  double block_sums_[kBatch * kNarrowTile];  // a batch of each column
  double batch_offset_[kNarrowTile];         // of its sums
  int16_t offsets_[kMaxOffsets];             // of all blocks; then their falls
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_COLUMN_BLOCKS_H_
