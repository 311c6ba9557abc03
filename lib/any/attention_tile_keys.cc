// SPDX-License-Identifier: Apache-2.0
#include "any/attention_tile_rows.h"
#include "attention_check.h"

// The options of a tile count keys from the first key of the row. The passes
// over a tile count from the tile's first key.

namespace softlane {
namespace internal {

Status CheckTileOptions(const AttentionTileOptions& options, size_t rows,
                        AttentionOptions& of_tile) noexcept {
  of_tile = options.attention;
  of_tile.lengths = nullptr;
  constexpr auto kMost = static_cast<size_t>(INT64_MAX);
  if (options.first_key > kMost ||
      __builtin_sub_overflow(options.attention.first_query,
                             static_cast<int64_t>(options.first_key),
                             &of_tile.first_query)) {
    return Status::kBadOption;
  }
  const int32_t* const lengths = options.attention.lengths;
  for (size_t r = 0; lengths != nullptr && r < rows; ++r) {
    if (lengths[r] < 0) return Status::kBadOption;
  }
  return CheckAttentionOptions(of_tile, rows, 0);
}

KeyRange TileKeys::Of(size_t r) const {
  KeyRange keys = ranges.Of(r);
  if (lengths == nullptr) return keys;
  const auto length = static_cast<size_t>(lengths[r]);
  const size_t end = length > first_key ? length - first_key : 0;
  if (keys.end > end) keys.end = end;
  if (keys.begin > keys.end) keys.begin = keys.end;
  return keys;
}

}  // namespace internal
}  // namespace softlane
