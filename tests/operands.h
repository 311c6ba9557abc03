// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERANDS_H_
#define SOFTLANE_TESTS_OPERANDS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "inputs.h"
#include "operand_elements.h"
#include "softlane/softlane.h"

// A call of a softlane function as data, so that a loop can change it. The data
// are a list of operands, each with a pointer, a shape and strides.

namespace softlane {
namespace operands {

// The use of an operand by a function.
enum class Role {
  kRead,
  kReplaceable,  // read, and the matrix that is written may be this view
  kWritten,
  kUpdated,  // read and written
};
constexpr bool IsInput(Role role) { return role != Role::kWritten; }
constexpr bool IsOutput(Role role) { return role >= Role::kWritten; }

// The elements of an operand in a call with these rows, axis, cols and k.
enum class Shape {
  kRows,        // rows x cols
  kPlanes,      // rows x axis x cols: outer, axis and inner
  kTopK,        // rows x k
  kTopKPlanes,  // rows x k x cols: planes of a top-k along the axis
  kInner,       // rows x cols floats: planes without their axis
  kSquare,      // cols x cols
  kPerRow,      // rows, a pointer alone
  kPerColumn,   // cols, a pointer alone
  kPerAxis,     // axis, a pointer alone
  kPerInner,    // rows * cols, a pointer alone
  kOne,         // 1, a pointer alone
};
// A view has strides, and planes have two.
constexpr bool IsView(Shape shape) { return shape <= Shape::kSquare; }
constexpr bool HasAxis(Shape shape) {
  return shape == Shape::kPlanes || shape == Shape::kTopKPlanes;
}

// The values of an operand that is read.
enum class Content {
  kLogits,
  kShares,   // in [0, 1)
  kLogs,     // below 0
  kKeep,     // 0 or 1
  kLengths,  // in [0, cols]
  kLabels,   // in [0, cols), or [0, axis) of planes; some ignored
  kDots,
  kStates,  // of the use in the settings, and of a larger maximum than logits
};

// The argument that an operand is. No function has all of them.
enum Id {
  kX,
  kSecond,  // a gradient, or a loss's targets
  kScores,  // of the backward pass of attention
  kBias,
  kKeep,
  kLengths,
  kSinks,
  kLabels,
  kWeights,
  kUpstream,
  kForward,  // the logsumexp of the forward pass
  kY,
  kIndices,
  kResults,  // maxima, logsumexps or losses
  kDivisor,
  kDsinks,
  kStates,
  kFrom,  // the states that are merged
  kDots,
  kIds,
};

struct Operand {
  Id id;
  const char* name;
  Role role;
  Shape shape;
  Element element = Element::kFloat;
  Content content = Content::kLogits;
  // Null data means none.
  bool is_optional = false;
  // The same for the C twin alone.
  bool is_optional_in_c = false;
};

// The rows of planes are their outer indices, the columns their inner ones.
struct View {
  void* data = nullptr;
  size_t rows = 0, axis = 1, cols = 0, stride = 0, axis_stride = 0;
  int type = 0;  // a value of ElementType, if the elements have a type

  template <typename T>
  T* As() const {
    return static_cast<T*>(data);
  }
  template <typename T>
  Rows<T> AsRows() const {
    return Rows<T>(As<T>(), rows, cols, stride);
  }
  template <typename T>
  Planes<T> AsPlanes() const {
    return Planes<T>(As<T>(), rows, axis, cols, stride, axis_stride);
  }
  AnyRows AsAnyRows() const {
    return AnyRows(data, static_cast<ElementType>(type), rows, cols, stride);
  }
  AnyPlanes AsAnyPlanes() const {
    return AnyPlanes(data, static_cast<ElementType>(type), rows, axis, cols,
                     stride, axis_stride);
  }
};

// The options of all functions. The enumerators are ints, as in C.
struct Settings {
  float scale = 1.0f;
  int empty_row = 0;
  bool renormalize = false;
  // Options of states.
  int use = 0;
  size_t first_col = 0;
  // Options of attention.
  float softcap = 0.0f, alibi_slope = 0.0f, bias_scale = 1.0f;
  bool causal = false;
  int64_t first_query = 0, window = 0;
  // Options of a loss.
  int reduction = 0;
  float label_smoothing = 0.0f, z_loss = 0.0f, upstream = 1.0f;
};
constexpr int64_t kIgnoreIndex = -7;  // not the default

struct Sizes {
  size_t rows = 0, axis = 1, cols = 0, k = 0;
};

// The k of a top-k along the axis.
inline size_t TopOfAxis(const Sizes& sizes) {
  return sizes.k < sizes.axis ? sizes.k : sizes.axis;
}

struct Call {
  const View& operator[](Id id) const { return views[id]; }
  View& operator[](Id id) { return views[id]; }

  Sizes sizes;  // what a C twin takes; in C++ each view has its own
  View views[kIds];
  Settings settings;
  bool is_any = false;  // by the function of any element type
};

// The settings of a function.
enum class Options {
  kNone,
  kScale,
  kSoftmax,
  kTopK,
  kStates,
  kLoss,
  kLossState,
  kAttention,
};

using RunFunction = Status (*)(const Call&, Target);

struct Operation {
  const char* name;
  RunFunction run[2];  // the C++ function and its C twin
  Options options;
  std::vector<Operand> operands;
  Settings settings = {};
  bool has_target = true;
  bool is_any = false;  // see Call
};
constexpr const char* kTwinNames[] = {"C++", "C"};

inline bool Has(const Operation& operation, Shape shape) {
  for (const Operand& operand : operation.operands) {
    if (operand.shape == shape) return true;
  }
  return false;
}

// The number of classes of labels.
inline size_t ClassesOf(const Operation& operation, const Sizes& sizes) {
  return Has(operation, Shape::kPlanes) ? sizes.axis : sizes.cols;
}

// Whether the columns are an argument.
inline bool HasColumns(const Operation& operation) {
  for (const Operand& operand : operation.operands) {
    if (IsView(operand.shape) || operand.shape == Shape::kPerColumn) {
      return true;
    }
  }
  return false;
}

// The view of an operand in a call of these sizes, without data and strides.
inline View ShapeOf(const Operand& operand, const Sizes& sizes) {
  View view;
  view.type = TypeOf(operand.element);
  switch (operand.shape) {
    case Shape::kRows:
      view.rows = sizes.rows, view.cols = sizes.cols;
      break;
    case Shape::kPlanes:
      view.rows = sizes.rows, view.cols = sizes.cols, view.axis = sizes.axis;
      break;
    case Shape::kTopKPlanes:
      view.rows = sizes.rows, view.cols = sizes.cols;
      view.axis = TopOfAxis(sizes);
      break;
    case Shape::kInner:
      view.rows = sizes.rows, view.cols = sizes.cols;
      break;
    case Shape::kTopK:
      view.rows = sizes.rows, view.cols = sizes.k;
      break;
    case Shape::kSquare:
      view.rows = view.cols = sizes.cols;
      break;
    case Shape::kPerRow:
      view.rows = 1, view.cols = sizes.rows;
      break;
    case Shape::kPerColumn:
      view.rows = 1, view.cols = sizes.cols;
      break;
    case Shape::kPerAxis:
      view.rows = 1, view.cols = sizes.axis;
      break;
    case Shape::kPerInner:
      view.rows = 1, view.cols = sizes.rows * sizes.cols;
      break;
    case Shape::kOne:
      view.rows = view.cols = 1;
      break;
  }
  return view;
}
// A state of two logits.
inline SoftmaxState MakeState(const Settings& settings, Random& random) {
  const float logits[2] = {15.0f + random.Unit(), 2.0f * random.Normal()};
  const auto use = static_cast<StateUse>(settings.use);
  SoftmaxState state = {};
  LossStateOptions options;
  options.scale = settings.scale;
  const int64_t label = 2;  // of another part
  const Status status =
      use == StateUse::kCrossEntropy
          ? UpdateLossStates({logits, 1, 2}, 0, &label, &state, options)
          : UpdateStates({logits, 1, 2}, 0, &state, {settings.scale, use});
  return status == Status::kOk ? state : SoftmaxState();
}
inline bool IsEmpty(const View& v) {
  return v.rows == 0 || v.axis == 0 || v.cols == 0;
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERANDS_H_
