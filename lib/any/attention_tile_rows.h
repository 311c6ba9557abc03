// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ATTENTION_TILE_ROWS_H_
#define SOFTLANE_LIB_ANY_ATTENTION_TILE_ROWS_H_

#include <cstddef>
#include <cstdint>

#include "any/attention_rows.h"
#include "schedules/key_ranges.h"
#include "softlane/softmax_state.h"

namespace softlane {
namespace internal {

/// A call of AttentionTile whose arguments have been checked. `tile` has the
/// scores, the exps as its probabilities, and the options, whose first_query
/// counts from the tile's first key, and which have no lengths and no sinks.
struct TileCall {
  /// The keys of row r that are read.
  KeyRange KeysOf(size_t r) const;

  const AnyAttention& tile;
  const KeyRanges& ranges;
  const int32_t* lengths;  // from the row's first key on; may be null
  size_t first_key;
  SoftmaxState* states;
  int32_t* shifts;
  bool round_exps;
};

/// Does any rows [first, first + count) one by one.
void RunTileRows(const TileCall& call, size_t first, size_t count);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ATTENTION_TILE_ROWS_H_
