// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_CALL_H_
#define SOFTLANE_TESTS_FUZZ_CALL_H_

#include <cstddef>
#include <cstdint>

#include "../operand_elements.h"
#include "softlane/c.h"

// A call of the C API as data: which function, its sizes, operands and options.

namespace softlane {
namespace fuzz {

constexpr size_t kMaxOperands = 12;

// The elements of an operand.
enum class Shape {
  kMatrix,       // rows x cols, with a stride
  kPlanes,       // rows x axis x cols, with two strides
  kTopK,         // rows x k, with a stride
  kTopKPlanes,   // rows x k x cols, with two strides
  kInner,        // rows x cols, with a stride: planes without their axis
  kSquare,       // cols x cols, with a stride
  kPerRow,       // rows
  kPerColumn,    // cols
  kPerAxis,      // axis
  kPerInner,     // rows * cols
  kLosses,       // rows, or 1 if they are reduced
  kInnerLosses,  // kInner, or 1 if they are reduced
  kOne,          // 1
};

enum class Role {
  kRead,
  kReplaced,   // read, and the operand that is kReplacing may be this view
  kReplacing,  // written
  kWritten,
  kUpdated,  // read and written
};
constexpr bool IsOutput(Role role) { return role >= Role::kReplacing; }
constexpr bool IsInput(Role role) {
  return !IsOutput(role) || role == Role::kUpdated;
}

using operands::Element;
// The size that a place in memory is a multiple of.
constexpr size_t AlignmentOf(Element element) {
  return element == Element::kState ? alignof(softlane_softmax_state)
                                    : SizeOf(element);
}

// The values of an input, or the rules for an output.
enum class Content {
  kLogits,
  kShares,
  kLogs,
  kKeep,
  kLengths,
  kLabels,
  kWeights,
  kDots,
  kStates,         // of any use
  kSoftmaxStates,  // of the use SOFTLANE_STATE_SOFTMAX, as all states with sums
  kLogStates,      // of SOFTLANE_STATE_LOG_SOFTMAX
  kLossStates,     // of SOFTLANE_STATE_CROSS_ENTROPY, but for ignored rows
  kUpdatedStates,  // of the use in the options
  kMergedStates,   // of the use of the operand before
  kTileStates,     // of SOFTLANE_STATE_SOFTMAX, or all zero
  kBackwardStates,  // that have read the tile that is operand 0
  kShifts,
  kAnything,
  kExponentials,       // NaN or at least +0
  kMaxima,             // a zero is +0
  kProbabilities,      // their sum is 1, or all are NaN, or all are +0
  kSomeProbabilities,  // in [0, 1] or NaN, and not subnormal
  kLogProbabilities,   // at most 0, or all are NaN
  kColumns,            // in [-1, cols)
  kJacobian,           // symmetric
};

enum class Need {
  kNeeded,
  kOptional,  // null is none
  kIgnored,   // the function does not look at it
};

struct Call;

struct Operand {
  const char* name = nullptr;
  Shape shape = Shape::kMatrix;
  Role role = Role::kRead;
  Content content = Content::kLogits;
  Element element = Element::kFloat;
  Need need = Need::kNeeded;
  // Instead of `need`, where it depends on the call.
  Need (*need_in)(const Call&) = nullptr;
  // Whether the operand is a member of the struct of options. It may be null.
  bool is_option = false;
  // Whether a matrix has floats alone.
  bool has_floats = false;
};

enum class Settings {
  kNone,
  kScale,
  kSoftmax,
  kTopK,
  kStates,
  kMerge,  // no options and no target
  kEmptyRow,
  kLoss,
  kSavedLoss,
  kSavedProbs,  // kSavedLoss without z_loss
  kUpdateLoss,
  kLossFromStates,
  kAttention,
  kTile,
};
// Whether the options are those of CrossEntropy.
constexpr bool AreOfLoss(Settings settings) {
  return Settings::kLoss <= settings && settings <= Settings::kSavedProbs;
}
// Whether the options are a struct, which may be null.
constexpr bool AreStruct(Settings settings) {
  return settings >= Settings::kLoss;
}

struct Function {
  const char* name;
  Settings settings;
  int (*run)(const Call&);
  Operand operands[kMaxOperands];
};

// All options of all functions.
struct Options {
  float scale = 1.0f;
  int empty_row = 0;
  int renormalize = 0;
  // Options of states.
  int use = SOFTLANE_STATE_SOFTMAX;
  size_t first_col = 0, num_classes = 0;
  // Options of a loss.
  int reduction = SOFTLANE_REDUCTION_MEAN;
  int64_t ignore_index = -100;
  float label_smoothing = 0.0f, z_loss = 0.0f, upstream = 1.0f;
  int zero_if_all_ignored = 0;
  int accumulate = 0;
  // Options of attention.
  float softcap = 0.0f, alibi_slope = 0.0f, bias_scale = 1.0f;
  int causal = 0;
  int64_t first_query = 0, window = 0;
  size_t first_key = 0;
  int round_exps = 0;
  // The pointer to the struct of options is null.
  bool are_null = false;
};

struct View {
  void* data = nullptr;
  int type = SOFTLANE_F32;
  size_t stride = 0, axis_stride = 0;  // in elements
};

struct Extent {
  bool IsEmpty() const { return rows == 0 || axis == 0 || cols == 0; }

  size_t rows, axis, cols;
};

struct Call {
  const float* In(size_t i) const {
    return static_cast<const float*>(views[i].data);
  }
  float* Out(size_t i) const { return static_cast<float*>(views[i].data); }
  template <typename T>
  T* As(size_t i) const {
    return static_cast<T*>(views[i].data);
  }
  int Type(size_t i) const { return views[i].type; }
  size_t Stride(size_t i) const { return views[i].stride; }
  size_t AxisStride(size_t i) const { return views[i].axis_stride; }

  const Operand& OperandAt(size_t i) const { return function->operands[i]; }
  // Whether the call has a type for the elements of an operand.
  bool IsTyped(size_t i) const {
    const Operand& operand = OperandAt(i);
    const bool is_matrix =
        operand.shape == Shape::kMatrix || operand.shape == Shape::kPlanes;
    return is_matrix && operand.element == Element::kFloat &&
           !operand.has_floats;
  }
  Element ElementAt(size_t i) const {
    if (!IsTyped(i)) return OperandAt(i).element;
    return Type(i) == SOFTLANE_BF16  ? Element::kBFloat16
           : Type(i) == SOFTLANE_F16 ? Element::kFloat16
                                     : Element::kFloat;
  }
  Extent ExtentOf(size_t i) const {
    switch (OperandAt(i).shape) {
      case Shape::kMatrix:
        return {rows, 1, cols};
      case Shape::kPlanes:
        return {rows, axis, cols};
      case Shape::kTopKPlanes:
        return {rows, k, cols};
      case Shape::kInner:
        return {rows, 1, cols};
      case Shape::kTopK:
        return {rows, 1, k};
      case Shape::kSquare:
        return {cols, 1, cols};
      case Shape::kPerRow:
        return {1, 1, rows};
      case Shape::kPerColumn:
        return {1, 1, cols};
      case Shape::kPerAxis:
        return {1, 1, axis};
      case Shape::kPerInner:
        return {1, 1, rows * cols};
      case Shape::kInnerLosses:
        if (options.reduction == SOFTLANE_REDUCTION_NONE)
          return {rows, 1, cols};
        break;
      case Shape::kLosses:
        return {1, 1, options.reduction == SOFTLANE_REDUCTION_NONE ? rows : 1};
      case Shape::kOne:
        break;
    }
    return {1, 1, 1};
  }
  // Whether the function looks at an operand, which may then be empty or null.
  bool IsUsed(size_t i) const {
    const Operand& operand = OperandAt(i);
    const Need need =
        operand.need_in != nullptr ? operand.need_in(*this) : operand.need;
    if (need == Need::kIgnored) return false;
    return need == Need::kNeeded || views[i].data != nullptr;
  }

  const Function* function = nullptr;
  size_t num_operands = 0;
  size_t rows = 0, axis = 1, cols = 0, k = 0;
  View views[kMaxOperands];
  Options options;
  int target = SOFTLANE_TARGET_AUTO;
};

inline bool HasShape(const Call& c, Shape shape) {
  for (size_t i = 0; i < c.num_operands; ++i) {
    if (c.OperandAt(i).shape == shape) return true;
  }
  return false;
}
// The number of classes of a loss, or of candidates of a top-k.
inline size_t ClassesOf(const Call& c) {
  return HasShape(c, Shape::kPlanes) ? c.axis : c.cols;
}

// The label of row r of a call whose operand 1 has the labels.
inline int64_t LabelOf(const Call& c, size_t r) {
  return c.OperandAt(1).element == Element::kInt64 ? c.As<const int64_t>(1)[r]
                                                   : c.As<const int32_t>(1)[r];
}

// Calls body(pointer to the elements, their offset among those of the operand,
// their number) for each contiguous part of an operand.
template <class Body>
void ForEachPart(const Call& call, size_t i, const Body& body) {
  const Extent extent = call.ExtentOf(i);
  if (extent.IsEmpty()) return;
  const View& view = call.views[i];
  const size_t bytes = SizeOf(call.ElementAt(i));
  size_t offset = 0;
  for (size_t r = 0; r < extent.rows; ++r) {
    for (size_t a = 0; a < extent.axis; ++a) {
      const size_t row = r == 0 ? 0 : r * view.stride;
      const size_t plane = a == 0 ? 0 : a * view.axis_stride;
      body(static_cast<unsigned char*>(view.data) + (row + plane) * bytes,
           offset, extent.cols);
      offset += extent.cols;
    }
  }
}

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_CALL_H_
