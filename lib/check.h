// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_CHECK_H_
#define SOFTLANE_LIB_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "operand.h"
#include "softlane/options.h"
#include "softlane/status.h"

// The checks of the public functions' arguments, before the first write. The
// operands are checked first, then the options, the labels, and the target.
// This is the order of the values of Status. The checks have no floating-point
// arithmetic, because the host's FP environment is still in force.

namespace softlane {
namespace internal {

inline constexpr size_t kMaxOperands = 12;
/// Checks any operands.
Status CheckAnyOperands(const Operand* operands, size_t count,
                        bool shapes_agree) noexcept;

template <class... Views>
[[gnu::noinline]] Status CheckAnyOperands(bool shapes_agree,
                                          const Views&... views) noexcept {
  static_assert(sizeof...(views) <= kMaxOperands, "");
  const Operand operands[] = {Operand(views)...};
  return CheckAnyOperands(operands, sizeof...(views), shapes_agree);
}

/// The roles of a call's operands, in their order.
template <class... Views>
struct RolesOf {
  static constexpr Role kAll[] = {Views::kRole...};
};

/// Whether an output overlaps another operand in a way that is not allowed. The
/// operands are usual, and an input that the output may replace has the
/// output's shape.
template <Role out_role, Role other_role>
bool Collides(const UsualRange& out, const UsualRange& other) noexcept {
  constexpr bool kMayReplace =
      out_role == Role::kReplacing && other_role == Role::kReplaced;
  return out.Meets(other) && !(kMayReplace && out.IsSameAs(other));
}

template <class Roles, size_t i, size_t... k>
bool CollidesWithAny(const UsualRange* ranges,
                     std::index_sequence<k...>) noexcept {
  return ((k != i &&
           Collides<Roles::kAll[i], Roles::kAll[k]>(ranges[i], ranges[k])) ||
          ...);
}

template <class Roles, size_t... i>
bool AnyCollide(const UsualRange* ranges,
                std::index_sequence<i...> all) noexcept {
  return (
      (IsOutput(Roles::kAll[i]) && CollidesWithAny<Roles, i>(ranges, all)) ||
      ...);
}

/// Whether the operands are usual, and no output overlaps another operand in a
/// way that is not allowed. The check is a few inlined instructions.
template <class... Views>
bool AreUsual(const Views&... views) noexcept {
  const UsualRange ranges[] = {UsualRange(views)...};
  size_t unusual = 0;
  for (const UsualRange& range : ranges) unusual |= range.unusual;
  return unusual == 0 && !AnyCollide<RolesOf<Views...>>(
                             ranges, std::index_sequence_for<Views...>());
}

/// Checks all operands of a call for kNullPointer, kBadShape and kOverlap.
/// Read() and its siblings make the views. `shapes_agree` says whether the
/// shapes fit each other.
template <class... Views>
Status CheckOperands(bool shapes_agree, const Views&... views) noexcept {
  // The shapes are compared first, because views whose shapes agree need fewer
  // registers.
  if (shapes_agree && AreUsual(views...)) return Status::kOk;
  return CheckAnyOperands(shapes_agree, views...);
}

/// Checks an operation that maps rows or planes to an output of the same shape.
template <class In, class Out>
Status CheckMap(const In& in, const Out& out) noexcept {
  return CheckOperands(HaveSameShape(in, out), Replaced(in), Replacing(out));
}
/// Checks an operation that maps two inputs to an output of the same shape.
template <class In, class Out>
Status CheckMap(const In& first, const In& second, const Out& out) noexcept {
  return CheckOperands(HaveSameShape(first, out) && HaveSameShape(second, out),
                       Replaced(first), Replaced(second), Replacing(out));
}

/// The view, with a stride of 0 if it has no columns. The stride of a view
/// without columns may be any number, and kernels would compute pointers with
/// it.
template <typename T>
Rows<T> WithUsedStride(const Rows<T>& view) noexcept {
  return view.cols == 0 ? Rows<T>(view.data, view.rows, 0, 0) : view;
}

/// Writes the maximum, or the logsumexp, of rows without columns: -inf.
inline void FillMinusInfinity(float* results, size_t rows) noexcept {
  constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
  for (size_t r = 0; r < rows; ++r) results[r] = kMinusInfinity;
}

// These functions look at bits, because the host's FP environment may treat
// subnormals as zero.
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
