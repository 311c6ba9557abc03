// SPDX-License-Identifier: Apache-2.0
#include "check.h"

namespace softlane {
namespace internal {
namespace {

/// The bytes from a view's first element to the end of its last.
struct Range {
  bool Meets(const Range& other) const {
    return begin < other.end && other.begin < end;
  }

  uintptr_t begin, end;
};

/// Gives (count - 1) * stride + rest. False if that overflows.
bool Span(size_t count, size_t stride, size_t rest, size_t* span) {
  size_t before;
  return !__builtin_mul_overflow(count - 1, stride, &before) &&
         !__builtin_add_overflow(before, rest, span);
}

/// Gives the range of a view that has elements. False if a stride is used and
/// too small, or if the view does not fit PTRDIFF_MAX and the address space.
bool FindRange(const Operand& view, Range* range) {
  if (view.axis > 1 && view.axis_stride < view.inner) return false;
  size_t span, bytes;
  if (!Span(view.axis, view.axis_stride, view.inner, &span)) return false;
  if (view.outer > 1) {
    const bool is_broadcast = view.outer_stride == 0;
    if (is_broadcast ? IsOutput(view.role) : view.outer_stride < span)
      return false;
    if (!Span(view.outer, view.outer_stride, span, &span)) return false;
  }
  if (__builtin_mul_overflow(span, view.element_bytes, &bytes) ||
      bytes > static_cast<size_t>(PTRDIFF_MAX)) {
    return false;
  }
  *range = {view.begin, view.begin + bytes};
  return range->end >= range->begin;
}

/// Whether both views have the same elements in the same places.
bool IsSameView(const Operand& a, const Operand& b) {
  return a.begin == b.begin && a.outer == b.outer && a.axis == b.axis &&
         a.inner == b.inner &&
         (a.outer == 1 || a.outer_stride == b.outer_stride) &&
         (a.axis == 1 || a.axis_stride == b.axis_stride);
}

/// Whether two views whose ranges meet are column windows of one buffer that
/// share no element. Such windows are rows with the same stride.
bool AreApart(const Operand& a, const Operand& b) {
  const size_t stride = a.outer_stride * a.element_bytes;
  if (a.axis != 1 || b.axis != 1 || a.outer == 1 || b.outer == 1 ||
      stride == 0 || stride != b.outer_stride * b.element_bytes) {
    return false;
  }
  const size_t offset = a.begin <= b.begin
                            ? (b.begin - a.begin) % stride
                            : (stride - (a.begin - b.begin) % stride) % stride;
  return offset >= a.inner * a.element_bytes &&
         offset + b.inner * b.element_bytes <= stride;
}

}  // namespace

Status CheckAnyOperands(const Operand* operands, size_t num_operands,
                        bool shapes_agree) noexcept {
  const Operand* views[kMaxOperands];  // the operands with elements
  size_t count = 0;
  for (size_t i = 0; i < num_operands; ++i) {
    if (operands[i].IsEmpty()) continue;
    if (operands[i].begin == 0) return Status::kNullPointer;
    views[count++] = &operands[i];
  }
  if (!shapes_agree) return Status::kBadShape;
  Range ranges[kMaxOperands];
  for (size_t i = 0; i < count; ++i) {
    if (!FindRange(*views[i], &ranges[i])) return Status::kBadShape;
  }
  for (size_t i = 0; i < count; ++i) {
    if (!IsOutput(views[i]->role)) continue;
    for (size_t k = 0; k < count; ++k) {
      if (k == i || !ranges[i].Meets(ranges[k])) continue;
      const bool may_replace = views[i]->role == Role::kReplacing &&
                               views[k]->role == Role::kReplaced;
      if (may_replace && IsSameView(*views[i], *views[k])) continue;
      if (!AreApart(*views[i], *views[k])) return Status::kOverlap;
    }
  }
  return Status::kOk;
}

}  // namespace internal
}  // namespace softlane
