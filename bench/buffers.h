// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_BUFFERS_H_
#define SOFTLANE_BENCH_BUFFERS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "kernel.h"

// The memory of the cases.

namespace softlane {
namespace bench {

struct Shape {
  size_t Elements() const { return rows * cols; }
  std::string Name() const {
    return std::to_string(rows) + "x" + std::to_string(cols);
  }

  size_t rows, cols;
};

// Every operand has room for this many elements more.
constexpr size_t kSlack = 256;

// The operands of a shape, filled. All cases of a shape share them. For a half
// type, x and second have numbers of that type.
Operands OperandsOf(const Shape& shape, bool wants_probabilities,
                    ElementType type = ElementType::kFloat32);

// Whether any_y has the bits of y, rounded once to any_y's type.
bool IsRounded(const Operands& operands);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_BUFFERS_H_
