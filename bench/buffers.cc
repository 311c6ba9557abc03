// SPDX-License-Identifier: Apache-2.0
#include "buffers.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "inputs.h"

namespace softlane {
namespace bench {
namespace {

// The buffers of a shape. They start at different offsets in a page: on some
// CPUs a store waits for loads whose address has the same last 12 bits.
class Buffers {
 public:
  explicit Buffers(const Shape& shape)
      : logits_(Allocate(shape, 0)),
        probs_(Allocate(shape, 0)),
        second_(Allocate(shape, 1)),
        y_(Allocate(shape, 2)),
        row_results_(shape.rows) {
    Random random(1);
    for (size_t r = 0; r < shape.rows; ++r) {
      const auto x = MakeRow(Family::kGaussian, shape.cols, random);
      const auto second = MakeRow(Family::kGaussian, shape.cols, random);
      std::copy(x.begin(), x.end(), logits_.view.Row(r));
      std::copy(second.begin(), second.end(), second_.view.Row(r));
    }
    if (Softmax(logits_.view, probs_.view, {}, BestTarget()) != Status::kOk)
      std::abort();
  }

  Operands Get(bool wants_probabilities) {
    return {wants_probabilities ? probs_.view : logits_.view, second_.view,
            y_.view, row_results_.data()};
  }

 private:
  struct Buffer {
    std::vector<float> memory;
    Rows<float> view;
  };
  static Buffer Allocate(const Shape& shape, size_t index) {
    constexpr size_t kPage = 4096;
    const size_t offset = index * 1344;
    std::vector<float> memory(shape.Elements() + kSlack +
                              (kPage + offset) / sizeof(float));
    const uintptr_t begin = reinterpret_cast<uintptr_t>(memory.data());
    const uintptr_t first = (begin + kPage - 1) / kPage * kPage + offset;
    const Rows<float> view(reinterpret_cast<float*>(first), shape.rows,
                           shape.cols);
    return {std::move(memory), view};
  }

  Buffer logits_, probs_, second_, y_;
  std::vector<float> row_results_;
};

}  // namespace

Operands OperandsOf(const Shape& shape, bool wants_probabilities) {
  // The buffers are filled once, because filling takes far longer than timing.
  static std::map<std::pair<size_t, size_t>, std::unique_ptr<Buffers>> all;
  std::unique_ptr<Buffers>& buffers = all[{shape.rows, shape.cols}];
  if (buffers == nullptr) buffers = std::make_unique<Buffers>(shape);
  return buffers->Get(wants_probabilities);
}

}  // namespace bench
}  // namespace softlane
