// SPDX-License-Identifier: Apache-2.0
#include "schedules/gradient_places.h"

namespace softlane {
namespace internal {
namespace {

// to += from. Not inlined: see FpEnvironment.
[[gnu::noinline]] void AddTo(const float* __restrict from, float* __restrict to,
                             size_t n) {
  for (size_t i = 0; i < n; ++i) to[i] += from[i];
}

}  // namespace

Rows<float> GradientPlaces::Of(size_t row, size_t rows, size_t col, size_t cols,
                               float* buffer) const {
  if (are_added_) return {buffer, rows, cols};
  return Converter::PlaceOf(dx_, row, rows, col, cols, buffer);
}

void GradientPlaces::Take(const Rows<float>& place, size_t row,
                          size_t col) const {
  if (are_added_) return Add(place, row, col);
  converter_.Narrow(place, dx_, row, col);
}

// Gradients are added to elements of floats in place. Other elements are added
// to the gradients, and the sums replace the elements.
void GradientPlaces::Add(const Rows<float>& place, size_t row,
                         size_t col) const {
  if (dx_.type == ElementType::kFloat32 && !dx_.IsCopied()) {
    // Rows without gaps are one row.
    const bool are_one = dx_.stride == place.cols;
    const size_t rows = are_one ? 1 : place.rows;
    const size_t cols = are_one ? place.rows * place.cols : place.cols;
    for (size_t r = 0; r < rows; ++r) {
      AddTo(place.data + r * cols, static_cast<float*>(dx_.At(row + r, col)),
            cols);
    }
    return;
  }
  constexpr size_t kAtOnce = 256;
  alignas(64) float old[kAtOnce];
  const ConstLines before(dx_);
  for (size_t r = 0; r < place.rows; ++r) {
    for (size_t c = 0; c < place.cols; c += kAtOnce) {
      const size_t n = place.cols - c < kAtOnce ? place.cols - c : kAtOnce;
      converter_.Widened(before, row + r, 1, col + c, n, old);
      AddTo(old, place.Row(r) + c, n);
    }
  }
  converter_.Narrow(place, dx_, row, col);
}

}  // namespace internal
}  // namespace softlane
