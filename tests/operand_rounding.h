// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_ROUNDING_H_
#define SOFTLANE_TESTS_OPERAND_ROUNDING_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "operand_fixture.h"
#include "operand_tally.h"
#include "operands.h"

// What a call of any element type must give: its inputs are widened, the
// function of floats is called, and its results are rounded.

namespace softlane {
namespace operands {

// A call with the numbers of another, whose matrices have floats. The operands
// have memory of their own, without gaps.
class CallOfFloats {
 public:
  CallOfFloats(const Operation& operation, const Call& call)
      : operation_(operation), call_(call) {
    call_.is_any = false;
    memory_.resize(kIds);
    for (const Operand& operand : operation.operands) {
      const View& from = call[operand.id];
      View& v = call_[operand.id];
      v.type = TypeOf(Element::kFloat);
      if (from.data == nullptr) continue;
      const Operand its = AsFloats(operand);
      v.axis_stride = v.cols;
      v.stride = v.axis * v.cols;
      std::vector<int64_t>& memory = memory_[operand.id];
      memory.resize(v.rows * v.stride * SizeOf(its.element) / 8 + 1);
      v.data = memory.data();
      if (!IsInput(operand.role)) continue;
      auto* to = static_cast<uint8_t*>(v.data);
      ForEachElement(operand, from, [&](const void* at) {
        if (IsTyped(operand)) {
          Put(to, NumberAt(operand.element, at));
        } else {
          std::memcpy(to, at, SizeOf(operand.element));
        }
        to += SizeOf(its.element);
      });
    }
  }
  CallOfFloats(const CallOfFloats&) = delete;
  CallOfFloats& operator=(const CallOfFloats&) = delete;

  Status Run(Target target) { return operation_.run[0](call_, target); }

  // The results in the types of the other call, as Fixture::Take.
  Bytes Results() const {
    Bytes result;
    for (const Operand& operand : operation_.operands) {
      if (!IsOutput(operand.role)) continue;
      const size_t size = SizeOf(operand.element);
      ForEachElement(AsFloats(operand), call_[operand.id],
                     [&](const void* from) {
                       uint8_t element[sizeof(SoftmaxState)];
                       if (IsTyped(operand)) {
                         PutNumber(operand.element, Get<float>(from), element);
                       } else {
                         std::memcpy(element, from, size);
                       }
                       MakeNanUsual(operand.element, element);
                       result.insert(result.end(), element, element + size);
                     });
    }
    return result;
  }

 private:
  static Operand AsFloats(Operand operand) {
    if (IsTyped(operand)) operand.element = Element::kFloat;
    return operand;
  }

  const Operation& operation_;
  Call call_;
  std::vector<std::vector<int64_t>> memory_;
};

// What the function of floats gives for the numbers of a call.
inline Bytes Rounded(const Operation& operation, Target target,
                     const Call& call, Tally& tally) {
  CallOfFloats floats(operation, call);
  const Status status = floats.Run(target);
  tally.Expect(status == Status::kOk, [&] {
    return Describe(operation, call, "the function of floats", status);
  });
  return floats.Results();
}

// Numbers at the ends of the types, and numbers that are none.
constexpr float kSpecialNumbers[] = {
    __builtin_nanf(""), -__builtin_nanf(""), __builtin_inff(),
    -__builtin_inff(),
    // The largest of float, bfloat16 and float16, and numbers that become them.
    3.4e38f, 0x1.FEp127f, -0x1.FEp127f, 65504.0f, -65504.0f, 65519.0f,
    // The smallest, and subnormals.
    0x1p-126f, 0x1p-133f, -0x1.6p-130f, 0x1p-149f, 0x1p-14f, 0x1p-24f,
    -0x1.8p-20f, 0x1.004p-15f, -0.0f,
    // Others.
    -1e9f, 5000.0f, 88.0f, -87.5f, -104.0f};
constexpr size_t kNumSpecialNumbers =
    sizeof(kSpecialNumbers) / sizeof(kSpecialNumbers[0]);

// What is written from states needs the states of its rows: others give bits
// that no target promises.
inline void FillStates(const Operation& operation, Fixture& f) {
  for (const Operand& operand : operation.operands) {
    const bool is_of_rows =
        operand.role == Role::kRead && f.good[kX].data != nullptr;
    if (operand.id != kStates || !is_of_rows) continue;
    RunFunction update = RunUpdate;
    if (operation.options == Options::kLossState) {
      const bool is_wide = operation.operands[1].element == Element::kInt64;
      update = is_wide ? RunUpdateLoss64 : RunUpdateLoss32;
    }
    ForEachElement(operand, f.good[kStates],
                   [](void* state) { Put(state, SoftmaxState()); });
    REQUIRE(update(f.good, Target::kAuto) == Status::kOk);
  }
}

// Rows of all families, with special numbers, for the matrices of logits.
inline void FillRows(const Operation& operation, Fixture& f, Random& random) {
  for (const Operand& operand : operation.operands) {
    if (!IsTyped(operand) || !IsInput(operand.role)) continue;
    if (operand.content != Content::kLogits) continue;
    View row = f.good[operand.id];
    const View all = row;
    row.rows = 1;
    for (size_t r = 0; r < all.rows; ++r) {
      row.data = At(operand, all, r, 0, 0);
      const size_t n = row.axis * row.cols;
      std::vector<float> numbers =
          MakeRow(kFamilies[random.Below(8)], n, random);
      switch (random.Below(10)) {
        case 0:
          std::fill(numbers.begin(), numbers.end(), -__builtin_inff());
          break;
        case 1:
          for (float& number : numbers) number *= 0x1p100f;
          break;
        case 2:
        case 3:
          numbers[random.Below(n)] =
              kSpecialNumbers[random.Below(kNumSpecialNumbers)];
          break;
        default:
          break;
      }
      const float* from = numbers.data();
      ForEachElement(operand, row, [&](void* to) {
        PutNumber(operand.element, *from++, to);
      });
    }
  }
  FillStates(operation, f);
  f.Keep();
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_ROUNDING_H_
