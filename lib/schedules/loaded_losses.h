// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_LOADED_LOSSES_H_
#define SOFTLANE_LIB_SCHEDULES_LOADED_LOSSES_H_

#include "schedules/converter.h"
#include "schedules/cross_entropy_rows.h"
#include "schedules/gradient_places.h"
#include "softlane/rows.h"
#include "softlane/target.h"

// Cross-entropy of rows that are not floats, or whose gradients are added to
// the elements of dlogits. The schedule of floats asks for rows and adds their
// losses. Logits of a half type are widened to a buffer, and the gradients
// replace them there. Rows that are too long for the buffer are done part by
// part, or as floats in the gradient's rows.

namespace softlane {
namespace internal {

/// The views of the function of floats, whose data are those of the rows that
/// have been loaded.
struct FloatViews {
  explicit FloatViews(const LossViews& views) noexcept
      : x(nullptr, views.x.rows, views.x.cols),
        targets(x),
        dx(static_cast<float*>(views.dx.data), x.rows, x.cols) {}

  Rows<const float> x, targets;
  Rows<float> dx;
};

/// A call whose arguments have been checked. It has rows and columns.
struct LoadedLosses {
  const CrossEntropyCall& call;  // of `floats`
  const LossViews& views;
  FloatViews& floats;
  const Converter& converter;
  Target target;
};
void RunLoadedLosses(const LoadedLosses& losses) noexcept;

/// Writes the gradients from saved results: see LongLoss::WriteFromSaved.
/// logsumexp has an element per row, or is null. The call has no losses.
void WriteLossesFromSaved(const LoadedLosses& losses,
                          const float* logsumexp) noexcept;

/// Does a call of floats whose gradients are added to the elements of dlogits.
void RunAddedLosses(const CrossEntropyCall& call, Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_LOADED_LOSSES_H_
