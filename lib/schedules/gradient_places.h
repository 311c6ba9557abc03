// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_GRADIENT_PLACES_H_
#define SOFTLANE_LIB_SCHEDULES_GRADIENT_PLACES_H_

#include <cstddef>

#include "schedules/converter.h"
#include "schedules/lines.h"

namespace softlane {
namespace internal {

/// The operands of a loss that are views.
struct LossViews {
  ConstLines x;
  const ConstLines* targets;  // null with labels
  Lines dx;                   // without data: no gradient
};

/// The places of the gradients of a call. Gradients are written to the elements
/// of a view, or to a buffer. From the buffer they are converted to the
/// elements, or added to them.
class GradientPlaces {
 public:
  GradientPlaces(const Converter& converter, const Lines& dx,
                 bool are_added) noexcept
      : converter_(converter), dx_(dx), are_added_(are_added) {}

  bool AreAddedTo() const { return are_added_; }
  /// Whether gradients are written to the view itself.
  bool AreInView() const {
    return !are_added_ && dx_.type == ElementType::kFloat32 && !dx_.IsCopied();
  }
  Rows<const float> Widened(const ConstLines& view, size_t row, size_t rows,
                            size_t col, size_t cols, float* buffer) const {
    return converter_.Widened(view, row, rows, col, cols, buffer);
  }
  /// The place of the gradients of columns [col, col + cols) of some rows.
  Rows<float> Of(size_t row, size_t rows, size_t col, size_t cols,
                 float* buffer) const;
  /// Moves gradients to the view from the place that Of() gave.
  void Take(const Rows<float>& place, size_t row, size_t col) const;

 private:
  void Add(const Rows<float>& place, size_t row, size_t col) const;

  const Converter& converter_;
  const Lines& dx_;
  const bool are_added_;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_GRADIENT_PLACES_H_
