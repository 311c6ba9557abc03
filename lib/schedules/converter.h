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

/// Converts between the types of operands and floats. An FpEnvironment is in
/// force.
class Converter {
 public:
  /// Of floats alone: a program that has no other types links no passes.
  Converter() noexcept : passes_(nullptr) {}
  /// `target` is what Resolve() gave.
  explicit Converter(Target target) noexcept
      : passes_(&KernelsOf(kHalfPasses, target)) {}

  /// Columns [col, col + cols) of rows [row, row + rows) as floats: the floats
  /// of the view, or widened or copied to the buffer, without gaps.
  Rows<const float> Widened(const ConstAnyRows& view, size_t row, size_t rows,
                            size_t col, size_t cols, float* buffer) const;
  Rows<const float> Widened(const ConstLines& view, size_t row, size_t rows,
                            size_t col, size_t cols, float* buffer) const;
  /// The place of such results: in the view, or the buffer.
  static Rows<float> PlaceOf(const Lines& view, size_t row, size_t rows,
                             size_t col, size_t cols, float* buffer) noexcept;
  /// Takes results from the place that PlaceOf gave to the view.
  void Narrow(const Rows<float>& place, const Lines& view, size_t row,
              size_t col) const;

 private:
  const HalfPasses* passes_;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_CONVERTER_H_
