// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_ERROR_H_
#define SOFTLANE_TESTS_OPERAND_ERROR_H_

#include <bitset>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "operand_fixture.h"
#include "operand_types.h"

// An error that a test can plant in a call, and those of one operand or of two.

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
constexpr size_t kType = 5;     // of an operand
constexpr size_t kFields = 6;
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
  bool is_of_types = false;  // which comes before all other errors
};
using Errors = std::vector<Error>;

inline bool IsMatrix(Shape shape) {
  return shape == Shape::kRows || shape == Shape::kTopK || HasAxis(shape) ||
         shape == Shape::kInner;
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
  if (HasAxis(operand.shape)) {
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
  if (same > 1 && HasAxis(operand.shape)) {
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
  if (!HasAxis(out.shape)) return;
  add(" of another axis stride on ", Of(y, kStride),
      [](const View& in, View& v) {
        v.data = in.data;
        v.axis_stride = in.axis_stride + 1;
      });
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_ERROR_H_
