// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_FOLD_H_
#define SOFTLANE_LIB_TENSOR_FOLD_H_

#include <cstddef>
#include <cstdint>

#include "schedules/line_copies.h"
#include "schedules/lines.h"
#include "softlane/any_planes.h"
#include "tensor/tensor_check.h"

// A call on tensors becomes calls on lines, or on planes. Dimensions of size 1
// are left out, and dimensions whose strides fit in all operands are merged.
// One or two of the remaining dimensions become the dimensions of the views,
// and a loop runs over the others.

namespace softlane {
namespace internal {

/// A piece of a call: lines along the axis, or planes whose axis is the axis of
/// the call.
struct Piece {
  struct View {
    char* data;
    ptrdiff_t outer_stride;  // for lines, the stride from line to line
    ptrdiff_t axis_stride;
    ptrdiff_t step;  // in bytes, to the next piece
    ElementType type;
    uint8_t bytes;  // of an element
    bool is_copied, is_reduced, is_output;
  };

  ConstLines In(size_t k) const { return LinesOf<const void>(views[k]); }
  Lines Out(size_t k) const { return LinesOf<void>(views[k]); }
  ConstAnyPlanes InPlanes(size_t k) const {
    return PlanesOf<const void>(views[k]);
  }
  AnyPlanes OutPlanes(size_t k) const { return PlanesOf<void>(views[k]); }

  bool are_planes;
  size_t outer, axis, inner;  // lines: outer is their number, and inner is 1
  View views[kMaxTensors];

 private:
  template <typename Void>
  BasicLines<Void> LinesOf(const View& v) const {
    BasicLines<Void> lines(BasicAnyRows<Void>(
        v.data, v.type, outer, axis, static_cast<size_t>(v.outer_stride)));
    lines.col_stride = static_cast<size_t>(v.axis_stride);
    lines.copies = v.is_copied ? &kLineCopies : nullptr;
    return lines;
  }
  template <typename Void>
  BasicAnyPlanes<Void> PlanesOf(const View& v) const {
    return {v.data,
            v.type,
            outer,
            axis,
            inner,
            static_cast<size_t>(v.outer_stride),
            static_cast<size_t>(v.axis_stride)};
  }
};

/// A group of pieces of a call. All pieces of a call would take too much stack.
struct Pieces {
  /// Goes to the next piece. After the last piece comes the first.
  void Next() {
    const bool is_last = ++index == size;
    for (size_t k = 0; k < count; ++k) {
      const ptrdiff_t steps = static_cast<ptrdiff_t>(size) - 1;
      piece.views[k].data +=
          is_last ? -steps * piece.views[k].step : piece.views[k].step;
    }
    if (is_last) index = 0;
  }

  Piece piece;
  size_t count;  // of operands
  size_t size;   // of these pieces
  size_t index = 0;
  size_t groups;  // of `size` pieces each, in the call
};

/// Checks the operands of a call, and gives the pieces of a group. A call
/// without elements has no groups.
Status FoldTensors(const TensorOperands& operands, size_t group,
                   Pieces& pieces) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_FOLD_H_
