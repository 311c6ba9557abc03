// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_STATUS_MODEL_H_
#define SOFTLANE_TESTS_FUZZ_STATUS_MODEL_H_

#include "call.h"
#include "source.h"

// The status that a call must have, from the text of the headers alone. Of
// several errors that of types counts, then the error with the smallest value.

namespace softlane {
namespace fuzz {

// The bytes of an operand, from its first element to the end of its last.
struct Span {
  bool Meets(const Span& other) const {
    return begin < other.end && other.begin < end;
  }

  unsigned __int128 begin = 0, end = 0;
};

// False if a stride is bad, or if the operand does not fit into memory.
inline bool FindSpan(const Call& c, size_t i, Span* span) {
  const Operand& operand = c.OperandAt(i);
  const View& view = c.views[i];
  const Extent extent = c.ExtentOf(i);
  constexpr unsigned __int128 kMost = PTRDIFF_MAX;
  unsigned __int128 elements = extent.cols;
  if (extent.axis > 1) {
    if (view.axis_stride < extent.cols) return false;
    elements +=
        static_cast<unsigned __int128>(extent.axis - 1) * view.axis_stride;
    if (elements > kMost) return false;
  }
  if (extent.rows > 1) {
    const bool repeats = view.stride == 0 && !IsOutput(operand.role);
    if (!repeats && view.stride < elements) return false;
    elements += static_cast<unsigned __int128>(extent.rows - 1) * view.stride;
    if (elements > kMost) return false;
  }
  const unsigned __int128 bytes = elements * SizeOf(c.ElementAt(i));
  span->begin = reinterpret_cast<uintptr_t>(view.data);
  span->end = span->begin + bytes;
  return bytes <= kMost && span->end <= UINTPTR_MAX;
}

inline bool IsSameView(const Call& c, size_t i, size_t k) {
  const View &a = c.views[i], &b = c.views[k];
  const Extent n = c.ExtentOf(i), m = c.ExtentOf(k);
  return a.data == b.data && n.rows == m.rows && n.axis == m.axis &&
         n.cols == m.cols && (n.rows == 1 || a.stride == b.stride) &&
         (n.axis == 1 || a.axis_stride == b.axis_stride);
}

// Whether both are windows of columns of one buffer that share no column.
inline bool AreWindows(const Call& c, size_t i, size_t k) {
  const Extent n = c.ExtentOf(i), m = c.ExtentOf(k);
  const size_t size = SizeOf(c.ElementAt(i));
  const size_t other_size = SizeOf(c.ElementAt(k));
  const size_t stride = c.views[i].stride * size;
  if (n.axis != 1 || m.axis != 1 || n.rows == 1 || m.rows == 1 || stride == 0 ||
      stride != c.views[k].stride * other_size) {
    return false;
  }
  // Where the second begins in a row of a buffer that begins with the first.
  const auto first = reinterpret_cast<intptr_t>(c.views[i].data);
  const auto second = reinterpret_cast<intptr_t>(c.views[k].data);
  const auto signed_stride = static_cast<intptr_t>(stride);
  const intptr_t distance = (second - first) % signed_stride;
  const auto column =
      static_cast<size_t>(distance < 0 ? distance + signed_stride : distance);
  return column >= n.cols * size && column + m.cols * other_size <= stride;
}

inline bool IsScale(float scale) { return IsFinite(scale) && scale > 0.0f; }
inline bool IsAmount(float x) { return IsFinite(x) && x >= 0.0f; }
inline bool IsEmptyRow(int policy) { return policy == 0 || policy == 1; }

// Whether the types go together: see any_rows.h. The type of an operand that is
// not used counts as little as the operand.
inline bool AreGoodTypes(const Call& c) {
  int half = SOFTLANE_F32, in = -1;
  for (size_t i = 0; i < c.num_operands; ++i) {
    if (!c.IsTyped(i) || !c.IsUsed(i)) continue;
    const int type = c.Type(i);
    if (type < 0 || type > 2) return false;
    if (type != SOFTLANE_F32) {
      if (half != SOFTLANE_F32 && half != type) return false;
      half = type;
    }
    const Operand& operand = c.OperandAt(i);
    if (IsOutput(operand.role) || operand.is_option) continue;
    if (in >= 0 && in != type) return false;
    in = type;
  }
  return true;
}

// kBadOption for types, kNullPointer, kBadShape and kOverlap.
inline int ExpectedOfOperands(const Call& c) {
  if (!AreGoodTypes(c)) return SOFTLANE_BAD_OPTION;
  bool is_looked_at[kMaxOperands] = {};
  for (size_t i = 0; i < c.num_operands; ++i) {
    is_looked_at[i] = c.IsUsed(i) && !c.ExtentOf(i).IsEmpty();
    if (is_looked_at[i] && c.views[i].data == nullptr) {
      return SOFTLANE_NULL_POINTER;
    }
  }
  if (c.function->settings == Settings::kTopK &&
      (c.k > ClassesOf(c) || ClassesOf(c) >= size_t{1} << 31)) {
    return SOFTLANE_BAD_SHAPE;
  }
  if (c.function->settings == Settings::kLossFromStates &&
      (c.cols > c.options.num_classes ||
       c.options.first_col > c.options.num_classes - c.cols)) {
    return SOFTLANE_BAD_SHAPE;
  }
  Span spans[kMaxOperands];
  for (size_t i = 0; i < c.num_operands; ++i) {
    if (is_looked_at[i] && !FindSpan(c, i, &spans[i])) {
      return SOFTLANE_BAD_SHAPE;
    }
  }
  for (size_t i = 0; i < c.num_operands; ++i) {
    const Role role = c.OperandAt(i).role;
    if (!IsOutput(role) || !is_looked_at[i]) continue;
    for (size_t k = 0; k < c.num_operands; ++k) {
      if (k == i || !is_looked_at[k] || !spans[i].Meets(spans[k])) continue;
      const bool may_replace = role == Role::kReplacing &&
                               c.options.accumulate == 0 &&
                               c.OperandAt(k).role == Role::kReplaced &&
                               c.ElementAt(i) == c.ElementAt(k);
      if (may_replace && IsSameView(c, i, k)) continue;
      if (!AreWindows(c, i, k)) return SOFTLANE_OVERLAP;
    }
  }
  return SOFTLANE_OK;
}

inline bool AreGoodOptions(const Call& c) {
  const Options& o = c.options;
  switch (c.function->settings) {
    case Settings::kNone:
      return true;
    case Settings::kScale:
      return IsScale(o.scale);
    case Settings::kSoftmax:
      return IsScale(o.scale) && IsEmptyRow(o.empty_row);
    case Settings::kTopK:
      return IsScale(o.scale) && IsEmptyRow(o.empty_row) && c.k <= 64;
    case Settings::kStates:
      return IsScale(o.scale) && (o.use == 0 || o.use == 1);
    case Settings::kMerge:
      return true;
    case Settings::kLoss:
    case Settings::kSavedLoss:
    case Settings::kSavedProbs:
      return o.reduction >= 0 && o.reduction <= 2 && IsScale(o.scale) &&
             IsAmount(o.label_smoothing) && o.label_smoothing <= 1.0f &&
             IsAmount(o.z_loss) &&
             (c.function->settings != Settings::kSavedProbs ||
              o.z_loss == 0.0f);
    case Settings::kUpdateLoss:
      return IsScale(o.scale);
    case Settings::kLossFromStates:
      return IsScale(o.scale) && IsAmount(o.z_loss);
    case Settings::kEmptyRow:
      return IsEmptyRow(o.empty_row);
    case Settings::kTile: {
      const __int128 position = static_cast<__int128>(o.first_query) -
                                static_cast<__int128>(o.first_key);
      if (o.first_key > INT64_MAX || position < INT64_MIN) return false;
      [[fallthrough]];
    }
    case Settings::kAttention:
      return IsScale(o.scale) && IsEmptyRow(o.empty_row) &&
             IsAmount(o.softcap) && IsFinite(o.alibi_slope) &&
             IsScale(o.bias_scale) && o.window >= 0;
  }
  return false;
}

// Above all good labels and lengths.
inline size_t EndOfIndices(const Call& c) {
  switch (c.function->settings) {
    case Settings::kUpdateLoss:
    case Settings::kTile:
      return SIZE_MAX;
    case Settings::kLossFromStates:
      return c.options.num_classes;
    default:
      return ClassesOf(c);
  }
}

// The status for the numbers in operand i: kBadOption, kBadLabel or kOk.
template <typename T>
int ExpectedOfValues(const Call& c, size_t i) {
  const Content content = c.OperandAt(i).content;
  const Extent extent = c.ExtentOf(i);
  // The rows of a stride of 0 are one.
  const size_t stride = extent.rows == 1 ? 0 : c.Stride(i);
  const size_t rows = stride == 0 ? 1 : extent.rows;
  for (size_t n = 0; n < rows * extent.cols; ++n) {
    const T value =
        c.As<const T>(i)[n / extent.cols * stride + n % extent.cols];
    if (content == Content::kWeights) {
      if (!IsAmount(static_cast<float>(value))) return SOFTLANE_BAD_OPTION;
      continue;
    }
    const auto integer = static_cast<int64_t>(value);
    const size_t end = EndOfIndices(c);
    const bool is_below = integer >= 0 && static_cast<size_t>(integer) < end;
    if (content == Content::kLengths) {
      if (!is_below && static_cast<size_t>(integer) != c.cols) {
        return SOFTLANE_BAD_OPTION;
      }
    } else if (!is_below && integer != c.options.ignore_index) {
      return SOFTLANE_BAD_LABEL;
    }
  }
  return SOFTLANE_OK;
}

// Whether the largest logit is finite: see softmax_state.h.
inline bool HasSum(const softlane_softmax_state& state) {
  return 0x007FFFFFu < state.max_key && state.max_key < 0xFF800000u;
}
// Whether all states of operand i with sums have the use that they must have.
inline bool HaveGoodUses(const Call& c, size_t i) {
  for (size_t r = 0; r < c.rows; ++r) {
    const auto state = c.As<const softlane_softmax_state>(i)[r];
    if (!HasSum(state)) continue;
    int use = c.options.use;
    switch (c.OperandAt(i).content) {
      case Content::kSoftmaxStates:
      case Content::kTileStates:
      case Content::kBackwardStates:
        use = SOFTLANE_STATE_SOFTMAX;
        break;
      case Content::kLogStates:
        use = SOFTLANE_STATE_LOG_SOFTMAX;
        break;
      case Content::kLossStates:
        if (LabelOf(c, r) == c.options.ignore_index) continue;
        use = SOFTLANE_STATE_CROSS_ENTROPY;
        break;
      case Content::kUpdatedStates:
        break;
      case Content::kMergedStates: {
        const auto other = c.As<const softlane_softmax_state>(i - 1)[r];
        if (!HasSum(other)) continue;
        use = other.window & 3;
        break;
      }
      default:
        return true;
    }
    if ((state.window & 3) != use) return false;
  }
  return true;
}

// kBadOption, kBadLabel and kTargetUnavailable, once the operands are good.
inline int ExpectedOfRest(const Call& c) {
  int expected = SOFTLANE_OK;
  if (!AreGoodOptions(c)) return SOFTLANE_BAD_OPTION;
  for (size_t i = 0; i < c.num_operands; ++i) {
    const Operand& operand = c.OperandAt(i);
    if (!c.IsUsed(i) || c.ExtentOf(i).IsEmpty()) continue;
    int status = SOFTLANE_OK;
    if (operand.element == Element::kState) {
      if (!HaveGoodUses(c, i)) status = SOFTLANE_BAD_OPTION;
    } else if (operand.content == Content::kWeights) {
      status = ExpectedOfValues<float>(c, i);
    } else if (operand.content == Content::kLengths ||
               operand.content == Content::kLabels) {
      status = operand.element == Element::kInt64
                   ? ExpectedOfValues<int64_t>(c, i)
                   : ExpectedOfValues<int32_t>(c, i);
    }
    if (status != SOFTLANE_OK && (expected == 0 || status < expected)) {
      expected = status;
    }
  }
  if (expected != SOFTLANE_OK) return expected;
  if (c.function->settings == Settings::kMerge) return SOFTLANE_OK;
  return softlane_is_available(c.target) == 1 ? SOFTLANE_OK
                                              : SOFTLANE_TARGET_UNAVAILABLE;
}

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_STATUS_MODEL_H_
