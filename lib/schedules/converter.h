// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_CONVERTER_H_
#define SOFTLANE_LIB_SCHEDULES_CONVERTER_H_

#include <cstddef>

#include "dispatch.h"
#include "kernels/half_passes.h"
#include "schedules/lines.h"
#include "softlane/any_rows.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// Converts between the types of operands and floats. Needs an FpEnvironment in
/// force.
class Converter {
 public:
  /// A converter for floats alone. So a program without other types links no
  /// passes.
  Converter() noexcept : passes_(nullptr) {}
  /// `target` is what Resolve() gave.
  explicit Converter(Target target) noexcept
      : passes_(&KernelsOf(kHalfPasses, target)) {}

  /// Columns [col, col + cols) of rows [row, row + rows) as floats. They are
  /// the floats of the view, or they are widened or copied to the buffer,
  /// without gaps.
  Rows<const float> Widened(const ConstAnyRows& view, size_t row, size_t rows,
                            size_t col, size_t cols, float* buffer) const;
  Rows<const float> Widened(const ConstLines& view, size_t row, size_t rows,
                            size_t col, size_t cols, float* buffer) const;
  /// The place for results as floats: in the view, or in the buffer.
  static Rows<float> PlaceOf(const Lines& view, size_t row, size_t rows,
                             size_t col, size_t cols, float* buffer) noexcept;
  /// Moves results to the view from the place that PlaceOf gave.
  void Narrow(const Rows<float>& place, const Lines& view, size_t row,
              size_t col) const;

 private:
  const HalfPasses* passes_;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_CONVERTER_H_
