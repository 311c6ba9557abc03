// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_BACKWARD_PASSES_H_
#define SOFTLANE_LIB_KERNELS_BACKWARD_PASSES_H_

#include <cstddef>

#include "dispatch.h"
#include "softlane/rows.h"

// The passes that compute gradients of logits, a set of functions per target.
// The schedule chooses among them: see ../schedules/backward_planner.h. A null
// function does not exist for the target.

namespace softlane {
namespace internal {

/// One row of dx = scale p (dp - dot), dot = sum(p dp). dx may be p or dp.
struct GradientRow {
  const float* p;
  const float* dp;
  float* dx;
  size_t n;
  float scale;
};

struct SoftmaxBackwardKernels {
  /// Does all rows. One loop writes the gradients of a row and computes the dot
  /// product of the next row.
  void (*rows)(const Rows<const float>& p, const Rows<const float>& dp,
               const Rows<float>& dx, float scale);
  /// Does rows of less than 64 columns in groups, as long as groups are full.
  /// Returns the number of rows done.
  size_t (*groups)(const Rows<const float>& p, const Rows<const float>& dp,
                   const Rows<float>& dx, float scale);
  double (*dot)(const float* p, const float* dp, size_t n);
  void (*write)(const GradientRow& row, double dot);
  /// Writes the gradients past the caches, and brings `next` into the first
  /// cache. `next` may be null.
  void (*write_streamed)(const GradientRow& row, double dot,
                         const GradientRow* next);
  /// Writes the gradients from the end of the row on, which may still be in a
  /// cache.
  void (*write_from_end)(const GradientRow& row, double dot, bool is_streamed);
  /// To be called after the last store past the caches.
  void (*flush)();
};
extern const KernelTable<const SoftmaxBackwardKernels> kSoftmaxBackwardKernels;

/// log(2^-125.75). A smaller probability is +0.
constexpr float kLowestLogProbability = -87.163f;
/// Does all rows of dx = scale (d - exp(log_p) sum(d)), past the caches or not.
/// `sums` has the sum(d) of each row, or is null if the sums are not known.
/// With known sums, results do not go past the caches.
using LogSoftmaxBackwardRows = void(const Rows<const float>& log_p,
                                    const Rows<const float>& d,
                                    const Rows<float>& dx, float scale,
                                    const double* sums, bool is_streamed);
extern const KernelTable<LogSoftmaxBackwardRows> kLogSoftmaxBackwardRows;

/// The operands of attention's gradients. dx may be p, dp or scores.
struct KeptRows {
  const Rows<const float>& p;
  const Rows<const float>& dp;
  const Rows<const float>& scores;  // read where there is a softcap
  const Rows<float>& dx;
};
/// The keys that a row has: columns [begin, end).
struct KeptKeys {
  size_t begin, end;
};

struct AttentionBackwardKernels {
  /// Does `count` rows from row `first` on: dx = scale cap' p (dp - dot), where
  /// cap' is the derivative of the softcap. A key with p = 0 gets +0, as do the
  /// columns outside of `keys`. A softcap of 0 means no softcap. Null keys mean
  /// all columns. `dots` gets dot for each row, and may be null.
  void (*rows)(const KeptRows& rows, size_t first, size_t count,
               const KeptKeys* keys, float scale, float softcap, double* dots);
  /// Does one row, past the caches, and brings the next row into the
  /// first-level cache. Returns dot.
  double (*row_streamed)(const KeptRows& rows, size_t r, const KeptKeys& keys,
                         float scale, float softcap);
  /// Writes the gradients of a part of a row, a single row of `rows`, from the
  /// row's dot.
  void (*write_part)(const KeptRows& rows, double dot, float scale,
                     float softcap);
  /// The gradient of a sink, -exp(log_p) dot.
  float (*sink)(double log_p, double dot);
  /// To be called after the last store past the caches.
  void (*flush)();
};
extern const KernelTable<const AttentionBackwardKernels>
    kAttentionBackwardKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_BACKWARD_PASSES_H_
