// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_BACKWARD_PASSES_H_
#define SOFTLANE_LIB_KERNELS_BACKWARD_PASSES_H_

#include <cstddef>

#include "dispatch.h"
#include "softlane/rows.h"

// The passes of the gradients of logits, a set of functions per target. They do
// not know the schedule they are part of: see ../schedules/backward_planner.h.
// A null function is not there for a target.

namespace softlane {
namespace internal {

/// A row of dx = scale p (dp - dot), dot = sum(p dp). dx may be p or dp.
struct GradientRow {
  const float* p;
  const float* dp;
  float* dx;
  size_t n;
  float scale;
};

struct SoftmaxBackwardKernels {
  /// All rows. The gradients of a row are written beside the dot product of the
  /// next row.
  void (*rows)(const Rows<const float>& p, const Rows<const float>& dp,
               const Rows<float>& dx, float scale);
  /// As many rows of less than 64 columns as fill groups, and their number.
  size_t (*groups)(const Rows<const float>& p, const Rows<const float>& dp,
                   const Rows<float>& dx, float scale);
  double (*dot)(const float* p, const float* dp, size_t n);
  void (*write)(const GradientRow& row, double dot);
  /// Past the caches. `next` is brought into the first cache on the way; it may
  /// be null.
  void (*write_streamed)(const GradientRow& row, double dot,
                         const GradientRow* next);
  /// From the end on, which may still be in a cache; past the caches or not.
  void (*write_from_end)(const GradientRow& row, double dot, bool is_streamed);
  /// After the last store past the caches.
  void (*flush)();
};
extern const KernelTable<const SoftmaxBackwardKernels> kSoftmaxBackwardKernels;

/// 2^-125.75, in logarithms: a smaller probability is +0.
constexpr float kLowestLogProbability = -87.163f;
/// All rows of dx = scale (d - exp(log_p) sum(d)), past the caches or not.
using LogSoftmaxBackwardRows = void(const Rows<const float>& log_p,
                                    const Rows<const float>& d,
                                    const Rows<float>& dx, float scale,
                                    bool is_streamed);
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
  /// `count` rows, from row `first` on. As GradientRow, but a key with p = 0
  /// has no part, and the scale is that times the derivative of the softcap (0:
  /// none). Other columns than `keys` get +0. Null: all are keys. `dots` gets
  /// the sums of p dp; it may be null.
  void (*rows)(const KeptRows& rows, size_t first, size_t count,
               const KeptKeys* keys, float scale, float softcap, double* dots);
  /// One row, past the caches; the next is read soon. Gives dot.
  double (*row_streamed)(const KeptRows& rows, size_t r, const KeptKeys& keys,
                         float scale, float softcap);
  /// -exp(log_p) dot.
  float (*sink)(double log_p, double dot);
  /// After the last store past the caches.
  void (*flush)();
};
extern const KernelTable<const AttentionBackwardKernels>
    kAttentionBackwardKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_BACKWARD_PASSES_H_
