// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_HALF_GRADIENTS_H_
#define SOFTLANE_LIB_KERNELS_HALF_GRADIENTS_H_

#include <cstddef>

#include "dispatch.h"

// The passes of backward functions that convert half types in registers.
// Null functions do not exist for the target.

namespace softlane {
namespace internal {

/// The elements of a step: the least that the passes do, on all targets.
constexpr size_t kGradientStep = 64;

/// Columns of dx = scale p (dp - dot). p and dp are of one half type. dx may be
/// p or dp.
struct HalfGradientRow {
  const void* p;
  const void* dp;
  void* dx;
  size_t n;  // a multiple of kGradientStep
  float scale;
  /// Columns that are read later. n columns from here on are brought into the
  /// first-level cache.
  const void* next_p;
  const void* next_dp;
  /// Whether the gradients go past the caches. If so, dx begins at a cache
  /// line.
  bool is_streamed;
};
using WriteHalfGradients = void(const HalfGradientRow& row, double dot);

/// The index is ElementType - 1.
struct HalfGradients {
  /// The sum of the products p * dp of n columns, a multiple of kDotBlock, and
  /// of the columns behind them if `last` is not null: it has a block of p and
  /// then a block of dp, with +0 behind the columns. Null p means factors of 1.
  double (*dot[2])(const void* p, const void* dp, size_t n, const void* last);
  /// dx has the type of p and dp.
  WriteHalfGradients* write[2];
  /// dx has floats.
  WriteHalfGradients* write_floats[2];
  /// dx = scale (dp - exp(p) dot), where p are logarithms. dx has their type.
  WriteHalfGradients* write_log[2];
  /// To be called after the last store past the caches.
  void (*flush)();
};

extern const KernelTable<const HalfGradients> kHalfGradients;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_HALF_GRADIENTS_H_
