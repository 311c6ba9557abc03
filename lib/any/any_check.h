// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ANY_CHECK_H_
#define SOFTLANE_LIB_ANY_ANY_CHECK_H_

#include "check.h"
#include "softlane/any_rows.h"
#include "softlane/status.h"

// The checks of functions of any element type, before the first write. They
// check the types first and the operands second. The function of floats checks
// the rest.

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
/// Whether all views are of floats. Then the function of floats checks and does
/// the call.
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

/// An operand of any type, beside operands of `type`. If its type differs from
/// `type`, the output cannot replace the input.
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

/// Checks an operation that maps two inputs of the same type to an output of
/// the same shape.
template <class In, class Out>
Status CheckAnyMap(const In& first, const In& second, const Out& out) noexcept {
  return CheckOperandsOf(
      {InputBeside(first, out.type), InputBeside(second, out.type),
       OutputBeside(out, first.type)},
      HaveSameShape(first, out) && HaveSameShape(second, out));
}

/// Takes the status of a call whose arguments have been checked, so that it is
/// kOk.
inline void Done(Status) noexcept {}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ANY_CHECK_H_
