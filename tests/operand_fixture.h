// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_FIXTURE_H_
#define SOFTLANE_TESTS_OPERAND_FIXTURE_H_

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "operations.h"

namespace softlane {
namespace operands {

using Bytes = std::vector<uint8_t>;

// An address that no program can read.
inline void* Unreadable() { return reinterpret_cast<void*>(16); }

// The address of an element, which need not exist.
inline void* At(const Operand& operand, const View& v, size_t r, size_t a,
                size_t c) {
  const size_t elements = r * v.stride + a * v.axis_stride + c;
  return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(v.data) +
                                 elements * SizeOf(operand.element));
}

// body(address) for each element.
template <class Body>
void ForEachElement(const Operand& operand, const View& v, const Body& body) {
  if (v.data == nullptr || IsEmpty(v)) return;
  for (size_t r = 0; r < v.rows; ++r) {
    for (size_t a = 0; a < v.axis; ++a) {
      for (size_t c = 0; c < v.cols; ++c) body(At(operand, v, r, a, c));
    }
  }
}

// The bits that a call wrote, every NaN alike.
inline Bytes ResultsOf(const Operation& operation, const Call& call) {
  Bytes result;
  for (const Operand& operand : operation.operands) {
    if (!IsOutput(operand.role)) continue;
    const size_t size = SizeOf(operand.element);
    ForEachElement(operand, call[operand.id], [&](void* from) {
      MakeNanUsual(operand.element, from);
      const uint8_t* const bytes = static_cast<uint8_t*>(from);
      result.insert(result.end(), bytes, bytes + size);
    });
  }
  return result;
}

// The status of a call whose other arguments are good and whose operand `in`
// has other memory: a view of labels finds none there.
inline Status StatusElsewhere(const Operand& in) {
  const bool are_labels = in.content == Content::kLabels && IsInput(in.role);
  return are_labels ? Status::kBadLabel : Status::kOk;
}

// A good call whose operands all lie in one buffer, so that "no byte written"
// is one comparison.
class Fixture {
 public:
  // is_packed: one operand right behind the other, from the one with the index
  // `first` on, and no gaps between rows. is_shifted: operands begin an element
  // behind multiples of 8 bytes.
  Fixture(const Operation& operation, const Sizes& sizes,
          bool is_packed = false, size_t first = 0, bool is_shifted = false)
      : operation_(operation) {
    good.sizes = sizes;
    good.settings = operation.settings;
    good.is_any = operation.is_any;
    const size_t gap = is_packed ? 0 : 8;
    const size_t count = operation.operands.size();
    std::vector<size_t> begins(count);
    size_t words = gap;
    for (size_t i = 0; i < count; ++i) {
      const size_t which = (first + i) % count;
      const Operand& operand = operation.operands[which];
      View& v = good[operand.id] = ShapeOf(operand, sizes);
      v.axis_stride = v.cols + (is_packed ? 0 : 2);
      v.stride = v.axis * v.axis_stride + (is_packed ? 0 : 3);
      if (operand.shape == Shape::kTopK && !is_packed) {
        v.stride = sizes.cols + 5;  // room for another k
      }
      begins[which] = words;
      if (IsEmpty(v)) continue;
      const size_t elements = v.rows * v.stride + (is_shifted ? 1 : 0);
      words += (elements * SizeOf(operand.element) + 7) / 8 + gap;
    }
    constexpr size_t kSpare = 1000;
    pristine_.assign(words + kSpare, 0x4142434445464748);
    buffer_ = pristine_;
    spare = buffer_.data() + words;
    Random random(sizes.cols + 1);
    for (size_t i = 0; i < count; ++i) {
      const Operand& operand = operation.operands[i];
      View& v = good[operand.id];
      v.data = buffer_.data() + begins[i];
      if (is_shifted) v.data = At(operand, v, 0, 0, 1);
      if (!IsInput(operand.role)) continue;
      ForEachElement(operand, v, [&](void* to) {
        Fill(operand, ClassesOf(operation, sizes), good.settings, random, to);
      });
    }
    Keep();
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  // Keeps the present bytes of the buffer as those that it shall have.
  void Keep() { pristine_ = buffer_; }
  void Reset() {
    std::copy(pristine_.begin(), pristine_.end(), buffer_.begin());
  }
  const std::vector<int64_t>& All() const { return buffer_; }
  bool IsUntouched() const { return buffer_ == pristine_; }

  // All rows or planes of an operand become the first.
  void Repeat(const Operand& operand) {
    View first = good[operand.id];
    first.stride = 0;
    const size_t rows = first.rows;
    first.rows = 1;
    const size_t bytes = SizeOf(operand.element);
    for (size_t r = 1; r < rows; ++r) {
      ForEachElement(operand, first, [&](void* from) {
        const size_t shift = r * good[operand.id].stride * bytes;
        std::memcpy(static_cast<uint8_t*>(from) + shift, from, bytes);
      });
    }
    Keep();
  }

  // ResultsOf the call. The buffer becomes what it was; *intact says whether
  // nothing else had changed.
  Bytes Take(const Call& call, bool* intact) {
    Bytes result = ResultsOf(operation_, call);
    const uint8_t* const begin = reinterpret_cast<uint8_t*>(buffer_.data());
    const uint8_t* const old = reinterpret_cast<uint8_t*>(pristine_.data());
    for (const Operand& operand : operation_.operands) {
      if (!IsOutput(operand.role)) continue;
      const size_t size = SizeOf(operand.element);
      ForEachElement(operand, call[operand.id], [&](void* from) {
        const uint8_t* const bytes = static_cast<uint8_t*>(from);
        std::memcpy(from, old + (bytes - begin), size);
      });
    }
    *intact = IsUntouched();
    if (!*intact) Reset();
    return result;
  }

  Call good;
  void* spare;  // 8000 bytes that belong to no operand

 private:
  static void Fill(const Operand& operand, size_t cols,
                   const Settings& settings, Random& random, void* to) {
    const auto number = [&](float value) {
      PutNumber(operand.element, value, to);
    };
    switch (operand.content) {
      case Content::kLogits:
        return number(random.Below(9) == 0 ? -__builtin_inff()
                                           : 2.0f * random.Normal());
      case Content::kShares:
        return number(random.Unit());
      case Content::kLogs:
        return number(-5.0f * random.Unit());
      case Content::kKeep:
        return Put(to, static_cast<uint8_t>(random.Below(4) != 0));
      case Content::kLengths:
        return Put(to, static_cast<int32_t>(random.Below(cols + 1)));
      case Content::kLabels: {
        const int64_t label = cols == 0 || random.Below(5) == 0
                                  ? kIgnoreIndex
                                  : static_cast<int64_t>(random.Below(cols));
        if (operand.element == Element::kInt64) return Put(to, label);
        return Put(to, static_cast<int32_t>(label));
      }
      case Content::kDots:
        return Put(to, static_cast<double>(random.Normal()));
      case Content::kStates:
        return Put(to, MakeState(settings, random));
    }
  }

  const Operation& operation_;
  std::vector<int64_t> buffer_, pristine_;
};

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_FIXTURE_H_
