// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_ERRORS_H_
#define SOFTLANE_TESTS_OPERAND_ERRORS_H_

#include <bitset>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "operand_error.h"
#include "operand_tally.h"

// Every error that a test can plant in a call: in its operands, its options and
// its target.

namespace softlane {
namespace operands {

// Whether a function takes matrices of these types.
inline bool AreTypes(const Operation& operation, const Call& call) {
  constexpr int kBFloat16 = TypeOf(Element::kBFloat16);
  constexpr int kFloat16 = TypeOf(Element::kFloat16);
  const int in = call[kX].type;
  bool has[3] = {};
  for (const Operand& operand : operation.operands) {
    if (!IsTyped(operand)) continue;
    const int type = call[operand.id].type;
    if (type < 0 || type > 2) return false;
    has[type] = true;
    if (IsInput(operand.role) && operand.id != kBias && type != in) {
      return false;
    }
  }
  return !(has[kBFloat16] && has[kFloat16]);
}

// Types that are none, and types that do not go with the others.
inline void AddTypeErrors(const Operation& operation, size_t twin,
                          const Call& good, Errors& errors) {
  // C++ has no types but those of a byte.
  for (int type : {0, 1, 2, 3, 255, 256, 258, -1, INT32_MIN}) {
    if (twin == 0 && (type < 0 || type > 255)) continue;
    for (const Operand& operand : operation.operands) {
      const Id id = operand.id;
      Call call = good;
      call[id].type = type;
      if (!IsTyped(operand) || AreTypes(operation, call)) continue;
      errors.push_back({Status::kBadOption,
                        operand.name + (" of type " + std::to_string(type)),
                        Of(id, kType) | AllOf(kType),
                        [=](Planted& p) { p.call[id].type = type; }, true});
    }
  }
}

// Options out of their ranges.
inline void AddOptionErrors(const Operation& operation, Errors& errors) {
  size_t setting = kSetting;
  const auto add = [&](const char* what,
                       const std::function<void(Settings&)>& change,
                       const Changes& also = {}) {
    errors.push_back({Status::kBadOption, what, Changes().set(setting) | also,
                      [=](Planted& p) { change(p.call.settings); }});
  };
  const Options options = operation.options;
  if (options == Options::kNone) return;
  for (const float scale : {0.0f, -1.0f, kNotANumber}) {
    add("scale", [=](Settings& s) { s.scale = scale; });
  }
  ++setting;
  if (options == Options::kStates) {
    for (const int use : {2, 255})
      add("use", [=](Settings& s) { s.use = use; });
  } else if (options == Options::kLossState) {
    for (const float z_loss : {-1.0f, kNotANumber}) {
      add("z_loss", [=](Settings& s) { s.z_loss = z_loss; });
    }
  } else if (options != Options::kScale && options != Options::kLoss) {
    add("empty_row", [](Settings& s) { s.empty_row = 2; });
  }
  if (options == Options::kLoss) {
    // The reduction decides how many losses there are, whether they have a
    // stride, and which upstream counts.
    add(
        "reduction", [](Settings& s) { s.reduction = 3; },
        Of(kResults, kLooked) | Of(kResults, kShape) | Of(kResults, kStride) |
            Of(kUpstream, kLooked));
    ++setting;
    add("label_smoothing", [](Settings& s) { s.label_smoothing = 1.5f; });
    ++setting;
    add("z_loss", [](Settings& s) { s.z_loss = -1.0f; });
  }
  if (options == Options::kAttention) {
    ++setting;
    // Without softcap no scores are looked at.
    if (operation.run[0] != RunAttentionBackward ||
        operation.settings.softcap != 0.0f) {
      add("softcap", [](Settings& s) { s.softcap = -1.0f; });
      add("softcap", [](Settings& s) { s.softcap = kNotANumber; });
    }
    ++setting;
    add("alibi_slope", [](Settings& s) { s.alibi_slope = kNotANumber; });
    ++setting;
    add("bias_scale", [](Settings& s) { s.bias_scale = 0.0f; });
    ++setting;
    add("window", [](Settings& s) { s.window = -1; });
  }
}

inline bool IsUpdateOfLoss(const Operation& operation) {
  return operation.run[0] == RunUpdateLoss64 ||
         operation.run[0] == RunUpdateLoss32;
}

// Numbers in operands out of their ranges. The fixture has good ones.
template <typename T>
void AddContentErrors(const Fixture& fixture, const Operand& operand,
                      Status status, size_t at, std::vector<T> values,
                      Errors& errors) {
  void* const to = At(operand, fixture.good[operand.id], 0, 0, at);
  for (const T value : values) {
    errors.push_back({status, std::string("one of ") + operand.name,
                      Of(operand.id, kContent),
                      [=](Planted&) { Put(to, value); }});
  }
}

// Errors of the sizes that all views have.
inline void AddSizeErrors(const Operation& operation, Errors& errors) {
  const auto add = [&](const char* what, Status status, size_t Sizes::*size,
                       size_t value) {
    errors.push_back({status, what, AllOf(kShape) | AllOf(kStride),
                      [=, &operation](Planted& p) {
                        p.call.sizes.*size = value;
                        for (const Operand& operand : operation.operands) {
                          View& v = p.call[operand.id];
                          const View shape = ShapeOf(operand, p.call.sizes);
                          v.rows = shape.rows, v.axis = shape.axis;
                          v.cols = shape.cols;
                        }
                      }});
  };
  const bool is_square = Has(operation, Shape::kSquare);
  if (!is_square) add("huge rows", Status::kBadShape, &Sizes::rows, kHugeSize);
  if (HasColumns(operation)) {
    add("huge cols", Status::kBadShape, &Sizes::cols, kHugeSize);
  }
  if (Has(operation, Shape::kPlanes)) {
    add("huge axis", Status::kBadShape, &Sizes::axis, kHugeSize);
  }
  if (Has(operation, Shape::kTopK)) {
    add("k of 65", Status::kBadOption, &Sizes::k, kMaxTopK + 1);
    add("k above cols", Status::kBadShape, &Sizes::k, 71);
    add("too many cols", Status::kBadShape, &Sizes::cols, size_t{1} << 31);
  }
}

// The sizes of the calls that get errors, but for planes.
constexpr size_t kErrorRows = 3, kErrorCols = 70;

inline Errors ErrorsOf(const Operation& operation, size_t twin,
                       const Fixture& f) {
  Errors errors;
  for (const Operand& operand : operation.operands) {
    AddOperandErrors(operation, operand, twin, errors);
    if (IsOutput(operand.role)) {
      for (const Operand& other : operation.operands) {
        if (other.id != operand.id) AddOverlaps(operand, other, errors);
      }
    }
    constexpr Status kBadLabel = Status::kBadLabel;
    constexpr Status kBadOption = Status::kBadOption;
    const size_t num_classes = ClassesOf(operation, f.good.sizes);
    const auto classes =
        static_cast<int32_t>(operation.settings.first_col + num_classes);
    if (operand.id == kLabels && IsUpdateOfLoss(operation)) {
      // The function does not know the number of classes.
      if (operand.element == Element::kInt32) {
        AddContentErrors<int32_t>(f, operand, kBadLabel, kErrorRows - 1,
                                  {-1, INT32_MIN}, errors);
      } else {
        AddContentErrors<int64_t>(f, operand, kBadLabel, kErrorRows - 1,
                                  {-1, INT64_MIN}, errors);
      }
    } else if (operand.id == kLabels && operand.element == Element::kInt32) {
      AddContentErrors<int32_t>(f, operand, kBadLabel, kErrorRows - 1,
                                {-1, classes}, errors);
    } else if (operand.id == kLabels) {
      AddContentErrors<int64_t>(f, operand, kBadLabel, kErrorRows - 1,
                                {-1, int64_t{classes}, int64_t{1} << 32},
                                errors);
    } else if (operand.id == kLengths) {
      AddContentErrors<int32_t>(f, operand, kBadOption, kErrorRows - 1,
                                {-1, int32_t{kErrorCols} + 1}, errors);
    } else if (operand.id == kStates &&
               operation.run[0] != RunLogSumExpOfStates) {
      SoftmaxState state =
          f.good[kStates].As<const SoftmaxState>()[kErrorRows - 1];
      state.window ^= 1;  // the other use
      AddContentErrors<SoftmaxState>(f, operand, kBadOption, kErrorRows - 1,
                                     {state}, errors);
    } else if (operand.id == kWeights) {
      const bool is_per_row = operand.shape == Shape::kPerRow;
      AddContentErrors<float>(f, operand, kBadOption,
                              (is_per_row ? kErrorRows : num_classes) - 1,
                              {-1.0f, kNotANumber}, errors);
    }
  }
  if (operation.is_any || twin == 1) {
    AddTypeErrors(operation, twin, f.good, errors);
  }
  AddSizeErrors(operation, errors);
  AddOptionErrors(operation, errors);
  if (!operation.has_target) return errors;
  for (const int target : {5, 255}) {
    errors.push_back({Status::kTargetUnavailable, "target",
                      Changes().set(kTarget),
                      [=](Planted& p) { p.target = target; }});
  }
  return errors;
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_ERRORS_H_
