// SPDX-License-Identifier: Apache-2.0
#include "schedules/converter.h"

#include "schedules/line_copies.h"

namespace softlane {
namespace internal {
namespace {

// The columns of a window of a view, if they are floats.
template <typename T, typename View>
Rows<T> WindowOf(const View& view, size_t row, size_t rows, size_t col,
                 size_t cols) {
  return {static_cast<T*>(view.At(row, col)), rows, cols, view.stride};
}

}  // namespace

Rows<const float> Converter::Widened(const ConstAnyRows& view, size_t row,
                                     size_t rows, size_t col, size_t cols,
                                     float* buffer) const {
  if (!IsHalf(view.type)) {
    return WindowOf<const float>(view, row, rows, col, cols);
  }
  const auto widen = passes_->widen[HalfIndexOf(view.type)];
  if (view.stride == cols) {
    widen(view.At(row, col), buffer, rows * cols);
  } else {
    for (size_t r = 0; r < rows; ++r) {
      widen(view.At(row + r, col), buffer + r * cols, cols);
    }
  }
  return {buffer, rows, cols};
}

Rows<const float> Converter::Widened(const ConstLines& view, size_t row,
                                     size_t rows, size_t col, size_t cols,
                                     float* buffer) const {
  const ConstAnyRows& as_rows = view;
  if (!view.IsCopied()) return Widened(as_rows, row, rows, col, cols, buffer);
  const Rows<float> place(buffer, rows, cols);
  view.copies->from_lines(view, row, col, passes_, place);
  return place;
}

Rows<float> Converter::PlaceOf(const Lines& view, size_t row, size_t rows,
                               size_t col, size_t cols,
                               float* buffer) noexcept {
  if (!IsHalf(view.type) && !view.IsCopied()) {
    return WindowOf<float>(view, row, rows, col, cols);
  }
  return {buffer, rows, cols};
}

void Converter::Narrow(const Rows<float>& place, const Lines& view, size_t row,
                       size_t col) const {
  if (view.IsCopied())
    return view.copies->to_lines(place, passes_, view, row, col);
  if (!IsHalf(view.type)) return;
  const auto narrow = passes_->narrow[HalfIndexOf(view.type)];
  if (view.stride == place.cols) {
    narrow(place.data, view.At(row, col), place.rows * place.cols);
    return;
  }
  for (size_t r = 0; r < place.rows; ++r) {
    narrow(place.Row(r), view.At(row + r, col), place.cols);
  }
}

}  // namespace internal
}  // namespace softlane
