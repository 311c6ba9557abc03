// SPDX-License-Identifier: Apache-2.0
#include "tensor/fold.h"

namespace softlane {
namespace internal {
namespace {

// Planes with fewer inner indices leave lanes of vectors idle. They are chosen
// if they are the whole call.
constexpr size_t kMinInner = 16;
// Fewer lines make tiny chunks if more are at hand.
constexpr size_t kMinLines = 8;

// Products of a size and a stride may wrap where no index reaches.
ptrdiff_t Times(ptrdiff_t stride, size_t size) {
  return static_cast<ptrdiff_t>(static_cast<size_t>(stride) * size);
}

// A dimension, and its stride in each operand, in elements.
struct Dim {
  size_t size;
  ptrdiff_t strides[kMaxTensors];
};
// Indices of dimensions, or -1.
struct Choice {
  int inner, outer;
};

class Fold {
 public:
  explicit Fold(Pieces& pieces) : pieces_(pieces), piece_(pieces.piece) {}

  Status Set(const TensorOperand* operands, size_t count, int axis);
  // Sets the pieces of a group, after Set().
  void Choose(size_t group);

 private:
  Dim DimOf(const TensorOperand* operands, int dim) const;
  void Turn(Dim& dim, size_t key);
  void Insert(const Dim& dim, size_t key);
  void Merge();
  bool IsLarger(int d, int other) const {
    return other < 0 || dims_[d].size > dims_[other].size;
  }
  bool IsDirect(size_t k, int rows) const;
  bool AreDirect(int rows) const;
  bool IsInner(const Dim& dim) const;
  bool IsOuter(const Dim& dim, const Dim& inner) const;
  bool ChooseRows(Choice& choice) const;
  bool ChoosePlanes(Choice& choice) const;
  void ChooseLines(Choice& choice) const;
  Choice ChoosePiece();

  Pieces& pieces_;
  Piece& piece_;  // of the pieces
  size_t count_ = 0;
  bool are_apart_ = true;  // no output has elements between another operand's
  bool is_empty_ = false;
  Dim dims_[kMaxRank - 1];  // all but the axis, the smallest stride first
  int rank_ = 0;
};

Dim Fold::DimOf(const TensorOperand* operands, int dim) const {
  // Rank 0 is one element.
  const TensorShape& shape = operands[0].shape;
  Dim result = {};
  result.size = shape.rank == 0 ? 1 : static_cast<size_t>(shape.sizes[dim]);
  for (size_t k = 0; k < count_; ++k) {
    // The strides of a tensor without elements may be any numbers.
    const bool has_elements = HasElements(operands[k].shape);
    result.strides[k] = has_elements ? operands[k].Stride(dim) : 0;
  }
  return result;
}

// Makes the strides of the key operand positive.
void Fold::Turn(Dim& dim, size_t key) {
  if (dim.strides[key] >= 0) return;
  for (size_t k = 0; k < count_; ++k) {
    Piece::View& view = piece_.views[k];
    view.data += Times(dim.strides[k], dim.size - 1) *
                 static_cast<ptrdiff_t>(SizeOf(view.type));
    dim.strides[k] = -dim.strides[k];
  }
}

// Keeps the order of the key operand's strides; if they are equal, of the last
// operand's.
void Fold::Insert(const Dim& dim, size_t key) {
  int at = rank_++;
  for (; at > 0; --at) {
    const Dim& before = dims_[at - 1];
    const bool is_tie = before.strides[key] == dim.strides[key];
    const size_t by = is_tie ? count_ - 1 : key;
    if (before.strides[by] <= dim.strides[by]) break;
    dims_[at] = before;
  }
  dims_[at] = dim;
}

void Fold::Merge() {
  int merged = 0;
  for (int d = 1; d < rank_; ++d) {
    Dim& inner = dims_[merged];
    bool fits = true;
    for (size_t k = 0; k < count_; ++k) {
      fits &= dims_[d].strides[k] == Times(inner.strides[k], inner.size);
    }
    if (fits) {
      inner.size *= dims_[d].size;
    } else {
      dims_[++merged] = dims_[d];
    }
  }
  if (rank_ != 0) rank_ = merged + 1;
}

Status Fold::Set(const TensorOperand* operands, size_t count, int axis) {
  int axis_dim;
  bool interleave;
  if (Status s = CheckTensors(operands, count, axis, axis_dim, interleave);
      s != Status::kOk) {
    return s;
  }
  count_ = count;
  are_apart_ = !interleave;
  size_t key = 0;
  for (size_t k = 0; k < count; ++k) {
    const bool is_output = IsOutput(operands[k].role);
    Piece::View& view = piece_.views[k] = {};
    view.data = static_cast<char*>(operands[k].data);
    view.type = operands[k].type;
    view.is_reduced = operands[k].is_reduced;
    view.is_output = is_output;
    // A part of an empty axis may have no reduced elements.
    is_empty_ |= operands[k].is_reduced && !HasElements(operands[k].shape);
    if (is_output && !operands[k].is_reduced) key = k;
  }
  const Dim along = DimOf(operands, axis_dim);
  piece_.axis = along.size;
  for (size_t k = 0; k < count; ++k) {
    piece_.views[k].axis_stride = along.strides[k];
  }
  for (int d = 0; d < operands[0].shape.rank; ++d) {
    if (d == axis_dim) continue;
    Dim dim = DimOf(operands, d);
    is_empty_ |= dim.size == 0;
    if (dim.size <= 1) continue;
    Turn(dim, key);
    Insert(dim, key);
  }
  Merge();
  return Status::kOk;
}

// Whether an operand's lines are rows if their number is that of dims_[rows].
bool Fold::IsDirect(size_t k, int rows) const {
  const Piece::View& view = piece_.views[k];
  if (view.is_reduced) return true;
  if (piece_.axis > 1 && view.axis_stride != 1) return false;
  const ptrdiff_t stride = rows < 0 ? PTRDIFF_MAX : dims_[rows].strides[k];
  if (stride == 0 && !view.is_output) return true;
  return stride >= static_cast<ptrdiff_t>(piece_.axis);
}

bool Fold::AreDirect(int rows) const {
  size_t k = 0;
  while (k < count_ && IsDirect(k, rows)) ++k;
  return k == count_;
}

bool Fold::ChooseRows(Choice& choice) const {
  choice = {-1, -1};
  for (int d = 0; d < rank_; ++d) {
    if (!AreDirect(d)) continue;
    if (IsLarger(d, choice.outer)) choice.outer = d;
  }
  return rank_ == 0 ? AreDirect(-1) : choice.outer >= 0;
}

bool Fold::IsInner(const Dim& dim) const {
  for (size_t k = 0; k < count_; ++k) {
    if (dim.strides[k] != 1) return false;
    if (!piece_.views[k].is_reduced &&
        piece_.views[k].axis_stride < static_cast<ptrdiff_t>(dim.size)) {
      return false;
    }
  }
  return true;
}

bool Fold::IsOuter(const Dim& dim, const Dim& inner) const {
  for (size_t k = 0; k < count_; ++k) {
    const ptrdiff_t plane =
        Times(piece_.views[k].axis_stride, piece_.axis - 1) +
        static_cast<ptrdiff_t>(inner.size);
    if (dim.strides[k] == 0 && !piece_.views[k].is_output) continue;
    if (dim.strides[k] < plane) return false;
  }
  return true;
}

bool Fold::ChoosePlanes(Choice& choice) const {
  choice = {-1, -1};
  for (int d = 0; d < rank_; ++d) {
    if (IsInner(dims_[d])) choice.inner = d;
  }
  if (choice.inner < 0) return false;
  for (int d = 0; d < rank_; ++d) {
    if (d == choice.inner || !IsOuter(dims_[d], dims_[choice.inner])) continue;
    if (IsLarger(d, choice.outer)) choice.outer = d;
  }
  return rank_ == (choice.outer < 0 ? 1 : 2) ||
         dims_[choice.inner].size >= kMinInner;
}

// Copied lines are neighbours in memory where that is possible, so that a cache
// line is copied at once.
void Fold::ChooseLines(Choice& choice) const {
  choice = {-1, -1};
  size_t best_reach = 0;
  for (int d = 0; d < rank_; ++d) {
    size_t reach = ~size_t{0};
    for (size_t k = 0; k < count_; ++k) {
      if (piece_.views[k].is_reduced || piece_.views[k].axis_stride == 1)
        continue;
      const ptrdiff_t stride = dims_[d].strides[k];
      const size_t distance =
          static_cast<size_t>(stride < 0 ? -stride : stride);
      reach = distance < reach ? distance : reach;
    }
    const size_t size = dims_[d].size;
    const size_t best_size = choice.outer < 0 ? 0 : dims_[choice.outer].size;
    const bool is_better = size < kMinLines || best_size < kMinLines
                               ? size > best_size
                               : reach < best_reach;
    if (!is_better) continue;
    choice.outer = d;
    best_reach = reach;
  }
}

// Sets the first piece of the call.
Choice Fold::ChoosePiece() {
  Choice choice;
  piece_.are_planes = false;
  if (!are_apart_ || !ChooseRows(choice)) {
    piece_.are_planes = are_apart_ && piece_.axis > 1 && ChoosePlanes(choice);
    if (!piece_.are_planes) ChooseLines(choice);
  }
  piece_.outer = choice.outer < 0 ? 1 : dims_[choice.outer].size;
  piece_.inner = choice.inner < 0 ? 1 : dims_[choice.inner].size;
  for (size_t k = 0; k < count_; ++k) {
    Piece::View& view = piece_.views[k];
    view.outer_stride = choice.outer < 0 ? 0 : dims_[choice.outer].strides[k];
    view.is_copied =
        !piece_.are_planes && (!are_apart_ || !IsDirect(k, choice.outer));
  }
  return choice;
}

void Fold::Choose(size_t group) {
  pieces_.count = count_;
  pieces_.groups = is_empty_ ? 0 : 1;
  const Choice choice = ChoosePiece();
  bool has_steps = false;
  for (int d = 0; d < rank_; ++d) {
    if (d == choice.outer || d == choice.inner) continue;
    const Dim& dim = dims_[d];
    const size_t index = has_steps ? group % dim.size : 0;
    for (size_t k = 0; k < count_; ++k) {
      Piece::View& view = piece_.views[k];
      const ptrdiff_t bytes =
          dim.strides[k] * static_cast<ptrdiff_t>(SizeOf(view.type));
      if (!has_steps) view.step = bytes;
      view.data += Times(bytes, index);
    }
    if (has_steps) {
      pieces_.groups *= dim.size;
      group /= dim.size;
    } else {
      pieces_.size = dim.size;
      has_steps = true;
    }
  }
}

}  // namespace

Status FoldTensors(const TensorOperand* operands, size_t count, int axis,
                   size_t group, Pieces& pieces) noexcept {
  Fold fold(pieces);
  const Status status = fold.Set(operands, count, axis);
  if (status == Status::kOk) fold.Choose(group);
  return status;
}

}  // namespace internal
}  // namespace softlane
