// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_ROW_LIMITS_H_
#define SOFTLANE_LIB_KERNELS_ROW_LIMITS_H_

#include <cstddef>

// Numbers of columns and elements from which on a pass is another, for all
// targets: kernels and schedules go by the same. Figures are ns per element on
// Zen 5.

namespace softlane {
namespace internal {

/// Rows of this length and longer are summed by blocks. Also a limit of the
/// bits: exp values that are negligible may change the last bit of a sum in
/// double, and do it otherwise in blocks.
constexpr size_t kMinLargeCols = size_t{1} << 22;
constexpr size_t kLargeBlock = 4096;

/// Shorter rows are no tile, and are done one by one.
constexpr size_t kMinTileCols = 4;
/// Fewer rows do not fill a tile well enough.
constexpr size_t kMinTileRows = 3;
/// A tile has room for so many columns. That many are faster in tiles where a
/// row by itself is the alternative: AVX-512, 128 columns, by itself and in
/// tiles, 0.32 and 0.18 with logsumexp, 0.38 and 0.21 in log-softmax, 0.47 and
/// 0.26 in cross-entropy.
constexpr size_t kTileCapacity = 128;
constexpr bool HasTiles(size_t rows, size_t cols) {
  return kMinTileRows <= rows && kMinTileCols <= cols && cols <= kTileCapacity;
}

/// What the batches of the x86-64 baseline take at most: see SoftmaxKernels,
/// short_rows.
constexpr size_t kMaxShortRows = 16;
constexpr size_t kMaxShortCols = 64;

/// Shorter rows have more to do in their first and last block than stages save.
/// AVX-512, staged and not: 0.161 and 0.157 at 64 x 200, 0.152 and 0.152 at 8 x
/// 300.
constexpr size_t kMinStagedCols = 256;

/// What the last cache keeps, in elements of all inputs and outputs together:
/// half of 32 MB, since it also gets what others evict. Beyond, results are
/// streamed. Streamed and not: softmax with AVX-512 0.159 and 0.144 at 512 x
/// 4096, 0.158 and 0.246 at 600 x 4096, 0.160 and 0.38 at 800 x 4096, with AVX2
/// 0.245 and 0.282 at 600 x 4096; its backward, of three matrices, with AVX-512
/// 0.100 and 0.127 at 1400 x 1024, 0.111 and 0.20 at 2000 x 1024, with AVX2
/// 0.109 and 0.138 at 1400 x 1024.
constexpr size_t kMaxCached = size_t{1} << 22;
/// Shorter rows of softmax and of its backward have more to do than to wait for
/// memory. Streamed and not, at 30000 x 400 (backward at 20000 x 400): AVX-512
/// 0.16 and 0.23, backward 0.26 and 0.28; AVX2 0.23 and 0.26, 0.34 and 0.45.
constexpr size_t kMinStreamedSoftmaxCols = 256;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_ROW_LIMITS_H_
