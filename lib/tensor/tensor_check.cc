// SPDX-License-Identifier: Apache-2.0
#include "tensor/tensor_check.h"

#include "tensor/dense_rows.h"

namespace softlane {
namespace internal {
namespace {

bool HasGoodSizes(const TensorShape& shape) {
  if (shape.rank < 0 || shape.rank > kMaxRank) return false;
  for (int d = 0; d < shape.rank; ++d) {
    if (shape.sizes[d] < 0) return false;
  }
  return true;
}

// Whether an operand has the sizes of `whole`. A reduced operand has size 1
// along the axis, or size 0 if it is a part of an empty axis.
bool Fits(const TensorOperand& operand, const TensorShape& whole, int axis) {
  const TensorShape& shape = *operand.shape;
  if (!HasGoodSizes(shape) || shape.rank != whole.rank) return false;
  for (int d = 0; d < shape.rank; ++d) {
    const bool is_good = operand.is_reduced && d == axis
                             ? shape.sizes[d] == 1 ||
                                   (shape.sizes[d] == 0 && whole.sizes[d] == 0)
                             : shape.sizes[d] == whole.sizes[d];
    if (!is_good) return false;
  }
  return true;
}

uint64_t Magnitude(int64_t stride) {
  const uint64_t bits = static_cast<uint64_t>(stride);
  return stride < 0 ? 0 - bits : bits;
}

// The elements of a tensor in memory.
struct Extent {
  uintptr_t begin, end;
  // The dimensions with several indices, ordered by the magnitude of their
  // strides.
  int dims[kMaxRank];
  int rank;

  bool Meets(const Extent& other) const {
    return begin < other.end && other.begin < end;
  }
};

// Gives the extent of a tensor. False if it does not fit PTRDIFF_MAX and the
// address space.
bool FindExtent(const TensorOperand& operand, Extent& extent) {
  int64_t before = 0, behind = 0;  // elements on both sides of element 0
  extent.rank = 0;
  for (int d = 0; d < operand.shape->rank; ++d) {
    if (operand.shape->sizes[d] == 1) continue;
    const int64_t stride = operand.shape->strides[d];
    int64_t span;
    if (__builtin_mul_overflow(operand.shape->sizes[d] - 1, stride, &span)) {
      return false;
    }
    int64_t& side = span < 0 ? before : behind;
    if (__builtin_add_overflow(side, span, &side)) return false;
    int at = extent.rank++;
    for (; at > 0 && Magnitude(operand.shape->strides[extent.dims[at - 1]]) >
                         Magnitude(stride);
         --at) {
      extent.dims[at] = extent.dims[at - 1];
    }
    extent.dims[at] = d;
  }
  const int64_t size = operand.bytes;
  int64_t elements, bytes;
  if (__builtin_sub_overflow(behind, before, &elements) ||
      __builtin_add_overflow(elements, 1, &elements) ||
      __builtin_mul_overflow(elements, size, &bytes)) {
    return false;
  }
  const uintptr_t first = reinterpret_cast<uintptr_t>(operand.data);
  extent.begin = first + static_cast<uintptr_t>(before * size);
  extent.end = extent.begin + static_cast<uintptr_t>(bytes);
  return extent.begin <= first && first < extent.end;
}

// Whether strides nest. Then no two indices share an element.
bool Nests(const TensorOperand& operand, const Extent& extent) {
  uint64_t span = 0;
  for (int i = 0; i < extent.rank; ++i) {
    const int d = extent.dims[i];
    const uint64_t stride = Magnitude(operand.shape->strides[d]);
    if (stride <= span) return false;
    span += static_cast<uint64_t>(operand.shape->sizes[d] - 1) * stride;
  }
  return true;
}

bool IsSameView(const TensorOperand& a, const TensorOperand& b) {
  if (a.data != b.data || a.type != b.type || a.is_reduced != b.is_reduced) {
    return false;
  }
  for (int d = 0; d < a.shape->rank; ++d) {
    if (a.Stride(d) != b.Stride(d)) return false;
  }
  return true;
}

// Whether an element of an output shares a byte with an element of another
// operand. The strides of the output nest, and the other operand has the same
// strides in bytes. Its first element is `distance` bytes after the first
// element of the output.
class Sharing {
 public:
  Sharing(const TensorOperand& out, const Extent& extent, int64_t other_bytes)
      : out_(out),
        extent_(extent),
        out_bytes_(out.bytes),
        other_bytes_(other_bytes) {}

  // Considers only elements that differ in the first `rank` dimensions of the
  // extent.
  bool At(int64_t distance, int rank) const {
    if (rank == 0) return -other_bytes_ < distance && distance < out_bytes_;
    const int d = extent_.dims[rank - 1];
    const uint64_t size = static_cast<uint64_t>(out_.shape->sizes[d]);
    const int64_t stride =
        static_cast<int64_t>(Magnitude(out_.shape->strides[d])) * out_bytes_;
    const uint64_t reach = static_cast<uint64_t>(stride + other_bytes_);
    // The other dimensions span less than a stride, so only a few k are
    // possible.
    const int64_t nearest = distance / stride;
    for (int64_t k = nearest - 2; k <= nearest + 2; ++k) {
      if (Magnitude(k) >= size) continue;
      int64_t offset, rest;
      if (__builtin_mul_overflow(k, stride, &offset) ||
          __builtin_sub_overflow(distance, offset, &rest)) {
        continue;  // far beyond the reach
      }
      if (Magnitude(rest) < reach && At(rest, rank - 1)) return true;
    }
    return false;
  }

 private:
  const TensorOperand& out_;
  const Extent& extent_;
  const int64_t out_bytes_, other_bytes_;
};

// Whether an output and another operand whose extents meet share no byte.
bool AreApart(const TensorOperand& out, const Extent& extent,
              const TensorOperand& other) {
  if (out.is_reduced != other.is_reduced) return false;
  const int64_t out_bytes = out.bytes, other_bytes = other.bytes;
  for (int d = 0; d < out.shape->rank; ++d) {
    if (out.Stride(d) * out_bytes != other.Stride(d) * other_bytes) {
      return false;
    }
  }
  const int64_t distance =
      static_cast<int64_t>(reinterpret_cast<uintptr_t>(other.data) -
                           reinterpret_cast<uintptr_t>(out.data));
  return !Sharing(out, extent, other_bytes).At(distance, extent.rank);
}

}  // namespace

bool HasElements(const TensorShape& shape) noexcept {
  if (!HasGoodSizes(shape)) return false;
  for (int d = 0; d < shape.rank; ++d) {
    if (shape.sizes[d] == 0) return false;
  }
  return true;
}

bool IsDense(const TensorShape& tensor, const TensorShape& whole) noexcept {
  if (tensor.rank != whole.rank) return false;
  int64_t count = 1;
  for (int d = tensor.rank; d-- > 0;) {
    const int64_t size = tensor.sizes[d];
    if (size != whole.sizes[d] || size <= 0) return false;
    if (size != 1 && tensor.strides[d] != count) return false;
    if (__builtin_mul_overflow(count, size, &count)) return false;
  }
  return true;
}

int AxisOf(const TensorShape& shape, int axis) noexcept {
  if (!HasGoodSizes(shape)) return -1;
  const int rank = shape.rank == 0 ? 1 : shape.rank;
  const int dim = axis < 0 ? axis + rank : axis;
  return dim < rank ? dim : -1;
}

Status CheckTensors(const TensorOperands& call, int& dim,
                    bool& interleave) noexcept {
  const TensorOperand* const operands = call.all;
  const size_t tensors = call.count, count = tensors + call.vectors;
  for (size_t i = 0; i < count; ++i) {
    if (operands[i].data == nullptr && HasElements(*operands[i].shape)) {
      return Status::kNullPointer;
    }
  }
  const TensorShape& whole = *operands[0].shape;
  dim = AxisOf(whole, call.axis);
  if (dim < 0) return Status::kBadShape;
  Extent extents[kMaxTensorOperands];
  for (size_t i = 0; i < count; ++i) {
    if (i < tensors && !Fits(operands[i], whole, dim)) {
      return Status::kBadShape;
    }
    extents[i] = {};
    if (HasElements(*operands[i].shape) &&
        !FindExtent(operands[i], extents[i])) {
      return Status::kBadShape;
    }
  }
  interleave = false;
  for (size_t i = 0; i < count; ++i) {
    const TensorOperand& out = operands[i];
    if (!IsOutput(out.role)) continue;
    if (!Nests(out, extents[i])) return Status::kOverlap;
    for (size_t k = 0; k < count; ++k) {
      if (k == i || !extents[i].Meets(extents[k])) continue;
      const bool may_replace =
          out.role == Role::kReplacing && operands[k].role == Role::kReplaced;
      if (may_replace && IsSameView(out, operands[k])) continue;
      if (i >= tensors || k >= tensors ||
          !AreApart(out, extents[i], operands[k])) {
        return Status::kOverlap;
      }
      interleave = true;
    }
  }
  return Status::kOk;
}

}  // namespace internal
}  // namespace softlane
