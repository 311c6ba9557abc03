// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_ERRORS_H_
#define SOFTLANE_TESTS_OPERAND_ERRORS_H_

#include <bitset>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "operand_fixture.h"

// Every error that a test can plant in a call: in its operands, its options and
// its target.

namespace softlane {
namespace operands {

constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();
constexpr size_t kHugeSize = size_t{1} << 62;

// The parts of a call that an error changes. Two errors that change the same
// part are no pair.
constexpr size_t kData = 0;     // of an operand
constexpr size_t kShape = 1;    // of an operand
constexpr size_t kStride = 2;   // of an operand
constexpr size_t kContent = 3;  // of an operand
constexpr size_t kLooked = 4;   // whether an operand is looked at
constexpr size_t kFields = 5;
constexpr size_t kSetting = kFields * kIds;  // and those behind it
constexpr size_t kTarget = kSetting + 16;
using Changes = std::bitset<kTarget + 1>;

inline Changes Of(Id id, size_t field) {
  return Changes().set(id * kFields + field);
}
inline Changes AllOf(size_t field) {
  Changes changes;
  for (size_t id = 0; id < kIds; ++id) changes.set(id * kFields + field);
  return changes;
}

struct Planted {
  Call call;
  int target;
};
struct Error {
  Status status;
  std::string what;
  Changes changes;
  std::function<void(Planted&)> plant;
};
using Errors = std::vector<Error>;

inline bool IsMatrix(Shape shape) {
  return shape == Shape::kRows || shape == Shape::kTopK ||
         shape == Shape::kPlanes;
}

// Adds the errors that one operand can have.
inline void AddOperandErrors(const Operation& operation, const Operand& operand,
                             size_t twin, Errors& errors) {
  const Id id = operand.id;
  const std::string name = operand.name;
  const auto shape_error = [&](const char* what, const Changes& changes,
                               const std::function<void(View&)>& change) {
    errors.push_back({Status::kBadShape, name + what, changes,
                      [=](Planted& p) { change(p.call[id]); }});
  };
  if (!operand.is_optional && !(operand.is_optional_in_c && twin == 1)) {
    errors.push_back({Status::kNullPointer, name + " null", Of(id, kData),
                      [=](Planted& p) { p.call[id].data = nullptr; }});
  }
  if (operand.shape != Shape::kOne) {
    shape_error(
        " at the end of memory", Of(id, kData) | Of(id, kLooked),
        [](View& v) { v.data = reinterpret_cast<void*>(UINTPTR_MAX - 7); });
  }
  if (!IsView(operand.shape)) return;
  shape_error(" stride", Of(id, kStride),
              [](View& v) { v.stride = v.cols - 1; });
  shape_error(" huge stride", Of(id, kStride),
              [](View& v) { v.stride = kHugeSize; });
  if (operand.role == Role::kWritten) {
    shape_error(" stride 0", Of(id, kStride), [](View& v) { v.stride = 0; });
  }
  if (operand.shape == Shape::kPlanes) {
    shape_error(" axis stride 0", Of(id, kStride),
                [](View& v) { v.axis_stride = 0; });
    shape_error(" axis stride", Of(id, kStride),
                [](View& v) { v.axis_stride = v.cols - 1; });
    shape_error(" huge axis stride", Of(id, kStride), [](View& v) {
      v.axis_stride = kHugeSize / 2;
      v.stride = kHugeSize;
    });
  }
  if (twin == 1) return;  // whose views all have one shape
  size_t matrices = 0, same = 0;
  for (const Operand& other : operation.operands) {
    matrices += IsMatrix(other.shape);
    same += other.shape == operand.shape;
  }
  // No two operands get the same wrong size.
  const size_t more = 1 + id;
  const bool is_alone = matrices == 1 && IsMatrix(operand.shape);
  if (!is_alone) {
    shape_error(" rows", Of(id, kShape), [=](View& v) { v.rows += more; });
  }
  if (same > 1 || operand.shape != Shape::kRows) {
    shape_error(" cols", Of(id, kShape),
                [=](View& v) { v.cols += more, v.stride += more; });
  }
  if (operand.shape == Shape::kPlanes) {
    shape_error(" axis", Of(id, kShape), [=](View& v) { v.axis += more; });
  }
}

// An output that shares memory with another operand.
inline void AddOverlaps(const Operand& out, const Operand& other,
                        Errors& errors) {
  const Id y = out.id, x = other.id;
  const auto add = [&](const char* what, const Changes& changes,
                       const std::function<void(const View&, View&)>& change) {
    errors.push_back({Status::kOverlap,
                      std::string(out.name) + what + other.name,
                      Of(y, kData) | Of(x, kLooked) | changes,
                      [=](Planted& p) { change(p.call[x], p.call[y]); }});
  };
  add(" at the last of ", {}, [=](const View& in, View& v) {
    void* const last = At(other, in, in.rows - 1, in.axis - 1, in.cols - 1);
    v.data = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(last) &
                                     ~uintptr_t{3});
  });
  add(" with its last on ", Of(y, kLooked), [=](const View& in, View& v) {
    v.data = nullptr;
    void* const last = At(out, v, v.rows - 1, v.axis - 1, v.cols - 1);
    v.data = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(in.data) -
                                     reinterpret_cast<uintptr_t>(last));
  });
  const bool may_be_same =
      other.role == Role::kReplaceable && out.shape == other.shape;
  if (!may_be_same) {
    return add(" on ", {}, [](const View& in, View& v) { v.data = in.data; });
  }
  add(" shifted on ", {},
      [=](const View& in, View& v) { v.data = At(other, in, 0, 0, 1); });
  add(" of another stride on ", Of(y, kStride), [](const View& in, View& v) {
    v.data = in.data;
    v.stride = in.stride + 1;
  });
  if (out.shape != Shape::kPlanes) return;
  add(" of another axis stride on ", Of(y, kStride),
      [](const View& in, View& v) {
        v.data = in.data;
        v.axis_stride = in.axis_stride + 1;
      });
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
    // The reduction decides how many losses there are and which upstream
    // counts.
    add(
        "reduction", [](Settings& s) { s.reduction = 3; },
        Of(kResults, kLooked) | Of(kUpstream, kLooked));
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
    const auto classes =
        static_cast<int32_t>(operation.settings.first_col + kErrorCols);
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
                              (is_per_row ? kErrorRows : kErrorCols) - 1,
                              {-1.0f, kNotANumber}, errors);
    }
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
