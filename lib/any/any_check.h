// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ANY_CHECK_H_
#define SOFTLANE_LIB_ANY_ANY_CHECK_H_

#include "check.h"
#include "softlane/any_rows.h"
#include "softlane/status.h"

// The checks of functions whose element types are values, before the first
// write: the types, then the operands, then what the function of floats checks.

namespace softlane {
namespace internal {

constexpr bool IsElementType(ElementType type) noexcept {
  return type <= ElementType::kFloat16;
}
/// Whether a function takes these types of an input and an output: see
/// any_rows.h.
constexpr bool IsPair(ElementType in, ElementType out) noexcept {
  return IsElementType(in) && IsElementType(out) &&
         (in == out || in == ElementType::kFloat32 ||
          out == ElementType::kFloat32);
}
template <class In, class Out>
constexpr bool IsPair(const In& first, const In& second,
                      const Out& out) noexcept {
  return first.type == second.type && IsPair(first.type, out.type);
}
/// Whether a call is one of the function of floats, which checks it.
template <class... Views>
constexpr bool AreFloats(const Views&... views) noexcept {
  return ((views.type == ElementType::kFloat32) && ...);
}

/// Views of floats.
inline Rows<const float> FloatsOf(const ConstAnyRows& view) noexcept {
  return {static_cast<const float*>(view.data), view.rows, view.cols,
          view.stride};
}
inline Rows<float> FloatsOf(const AnyRows& view) noexcept {
  return {static_cast<float*>(view.data), view.rows, view.cols, view.stride};
}

/// An operand of any type, with the role that it has beside operands of `type`:
/// an output of another type than an input does not replace it.
template <class View>
Operand InputBeside(const View& view, ElementType type) noexcept {
  return view.type == type ? Operand(Replaced(view)) : Operand(Read(view));
}
template <class View>
Operand OutputBeside(const View& view, ElementType type) noexcept {
  return view.type == type ? Operand(Replacing(view)) : Operand(Written(view));
}

template <size_t n>
Status CheckOperandsOf(const Operand (&operands)[n],
                       bool shapes_agree) noexcept {
  static_assert(n <= kMaxOperands, "");
  return CheckAnyOperands(operands, n, shapes_agree);
}

/// Checks an operation that maps rows or planes to an output of the same shape.
template <class In, class Out>
Status CheckAnyMap(const In& in, const Out& out) noexcept {
  return CheckOperandsOf(
      {InputBeside(in, out.type), OutputBeside(out, in.type)},
      HaveSameShape(in, out));
}

/// The same with two inputs, whose types are the same.
template <class In, class Out>
Status CheckAnyMap(const In& first, const In& second, const Out& out) noexcept {
  return CheckOperandsOf(
      {InputBeside(first, out.type), InputBeside(second, out.type),
       OutputBeside(out, first.type)},
      HaveSameShape(first, out) && HaveSameShape(second, out));
}

/// For calls whose arguments have been checked, so that they give kOk.
inline void Done(Status) noexcept {}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ANY_CHECK_H_
