// SPDX-License-Identifier: Apache-2.0
#include "buffers.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "inputs.h"

namespace softlane {
namespace bench {
namespace {

constexpr size_t kPage = 4096;

uint16_t Narrow(float value, ElementType type) {
  return type == ElementType::kBFloat16 ? BFloat16(value).bits
                                        : Float16(value).bits;
}
float Widen(uint16_t bits, ElementType type) {
  return type == ElementType::kBFloat16
             ? static_cast<float>(BFloat16::FromBits(bits))
             : static_cast<float>(Float16::FromBits(bits));
}

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
    return {wants_probabilities ? probs_.view : logits_.view,
            second_.view,
            y_.view,
            row_results_.data(),
            {},
            {},
            {}};
  }

 private:
  struct Buffer {
    std::vector<float> memory;
    Rows<float> view;
  };
  static Buffer Allocate(const Shape& shape, size_t index) {
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

// The operands of floats of a shape.
Operands FloatsOf(const Shape& shape, bool wants_probabilities) {
  // The buffers are filled once, because filling takes far longer than timing.
  static std::map<std::pair<size_t, size_t>, std::unique_ptr<Buffers>> all;
  std::unique_ptr<Buffers>& buffers = all[{shape.rows, shape.cols}];
  if (buffers == nullptr) buffers = std::make_unique<Buffers>(shape);
  return buffers->Get(wants_probabilities);
}

// Operands of a half type, made of those of floats; also the same numbers as
// floats.
class HalfBuffers {
 public:
  HalfBuffers(const Operands& floats, ElementType type)
      : operands_(floats), type_(type) {
    const size_t stride = floats.x.rows * floats.x.cols + kSlack;
    bits_.resize(3 * stride + kPage);
    wide_.resize(3 * stride);
    operands_.any_x = Fill(floats.x, 0, &operands_.x);
    operands_.any_second = Fill(floats.second, stride, &operands_.second);
    operands_.any_y = Fill(floats.second, 2 * stride, &operands_.y);
  }
  const Operands& Get() const { return operands_; }

 private:
  AnyRows Fill(const Rows<float>& from, size_t offset, Rows<float>* wide) {
    const size_t n = from.rows * from.cols;
    uint16_t* const bits = bits_.data() + offset;
    float* const floats = wide_.data() + offset;
    for (size_t i = 0; i < n; ++i) {
      bits[i] = Narrow(from.data[i], type_);
      floats[i] = Widen(bits[i], type_);
    }
    *wide = Rows<float>(floats, from.rows, from.cols);
    return AnyRows(bits, type_, from.rows, from.cols);
  }

  Operands operands_;
  ElementType type_;
  std::vector<uint16_t> bits_;
  std::vector<float> wide_;
};

}  // namespace

Operands OperandsOf(const Shape& shape, bool wants_probabilities,
                    ElementType type) {
  const Operands floats = FloatsOf(shape, wants_probabilities);
  if (type == ElementType::kFloat32) return floats;
  static std::map<std::tuple<size_t, size_t, bool, ElementType>,
                  std::unique_ptr<HalfBuffers>>
      all;
  std::unique_ptr<HalfBuffers>& buffers =
      all[{shape.rows, shape.cols, wants_probabilities, type}];
  if (buffers == nullptr) buffers = std::make_unique<HalfBuffers>(floats, type);
  return buffers->Get();
}

bool IsRounded(const Operands& o) {
  for (size_t r = 0; r < o.y.rows; ++r) {
    for (size_t i = 0; i < o.y.cols; ++i) {
      uint16_t bits;
      std::memcpy(&bits, o.any_y.At(r, i), sizeof(bits));
      if (bits != Narrow(o.y.Row(r)[i], o.any_y.type)) return false;
    }
  }
  return true;
}

}  // namespace bench
}  // namespace softlane
