// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_OPERAND_H_
#define SOFTLANE_LIB_OPERAND_H_

#include <cstddef>
#include <cstdint>

#include "softlane/any_planes.h"
#include "softlane/any_rows.h"
#include "softlane/planes.h"
#include "softlane/rows.h"

// The operands of a call, in the form that the checks use.

namespace softlane {
namespace internal {

/// The use of a view in a call. A kReplaced input may be the same view as the
/// kReplacing output.
enum class Role : uint8_t { kRead, kReplaced, kReplacing, kWritten };
constexpr bool IsOutput(Role role) { return role >= Role::kReplacing; }

/// A view and its role. An optional view with null data does not count as an
/// operand. If the caller has the view, View is a reference: a copy would wait
/// 4 ns for the stores that made the view.
template <class View, Role role, bool is_optional>
struct ViewAs {
  static constexpr Role kRole = role;
  bool IsNone() const { return is_optional && view.data == nullptr; }

  View view;
};

/// An input that no output may overlap.
template <class View>
ViewAs<const View&, Role::kRead, false> Read(const View& view) noexcept {
  return {view};
}
/// An input that may be the view of the output Replacing(...).
template <class View>
ViewAs<const View&, Role::kReplaced, false> Replaced(
    const View& view) noexcept {
  return {view};
}
template <class View>
ViewAs<const View&, Role::kReplacing, false> Replacing(
    const View& view) noexcept {
  return {view};
}
template <class View>
ViewAs<const View&, Role::kWritten, false> Written(const View& view) noexcept {
  return {view};
}
template <typename T>
auto ReadVector(const T* values, size_t count) noexcept {
  using View = Rows<const T>;
  return ViewAs<View, Role::kRead, false>{View(values, 1, count)};
}
template <typename T>
auto WrittenVector(T* values, size_t count) noexcept {
  using View = Rows<T>;
  return ViewAs<View, Role::kWritten, false>{View(values, 1, count)};
}
template <class View, Role role>
ViewAs<View, role, true> Optional(
    const ViewAs<View, role, false>& operand) noexcept {
  return {operand.view};
}

/// Whether two views of rows, or of planes, have the same shape.
template <class A, class B>
auto HaveSameShape(const A& a, const B& b) noexcept -> decltype(a.rows, true) {
  return a.rows == b.rows && a.cols == b.cols;
}
template <class A, class B>
auto HaveSameShape(const A& a, const B& b) noexcept -> decltype(a.outer, true) {
  return a.outer == b.outer && a.axis == b.axis && a.inner == b.inner;
}

/// A view of any type, as planes. Rows are planes whose axis has one index.
struct Operand {
  template <class View, Role role, bool is_optional>
  explicit Operand(const ViewAs<View, role, is_optional>& operand) noexcept
      : Operand(operand.view, role) {
    if (operand.IsNone()) outer = 0;
  }

  bool IsEmpty() const { return outer == 0 || axis == 0 || inner == 0; }

  uintptr_t begin;
  size_t outer, axis, inner;
  size_t outer_stride, axis_stride;  // in elements
  size_t element_bytes;
  Role role;

 private:
  template <typename T>
  Operand(const Rows<T>& view, Role its_role) noexcept
      : begin(reinterpret_cast<uintptr_t>(view.data)),
        outer(view.rows),
        axis(1),
        inner(view.cols),
        outer_stride(view.stride),
        axis_stride(0),
        element_bytes(sizeof(T)),
        role(its_role) {}
  template <typename Void>
  Operand(const BasicAnyRows<Void>& view, Role its_role) noexcept
      : begin(reinterpret_cast<uintptr_t>(view.data)),
        outer(view.rows),
        axis(1),
        inner(view.cols),
        outer_stride(view.stride),
        axis_stride(0),
        element_bytes(SizeOf(view.type)),
        role(its_role) {}
  template <typename T>
  Operand(const Planes<T>& view, Role its_role) noexcept
      : begin(reinterpret_cast<uintptr_t>(view.data)),
        outer(view.outer),
        axis(view.axis),
        inner(view.inner),
        outer_stride(view.outer_stride),
        axis_stride(view.axis_stride),
        element_bytes(sizeof(T)),
        role(its_role) {}
  template <typename Void>
  Operand(const BasicAnyPlanes<Void>& view, Role its_role) noexcept
      : begin(reinterpret_cast<uintptr_t>(view.data)),
        outer(view.outer),
        axis(view.axis),
        inner(view.inner),
        outer_stride(view.outer_stride),
        axis_stride(view.axis_stride),
        element_bytes(SizeOf(view.type)),
        role(its_role) {}
};

/// The bytes of a usual view. A view is usual if it is not empty and not null,
/// has an ordinary size and repeats no row. A view that does not count as an
/// operand is usual, too. For other views only `unusual` has a meaning. The
/// code has no branches, so that all operands of a call are checked at the same
/// time.
struct UsualRange {
  template <class View, Role role, bool is_optional>
  explicit UsualRange(const ViewAs<View, role, is_optional>& operand) noexcept
      : UsualRange(operand.view) {
    if (operand.IsNone()) *this = UsualRange();
  }

  bool Meets(const UsualRange& other) const {
    return (begin < other.end) & (other.begin < end);
  }
  /// For views of the same shape.
  bool IsSameAs(const UsualRange& other) const {
    return (begin == other.begin) & (end == other.end) & (plane == other.plane);
  }

  uintptr_t begin = 0, end = 0;
  size_t plane = 0;    // the elements of one index of planes
  size_t unusual = 0;  // 0 if the view is usual

 private:
  // 0 if the sizes are below 2^28 and `begin` is not near an end of the address
  // space, where null is. With such sizes no sum or product overflows. A
  // difference below 0, such as 0 - 1, wraps to more than 2^28.
  static size_t Unusual(size_t sizes, uintptr_t begin) {
    constexpr uintptr_t kFirstPage = 4096;
    return (sizes >> 28) | ((begin - kFirstPage) >> 61);
  }

  UsualRange() noexcept = default;
  template <class View>
  UsualRange(const View& v, size_t element_bytes) noexcept
      : begin(reinterpret_cast<uintptr_t>(v.data)),
        end(begin + ((v.rows - 1) * v.stride + v.cols) * element_bytes),
        unusual(Unusual(
            (v.rows - 1) | (v.cols - 1) | v.stride | (v.stride - v.cols),
            begin)) {}
  template <typename T>
  explicit UsualRange(const Rows<T>& v) noexcept : UsualRange(v, sizeof(T)) {}
  template <typename Void>
  explicit UsualRange(const BasicAnyRows<Void>& v) noexcept
      : UsualRange(v, SizeOf(v.type)) {}
  template <typename T>
  explicit UsualRange(const Planes<T>& v) noexcept
      : begin(reinterpret_cast<uintptr_t>(v.data)),
        end(begin),
        plane((v.axis - 1) * v.axis_stride + v.inner),
        unusual(Unusual((v.outer - 1) | (v.axis - 1) | (v.inner - 1) |
                            v.outer_stride | v.axis_stride |
                            (v.axis_stride - v.inner) |
                            (v.outer_stride - plane),
                        begin)) {
    end += ((v.outer - 1) * v.outer_stride + plane) * sizeof(T);
  }
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_OPERAND_H_
