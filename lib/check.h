// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_CHECK_H_
#define SOFTLANE_LIB_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "softlane/rows.h"
#include "softlane/status.h"

// What the public functions check of their arguments, before the first write.
// No floating-point arithmetic here: the host's FP environment is still in
// force.

namespace softlane {
namespace internal {

/// The bytes that a view touches, without its element type.
struct Extent {
  template <typename T>
  Extent(const Rows<T>& view) noexcept  // NOLINT: implicit by design
      : begin(reinterpret_cast<uintptr_t>(view.data)),
        rows(view.rows),
        cols(view.cols),
        row_bytes(view.cols * sizeof(T)),
        stride(view.stride),
        // One row has no stride; what stands there may be any number.
        stride_bytes(view.rows <= 1 ? row_bytes : view.stride * sizeof(T)),
        element_bytes(sizeof(T)) {}

  bool IsEmpty() const { return rows == 0 || cols == 0; }
  uintptr_t End() const {
    return begin + (rows - 1) * stride_bytes + row_bytes;
  }

  uintptr_t begin;
  size_t rows, cols, row_bytes, stride, stride_bytes, element_bytes;
};

/// Whether the view is one: not null, stride and sizes in range.
inline Status CheckView(const Extent& view) noexcept {
  if (view.stride < view.cols) return Status::kBadShape;
  if (view.IsEmpty()) return Status::kOk;
  // The last element's end, in bytes, fits PTRDIFF_MAX and the address space.
  const size_t limit = static_cast<size_t>(PTRDIFF_MAX) / view.element_bytes;
  if (view.cols > limit) return Status::kBadShape;
  if (view.rows > 1 && view.stride > (limit - view.cols) / (view.rows - 1)) {
    return Status::kBadShape;
  }
  if (view.begin == 0) return Status::kNullPointer;
  if (view.End() < view.begin) return Status::kBadShape;
  return Status::kOk;
}

inline bool IsSameShape(const Extent& a, const Extent& b) noexcept {
  return a.rows == b.rows && a.cols == b.cols;
}

/// Whether two valid views share an element. Exact for equal strides, where the
/// views may be column windows of one buffer; else the ranges must not meet.
inline bool SharesElement(const Extent& a, const Extent& b) noexcept {
  if (a.IsEmpty() || b.IsEmpty()) return false;
  if (a.End() <= b.begin || b.End() <= a.begin) return false;
  if (a.stride_bytes != b.stride_bytes) return true;
  const size_t stride = a.stride_bytes;
  const size_t offset = a.begin <= b.begin
                            ? (b.begin - a.begin) % stride
                            : (stride - (a.begin - b.begin) % stride) % stride;
  return offset < a.row_bytes || offset + b.row_bytes > stride;
}

/// Whether an output may be written while the input is read: the same view, or
/// no shared element.
inline bool MayWrite(const Extent& out, const Extent& in) noexcept {
  const bool same_view =
      out.begin == in.begin && (out.stride == in.stride || out.rows <= 1);
  return same_view || !SharesElement(out, in);
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
[[gnu::noinline]] inline Status CheckAnyRowMap(const Extent& in,
                                               const Extent& out) noexcept {
  if (Status status = CheckView(in); status != Status::kOk) return status;
  if (Status status = CheckView(out); status != Status::kOk) return status;
  if (!IsSameShape(in, out)) return Status::kBadShape;
  if (!MayWrite(out, in)) return Status::kOverlap;
  return Status::kOk;
}

/// For an operation that maps rows to rows of the same shape.
template <typename T, typename U>
Status CheckRowMap(const Rows<T>& in, const Rows<U>& out) noexcept {
  if (IsUsualRowMap(in, out)) return Status::kOk;
  return CheckAnyRowMap(in, out);
}

/// For an operation with one result per row. Without columns it still has
/// results.
template <typename T>
Status CheckRowResults(const Extent& in, T* results) noexcept {
  if (Status status = CheckView(in); status != Status::kOk) return status;
  const Extent out(Rows<T>(results, in.rows, 1));
  if (Status status = CheckView(out); status != Status::kOk) return status;
  if (SharesElement(out, in)) return Status::kOverlap;
  return Status::kOk;
}

/// The maximum and the logsumexp of rows without columns, whose data may be
/// null.
inline void FillMinusInfinity(float* results, size_t rows) noexcept {
  constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
  for (size_t r = 0; r < rows; ++r) results[r] = kMinusInfinity;
}

/// By its bits: an environment that treats subnormals as zero must not matter.
inline bool IsFinitePositive(float value) noexcept {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits > 0 && bits < 0x7F800000u;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_CHECK_H_
