// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_LINE_COPIES_H_
#define SOFTLANE_LIB_SCHEDULES_LINE_COPIES_H_

#include <cstddef>

#include "kernels/half_passes.h"
#include "schedules/lines.h"
#include "softlane/rows.h"

// Copies between lines of any stride and rows of floats on the stack.

namespace softlane {
namespace internal {

struct LineCopies {
  /// Fills `to` with the lines' elements from (row, col) on, as floats.
  void (*from_lines)(const ConstLines& from, size_t row, size_t col,
                     const HalfPasses* passes, const Rows<float>& to);
  /// Writes `from` to the lines' elements from (row, col) on.
  void (*to_lines)(const Rows<float>& from, const HalfPasses* passes,
                   const Lines& to, size_t row, size_t col);
};
extern const LineCopies kLineCopies;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_LINE_COPIES_H_
