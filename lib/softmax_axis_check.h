// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SOFTMAX_AXIS_CHECK_H_
#define SOFTLANE_LIB_SOFTMAX_AXIS_CHECK_H_

#include <cstddef>
#include <cstdint>

#include "softlane/planes.h"
#include "softlane/rows.h"
#include "softlane/status.h"

// check.h, for planes of floats.

namespace softlane {
namespace internal {

inline bool IsEmpty(const Planes<const float>& v) noexcept {
  return v.outer == 0 || v.axis == 0 || v.inner == 0;
}

/// The elements from the first to the last of a valid view that is not empty.
inline size_t Span(const Planes<const float>& v) noexcept {
  return (v.outer - 1) * v.outer_stride + (v.axis - 1) * v.axis_stride +
         v.inner;
}

/// count * stride + rest, or `limit` + 1 where it is above that.
inline size_t SpanUpTo(size_t limit, size_t count, size_t stride,
                       size_t rest) noexcept {
  if (rest > limit) return limit + 1;
  if (count != 0 && stride > (limit - rest) / count) return limit + 1;
  return count * stride + rest;
}

/// Whether the view is one: not null, strides and sizes in range.
inline Status CheckPlanes(const Planes<const float>& v) noexcept {
  // The last element's end, in bytes, fits PTRDIFF_MAX and the address space.
  constexpr size_t kLimit = static_cast<size_t>(PTRDIFF_MAX) / sizeof(float);
  if (v.axis_stride < v.inner) return Status::kBadShape;
  const size_t plane =
      v.axis == 0 ? 0 : SpanUpTo(kLimit, v.axis - 1, v.axis_stride, v.inner);
  if (v.outer_stride < plane) return Status::kBadShape;
  if (IsEmpty(v)) return Status::kOk;
  if (plane > kLimit ||
      SpanUpTo(kLimit, v.outer - 1, v.outer_stride, plane) > kLimit) {
    return Status::kBadShape;
  }
  if (v.data == nullptr) return Status::kNullPointer;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(v.data);
  return begin + Span(v) * sizeof(float) < begin ? Status::kBadShape
                                                 : Status::kOk;
}

/// Whether an output may be written while the input is read: the same view, or
/// memory that does not meet. Both are valid and have the same shape.
inline bool MayWritePlanes(const Planes<const float>& out,
                           const Planes<const float>& in) noexcept {
  if (IsEmpty(in)) return true;
  const bool same_strides =
      (out.outer <= 1 || out.outer_stride == in.outer_stride) &&
      (out.axis <= 1 || out.axis_stride == in.axis_stride);
  if (out.data == in.data && same_strides) return true;
  const uintptr_t out_begin = reinterpret_cast<uintptr_t>(out.data);
  const uintptr_t in_begin = reinterpret_cast<uintptr_t>(in.data);
  return out_begin + Span(out) * sizeof(float) <= in_begin ||
         in_begin + Span(in) * sizeof(float) <= out_begin;
}

inline Status CheckPlanesMap(const Planes<const float>& in,
                             const Planes<const float>& out) noexcept {
  if (Status s = CheckPlanes(in); s != Status::kOk) return s;
  if (Status s = CheckPlanes(out); s != Status::kOk) return s;
  if (in.outer != out.outer || in.axis != out.axis || in.inner != out.inner) {
    return Status::kBadShape;
  }
  return MayWritePlanes(out, in) ? Status::kOk : Status::kOverlap;
}

/// Whether the axis is the last dimension but for inner = 1: rows.
inline bool IsRows(const Planes<const float>& v) noexcept {
  return v.inner == 1 && (v.axis <= 1 || v.axis_stride == 1);
}

template <typename T>
Rows<T> AsRows(const Planes<T>& v) noexcept {
  return Rows<T>(v.data, v.outer, v.axis, v.outer_stride);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SOFTMAX_AXIS_CHECK_H_
