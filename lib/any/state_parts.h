// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_STATE_PARTS_H_
#define SOFTLANE_LIB_ANY_STATE_PARTS_H_

#include <cstddef>

#include "any/chunks.h"
#include "softlane/any_rows.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// Calls step(chunk) for columns [first_col, first_col + x.cols) of some rows.
/// The chunks of a row that is too long for one are cut at multiples of
/// kStateCols of the whole row, so states have the bits of one call. A chunk's
/// first column is counted in x. `x` has elements. If y has no data, it is not
/// an operand. The function sets an FpEnvironment.
void ForStateParts(const ConstAnyRows& x, const AnyRows& y, size_t first_col,
                   Target target, const ChunkStep& step);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_STATE_PARTS_H_
