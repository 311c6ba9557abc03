// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_CHECK_H_
#define SOFTLANE_LIB_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "softlane/planes.h"
#include "softlane/rows.h"
#include "softlane/softmax.h"
#include "softlane/status.h"

// What the public functions check of their arguments, before the first write:
// the operands first, then the options, the labels, and last the target. That
// is the order of the values of Status. No floating-point arithmetic here: the
// host's FP environment is still in force.

namespace softlane {
namespace internal {

/// One view of a call, as its checks see it: without its element type. Rows are
/// planes whose axis has one index; a vector is one row.
struct Operand {
  /// What the call does with the view. An input that is kReplaced may be the
  /// view of the output that is kReplacing.
  enum class Role : uint8_t { kRead, kReplaced, kReplacing, kWritten };

  /// No elements.
  Operand() noexcept = default;
  template <typename T>
  Operand(const Rows<T>& view, Role role) noexcept
      : Operand(reinterpret_cast<uintptr_t>(view.data), view.rows, 1, view.cols,
                view.stride, 0, sizeof(T), role) {}
  template <typename T>
  Operand(const Planes<T>& view, Role role) noexcept
      : Operand(reinterpret_cast<uintptr_t>(view.data), view.outer, view.axis,
                view.inner, view.outer_stride, view.axis_stride, sizeof(T),
                role) {}

  bool IsEmpty() const { return outer == 0 || axis == 0 || inner == 0; }
  bool IsOutput() const { return role >= Role::kReplacing; }
  bool IsBroadcast() const { return outer > 1 && outer_stride == 0; }

  uintptr_t begin = 0;
  size_t outer = 0, axis = 0, inner = 0;
  size_t outer_stride = 0, axis_stride = 0;  // in elements
  size_t element_bytes = 1;
  Role role = Role::kRead;

 private:
  Operand(uintptr_t begin, size_t outer, size_t axis, size_t inner,
          size_t outer_stride, size_t axis_stride, size_t element_bytes,
          Role role) noexcept
      : begin(begin),
        outer(outer),
        axis(axis),
        inner(inner),
        outer_stride(outer_stride),
        axis_stride(axis_stride),
        element_bytes(element_bytes),
        role(role) {}
};

/// An input that no output may overlap.
template <typename View>
Operand Read(const View& view) noexcept {
  return Operand(view, Operand::Role::kRead);
}
/// An input that may be the view of the output Replacing(...).
template <typename View>
Operand Replaced(const View& view) noexcept {
  return Operand(view, Operand::Role::kReplaced);
}
template <typename View>
Operand Replacing(const View& view) noexcept {
  return Operand(view, Operand::Role::kReplacing);
}
template <typename View>
Operand Written(const View& view) noexcept {
  return Operand(view, Operand::Role::kWritten);
}
template <typename T>
Operand ReadVector(const T* values, size_t count) noexcept {
  return Read(Rows<const T>(values, 1, count));
}
template <typename T>
Operand WrittenVector(T* values, size_t count) noexcept {
  return Written(Rows<T>(values, 1, count));
}
/// The operand, or none if its pointer is null.
inline Operand Optional(const Operand& operand) noexcept {
  return operand.begin == 0 ? Operand() : operand;
}

template <typename T, typename U>
bool HaveSameShape(const Rows<T>& a, const Rows<U>& b) noexcept {
  return a.rows == b.rows && a.cols == b.cols;
}
template <typename T, typename U>
bool HaveSameShape(const Planes<T>& a, const Planes<U>& b) noexcept {
  return a.outer == b.outer && a.axis == b.axis && a.inner == b.inner;
}

inline constexpr size_t kMaxOperands = 12;
Status CheckOperands(const Operand* operands, size_t count,
                     bool shapes_agree) noexcept;

/// kNullPointer, kBadShape and kOverlap of all operands of a call.
/// `shapes_agree` is what the caller knows of the views' shapes.
template <size_t kCount>
Status CheckOperands(const Operand (&operands)[kCount],
                     bool shapes_agree = true) noexcept {
  static_assert(kCount <= kMaxOperands, "");
  return CheckOperands(operands, kCount, shapes_agree);
}

/// Whether two views are what they usually are, by fewer instructions than the
/// full check: not empty, of one shape, of ordinary size, in place or apart.
template <typename T, typename U>
bool IsUsualRowMap(const Rows<T>& in, const Rows<U>& out) noexcept {
  static_assert(sizeof(T) == sizeof(U) && sizeof(T) <= 8, "");
  const size_t rows = in.rows, cols = in.cols;
  if (rows != out.rows || cols != out.cols) return false;
  // Below 2^28 none of the sums and products overflows. 0 - 1 is above.
  constexpr int kSizeBits = 28;
  if (((rows - 1) | (cols - 1) | in.stride | out.stride) >> kSizeBits != 0) {
    return false;
  }
  if (in.stride < cols || out.stride < cols) return false;
  const uintptr_t in_begin = reinterpret_cast<uintptr_t>(in.data);
  const uintptr_t out_begin = reinterpret_cast<uintptr_t>(out.data);
  // Far from both ends of the address space: null is not.
  constexpr uintptr_t kFirstPage = 4096;
  if (((in_begin - kFirstPage) | (out_begin - kFirstPage)) >> 62 != 0) {
    return false;
  }
  if (in_begin == out_begin) return in.stride == out.stride || rows == 1;
  const size_t last = rows - 1;
  return in_begin + (last * in.stride + cols) * sizeof(T) <= out_begin ||
         out_begin + (last * out.stride + cols) * sizeof(T) <= in_begin;
}

/// The full check.
template <typename T, typename U>
[[gnu::noinline]] Status CheckAnyRowMap(const Rows<T>& in,
                                        const Rows<U>& out) noexcept {
  return CheckOperands({Replaced(in), Replacing(out)}, HaveSameShape(in, out));
}

/// For an operation that maps rows to rows of the same shape.
template <typename T, typename U>
Status CheckRowMap(const Rows<T>& in, const Rows<U>& out) noexcept {
  if (IsUsualRowMap(in, out)) return Status::kOk;
  return CheckAnyRowMap(in, out);
}

/// For an operation that maps two inputs to an output of the same shape.
template <typename T, typename U>
Status CheckTwoToOne(const Rows<T>& first, const Rows<T>& second,
                     const Rows<U>& out) noexcept {
  if (IsUsualRowMap(first, out) && IsUsualRowMap(second, out)) {
    return Status::kOk;
  }
  return CheckOperands({Replaced(first), Replaced(second), Replacing(out)},
                       HaveSameShape(first, out) && HaveSameShape(second, out));
}

/// The maximum and the logsumexp of rows without columns, whose data may be
/// null.
inline void FillMinusInfinity(float* results, size_t rows) noexcept {
  constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
  for (size_t r = 0; r < rows; ++r) results[r] = kMinusInfinity;
}

// By their bits: an environment that treats subnormals as zero must not matter.
inline uint32_t BitsOf(float value) noexcept {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline bool IsFinite(float value) noexcept {
  return (BitsOf(value) & 0x7FFFFFFFu) < 0x7F800000u;
}
inline bool IsZero(float value) noexcept {
  return (BitsOf(value) & 0x7FFFFFFFu) == 0;
}
inline bool IsFinitePositive(float value) noexcept {
  return BitsOf(value) > 0 && BitsOf(value) < 0x7F800000u;
}
inline bool IsFiniteNotNegative(float value) noexcept {
  return IsZero(value) || IsFinitePositive(value);
}

inline bool AreGoodOptions(float scale, EmptyRow empty_row) noexcept {
  return IsFinitePositive(scale) && empty_row <= EmptyRow::kZero;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_CHECK_H_
