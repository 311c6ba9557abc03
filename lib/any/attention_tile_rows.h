// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ATTENTION_TILE_ROWS_H_
#define SOFTLANE_LIB_ANY_ATTENTION_TILE_ROWS_H_

#include <cstddef>
#include <cstdint>

#include "any/attention_rows.h"
#include "schedules/key_ranges.h"
#include "softlane/attention_tile.h"
#include "softlane/softmax_state.h"

namespace softlane {
namespace internal {

/// kOk or kBadOption. The operands have been checked before. `of_tile` gets the
/// options without lengths, and with the position of the first query from the
/// tile's first key on.
Status CheckTileOptions(const AttentionTileOptions& options, size_t rows,
                        AttentionOptions& of_tile) noexcept;

/// The ranges of keys that rows of a tile read.
struct TileKeys {
  KeyRange Of(size_t r) const;

  KeyRanges ranges;        // of the options, without lengths
  const int32_t* lengths;  // count from the row's first key; may be null
  size_t first_key;
};

/// A call of AttentionTile whose arguments have been checked. `tile` has the
/// scores, the exps in the place of probabilities, and the options. Their
/// first_query counts from the tile's first key, and they have no lengths and
/// no sinks.
struct TileCall {
  const AnyAttention& tile;
  const TileKeys& keys;
  SoftmaxState* states;
  int32_t* shifts;
  bool round_exps;
};

/// Does all rows.
void RunTileRows(const TileCall& call);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ATTENTION_TILE_ROWS_H_
