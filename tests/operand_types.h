// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_TYPES_H_
#define SOFTLANE_TESTS_OPERAND_TYPES_H_

#include <algorithm>
#include <string>
#include <vector>

#include "amount.h"
#include "operand_operations.h"
#include "operands.h"

// The operations whose matrices have half types.

namespace softlane {
namespace operands {

// The elements of a call's inputs, its output, and the bias of attention.
struct Types {
  Element in, out, bias;
};

// Functions that take floats alone.
constexpr RunFunction kRunsOfFloats[] = {RunJacobian};
inline bool TakesFloatsAlone(const Operation& operation) {
  return std::count(std::begin(kRunsOfFloats), std::end(kRunsOfFloats),
                    operation.run[0]) != 0;
}

// A matrix whose elements may be of any type.
inline bool IsTyped(const Operand& operand) {
  const bool is_matrix =
      operand.shape == Shape::kRows || operand.shape == Shape::kPlanes;
  return is_matrix && HasType(operand.element);
}
inline bool HasTyped(const Operation& operation, bool (*is)(Role)) {
  return std::any_of(
      operation.operands.begin(), operation.operands.end(),
      [=](const Operand& o) { return IsTyped(o) && is(o.role); });
}
inline bool HasBias(const Operation& operation) {
  return std::any_of(operation.operands.begin(), operation.operands.end(),
                     [](const Operand& o) { return o.id == kBias; });
}

// The types that a function takes, but for floats alone.
inline std::vector<Types> TypesOf(const Operation& operation) {
  std::vector<Types> all;
  if (TakesFloatsAlone(operation) || !HasTyped(operation, IsInput)) return all;
  constexpr Element kFloat = Element::kFloat;
  const bool has_output = HasTyped(operation, IsOutput);
  const bool has_bias = HasBias(operation);
  for (const Element half : {Element::kBFloat16, Element::kFloat16}) {
    all.push_back({half, half, half});
    if (has_output) {
      all.push_back({half, kFloat, half});
      all.push_back({kFloat, half, half});
    }
    if (has_bias) {  // which may be float, or of a half type beside floats
      all.push_back({half, half, kFloat});
      all.push_back({kFloat, kFloat, half});
    }
  }
  return all;
}

// The operation with operands of these types. An output replaces inputs of its
// own type only.
inline Operation WithTypes(const Operation& operation, const Types& types) {
  Operation result = operation;
  result.is_any = true;
  for (Operand& operand : result.operands) {
    if (!IsTyped(operand)) continue;
    operand.element = operand.id == kBias     ? types.bias
                      : IsInput(operand.role) ? types.in
                                              : types.out;
    if (operand.role == Role::kReplaceable && types.in != types.out) {
      operand.role = Role::kRead;
    }
  }
  return result;
}

// All operations with all types, and with floats as any type.
inline std::vector<Operation> MakeTypedOperations() {
  std::vector<Operation> all;
  for (const Operation& operation : Operations()) {
    const std::vector<Types> types = TypesOf(operation);
    constexpr Element kFloat = Element::kFloat;
    for (const Types& t : types) {
      all.push_back(WithTypes(operation, t));
      // Functions of floats take a bias of a half type, too.
      if (t.in != kFloat || t.out != kFloat) continue;
      all.push_back(all.back());
      all.back().is_any = false;
    }
    if (types.empty()) continue;
    all.push_back(WithTypes(operation, {kFloat, kFloat, kFloat}));
  }
  return all;
}
// Where tests are slow, every eleventh of them.
inline const std::vector<Operation>& TypedOperations() {
  static const std::vector<Operation> some = [] {
    const std::vector<Operation> all = MakeTypedOperations();
    std::vector<Operation> chosen;
    const size_t step = Amount("SOFTLANE_TYPES_STEP", 1, 11);
    for (size_t i = 0; i < all.size(); i += step) chosen.push_back(all[i]);
    return chosen;
  }();
  return some;
}

// An operation in words: its name and the types of its matrices.
inline std::string NameOf(const Operation& operation) {
  std::string name = operation.name;
  for (const Operand& operand : operation.operands) {
    if (!IsTyped(operand)) continue;
    name += std::string(", ") + NameOf(operand.element) + " " + operand.name;
  }
  return name;
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_TYPES_H_
