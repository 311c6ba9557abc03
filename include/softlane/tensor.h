// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TENSOR_H_
#define SOFTLANE_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "softlane/any_rows.h"
#include "softlane/planes.h"
#include "softlane/rows.h"
#include "softlane/types.h"

// The view of a tensor of up to 8 dimensions in any layout.

namespace softlane {
inline namespace v1 {

/// The largest number of dimensions of a tensor.
inline constexpr int kMaxRank = 8;

/// The dimensions of a tensor. A tensor of rank 0 has one element.
struct TensorShape {
  /// No dimensions.
  constexpr TensorShape() noexcept = default;
  /// dim_strides counts elements. If it is null, the tensor has no gaps, and
  /// its last dimension has stride 1. If the rank is not in [0, kMaxRank], no
  /// size is read, and functions return kBadShape.
  constexpr TensorShape(int num_dims, const int64_t* dim_sizes,
                        const int64_t* dim_strides) noexcept
      : rank(num_dims) {
    if (num_dims < 0 || num_dims > kMaxRank) return;
    uint64_t dense = 1;  // wraps where functions return kBadShape
    for (int d = num_dims; d-- > 0;) {
      sizes[d] = dim_sizes[d];
      strides[d] =
          dim_strides != nullptr ? dim_strides[d] : static_cast<int64_t>(dense);
      dense *= static_cast<uint64_t>(dim_sizes[d]);
    }
  }

  /// The index of a dimension. A negative `dim` counts from the end.
  constexpr int DimOf(int dim) const noexcept {
    return dim < 0 ? dim + rank : dim;
  }

  /// Whether no size is 0.
  constexpr bool HasElements() const noexcept {
    for (int d = 0; d < rank && d < kMaxRank; ++d) {
      if (sizes[d] == 0) return false;
    }
    return true;
  }

  int rank = 0;                    ///< The number of dimensions.
  int64_t sizes[kMaxRank] = {};    ///< The size of each dimension.
  int64_t strides[kMaxRank] = {};  ///< From one index to the next, in elements.
};

}  // namespace v1

namespace internal {

/// Indices [first, first + count) of a dimension.
struct TensorRange {
  int dim;        ///< The dimension.
  int64_t first;  ///< The first index.
  int64_t count;  ///< The number of indices.
};

// The number of indices in the largest of n parts, divided by the number in a
// part if all parts were equal.
constexpr double LargestPart(int64_t size, size_t n) noexcept {
  const size_t all = static_cast<size_t>(size);
  const size_t largest = all / n + (all % n != 0 ? 1 : 0);
  return static_cast<double>(largest) * static_cast<double>(n) /
         static_cast<double>(all);
}

// Part i of n parts. The choice of the dimension depends only on sizes that all
// operands of a call share, so all operands are split alike. The dimension is
// -1 if the rank is 0 or the axis does not exist.
constexpr TensorRange RangeOfPart(const TensorShape& shape, size_t i, size_t n,
                                  int axis) noexcept {
  if (shape.rank <= 0 || shape.rank > kMaxRank || axis < -shape.rank ||
      axis >= shape.rank) {
    return {-1, 0, 0};
  }
  const int axis_dim = shape.DimOf(axis);
  int dim = axis_dim;
  for (int d = 0; d < shape.rank; ++d) {
    if (d == axis_dim || shape.sizes[d] <= 0) continue;
    if (dim == axis_dim ||
        LargestPart(shape.sizes[d], n) < LargestPart(shape.sizes[dim], n)) {
      dim = d;
    }
  }
  if (dim == axis_dim) return {dim, 0, i == 0 ? shape.sizes[dim] : 0};
  const size_t size = static_cast<size_t>(shape.sizes[dim]);
  const bool has_lines = dim == shape.rank - 1 && size / 64 >= n;
  const size_t first =
      has_lines ? FirstInnerOfPart(size, i, n) : FirstOfPart(size, i, n);
  const size_t end = has_lines ? FirstInnerOfPart(size, i + 1, n)
                               : FirstOfPart(size, i + 1, n);
  return {dim, static_cast<int64_t>(first), static_cast<int64_t>(end - first)};
}

// Inserts a dimension of size 1. If `dim` is out of range or the rank is
// kMaxRank, the shape gets the invalid rank -1.
constexpr void InsertDim(TensorShape& shape, int dim) noexcept {
  const int rank = shape.rank;
  if (rank < 0 || rank >= kMaxRank || dim < -rank - 1 || dim > rank) {
    shape.rank = -1;
    return;
  }
  shape.rank = rank + 1;
  const int at = shape.DimOf(dim);
  for (int d = rank; d > at; --d) {
    shape.sizes[d] = shape.sizes[d - 1];
    shape.strides[d] = shape.strides[d - 1];
  }
  shape.sizes[at] = 1;
  shape.strides[at] = 0;
}

// Part i of n parts of the view.
template <class View>
constexpr View PartOf(const View& view, size_t i, size_t n, int axis) noexcept {
  if (n == 1) return view;
  const TensorRange part = RangeOfPart(view, i, n, axis);
  if (part.dim >= 0) return view.Slice(part.dim, part.first, part.count);
  View scalar = view;
  if (view.rank == 0 && i != 0) {
    scalar.rank = 1;
    scalar.sizes[0] = 0;
  }
  return scalar;
}

}  // namespace internal

inline namespace v1 {

/// A view of a tensor in any layout: element (i, j, ...) is
/// `data[i * strides[0] + j * strides[1] + ...]`. It takes the sizes and
/// strides of other libraries' tensors as they are. A view is trivially
/// copyable and owns nothing. It checks nothing; the functions that take a view
/// check it: see softmax_tensor.h.
///
/// Strides: strides count elements. The strides of an input may be any numbers,
/// also 0 and negative numbers. The strides of an output nest: in the order of
/// their absolute values, each stride is larger than the distance from the
/// first to the last element of the dimensions with smaller strides. So no two
/// indices share an element. The stride of a dimension of size 1 is not used. A
/// view without elements may have any strides and null data.
///
///   at::Tensor x = ...;
///   softlane::Tensor<const float> logits(x.data_ptr<float>(), x.dim(),
///                                        x.sizes().data(),
///                                        x.strides().data());
template <typename T>
struct Tensor : TensorShape {
  /// A null tensor of rank 0.
  constexpr Tensor() noexcept = default;
  /// See TensorShape.
  constexpr Tensor(T* first, int num_dims, const int64_t* dim_sizes,
                   const int64_t* dim_strides = nullptr) noexcept
      : TensorShape(num_dims, dim_sizes, dim_strides), data(first) {}

  /// `Tensor<float>` converts to `Tensor<const float>`.
  template <typename U, typename = std::enable_if_t<std::is_same_v<const U, T>>>
  constexpr Tensor(const Tensor<U>& other) noexcept  // NOLINT: implicit
      : TensorShape(other), data(other.data) {}

  /// The view with a new dimension of size 1, which becomes dimension `dim`. A
  /// negative `dim` counts from the end of the new shape: -1 appends the
  /// dimension. If the rank is kMaxRank or `dim` is out of range, functions
  /// return kBadShape.
  constexpr Tensor Unsqueeze(int dim) const noexcept {
    Tensor more = *this;
    internal::InsertDim(more, dim);
    return more;
  }
  /// The view of indices [first, first + count) of dimension `dim`, which must
  /// exist. A negative `dim` counts from the end.
  constexpr Tensor Slice(int dim, int64_t first, int64_t count) const noexcept {
    Tensor slice = *this;
    slice.sizes[DimOf(dim)] = count;
    if (data != nullptr && slice.HasElements()) {
      slice.data += first * strides[DimOf(dim)];
    }
    return slice;
  }
  /// Part i of n parts of an operand of a call along `axis`; i < n. Of n
  /// threads, thread i takes part i of each operand, and the bits stay the
  /// same. The parts divide a dimension other than the axis. Of the dimensions
  /// that give the most even parts, the first is divided. A part may have no
  /// elements. If the axis is the only dimension, part 0 has all elements.
  constexpr Tensor Part(size_t i, size_t n, int axis) const noexcept {
    return internal::PartOf(*this, i, n, axis);
  }

  T* data = nullptr;  ///< Element (0, 0, ...).
};

/// Tensor<T> for an element type T that is known at run time. See any_rows.h
/// for the types of a call. A Tensor<T> converts to this type.
template <typename Void>
struct BasicAnyTensor : TensorShape {
  /// A null tensor of rank 0.
  constexpr BasicAnyTensor() noexcept = default;
  /// See TensorShape.
  constexpr BasicAnyTensor(Void* first, ElementType element_type, int num_dims,
                           const int64_t* dim_sizes,
                           const int64_t* dim_strides = nullptr) noexcept
      : TensorShape(num_dims, dim_sizes, dim_strides),
        data(first),
        type(element_type) {}

  /// `Tensor<BFloat16>` converts to AnyTensor and ConstAnyTensor.
  template <
      typename T, typename = std::enable_if_t<std::is_convertible_v<T*, Void*>>,
      typename = decltype(internal::TypeOf(static_cast<const T*>(nullptr)))>
  constexpr BasicAnyTensor(
      const Tensor<T>& other) noexcept  // NOLINT: by design
      : TensorShape(other), data(other.data), type(kElementType<T>) {}
  /// AnyTensor converts to ConstAnyTensor.
  template <typename U,
            typename = std::enable_if_t<std::is_same_v<const U, Void>>>
  constexpr BasicAnyTensor(
      const BasicAnyTensor<U>& other) noexcept  // NOLINT: by design
      : TensorShape(other), data(other.data), type(other.type) {}

  /// As Tensor<T>::Unsqueeze.
  constexpr BasicAnyTensor Unsqueeze(int dim) const noexcept {
    BasicAnyTensor more = *this;
    internal::InsertDim(more, dim);
    return more;
  }
  /// As Tensor<T>::Slice.
  BasicAnyTensor Slice(int dim, int64_t first, int64_t count) const noexcept {
    using Byte = std::conditional_t<std::is_const_v<Void>, const unsigned char,
                                    unsigned char>;
    BasicAnyTensor slice = *this;
    slice.sizes[DimOf(dim)] = count;
    if (data != nullptr && slice.HasElements()) {
      slice.data =
          static_cast<Byte*>(data) +
          first * strides[DimOf(dim)] * static_cast<int64_t>(SizeOf(type));
    }
    return slice;
  }
  /// As Tensor<T>::Part.
  BasicAnyTensor Part(size_t i, size_t n, int axis) const noexcept {
    return internal::PartOf(*this, i, n, axis);
  }

  Void* data = nullptr;                      ///< Element (0, 0, ...).
  ElementType type = ElementType::kFloat32;  ///< The type of all elements.
};

/// The view of an output.
using AnyTensor = BasicAnyTensor<void>;
/// The view of an input.
using ConstAnyTensor = BasicAnyTensor<const void>;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_TENSOR_H_
