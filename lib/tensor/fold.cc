// SPDX-License-Identifier: Apache-2.0
#include "tensor/fold.h"

#include "tensor/dims.h"

namespace softlane {
namespace internal {
namespace {

// Planes with fewer inner indices leave lanes of vectors idle. They are chosen
// only if the planes are the whole call.
constexpr size_t kMinInner = 16;
// With fewer lines the chunks would be tiny, so another dimension is chosen if
// it has more lines.
constexpr size_t kMinLines = 8;

// Indices of dimensions, or -1.
struct Choice {
  int inner, outer;
};

class Fold {
 public:
  explicit Fold(Pieces& pieces) : pieces_(pieces), piece_(pieces.piece) {}

  Status Set(const TensorOperands& call);
  // Sets the pieces of a group, after Set().
  void Choose(size_t group);

 private:
  Dim DimOf(const TensorOperand* operands, int dim) const;
  void Turn(Dim& dim, size_t key);
  bool IsLarger(int d, int other) const {
    return other < 0 || dims_.all[d].size > dims_.all[other].size;
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
  bool are_apart_ = true;  // no output interleaves with another operand
  bool is_empty_ = false;
  bool keeps_order_ = false;
  // All dimensions but the axis. If their order must be kept, only the first
  // can be the lines or the inner dimension of planes, and only the second can
  // be the outer dimension.
  Dims dims_;
};

Dim Fold::DimOf(const TensorOperand* operands, int dim) const {
  // A tensor of rank 0 has one element.
  const TensorShape& shape = *operands[0].shape;
  Dim result = {};
  result.size = shape.rank == 0 ? 1 : static_cast<size_t>(shape.sizes[dim]);
  for (size_t k = 0; k < count_; ++k) {
    // The strides of a tensor without elements may be any numbers.
    const bool has_elements = HasElements(*operands[k].shape);
    result.strides[k] = has_elements ? operands[k].Stride(dim) : 0;
  }
  return result;
}

// Makes the strides of the key operand positive.
void Fold::Turn(Dim& dim, size_t key) {
  if (keeps_order_ || dim.strides[key] >= 0) return;
  for (size_t k = 0; k < count_; ++k) {
    Piece::View& view = piece_.views[k];
    view.data += Times(dim.strides[k], dim.size - 1) *
                 static_cast<ptrdiff_t>(view.bytes);
    dim.strides[k] = -dim.strides[k];
  }
}

Status Fold::Set(const TensorOperands& call) {
  int axis_dim;
  bool interleave;
  if (Status s = CheckTensors(call, axis_dim, interleave); s != Status::kOk) {
    return s;
  }
  const TensorOperand* const operands = call.all;
  const size_t count = count_ = call.count;
  are_apart_ = !interleave;
  keeps_order_ = call.keep_order;
  size_t key = 0;
  for (size_t k = 0; k < count; ++k) {
    const bool is_output = IsOutput(operands[k].role);
    Piece::View& view = piece_.views[k] = {};
    view.data = static_cast<char*>(operands[k].data);
    view.type = operands[k].type;
    view.bytes = operands[k].bytes;
    view.is_reduced = operands[k].is_reduced;
    view.is_output = is_output;
    // A part of an empty axis may be without reduced elements.
    is_empty_ |= operands[k].is_reduced && !HasElements(*operands[k].shape);
    if (is_output && !operands[k].is_reduced) key = k;
  }
  const Dim along = DimOf(operands, axis_dim);
  piece_.axis = along.size;
  for (size_t k = 0; k < count; ++k) {
    piece_.views[k].axis_stride = along.strides[k];
  }
  for (int d = operands[0].shape->rank; d-- > 0;) {
    if (d == axis_dim) continue;
    Dim dim = DimOf(operands, d);
    is_empty_ |= dim.size == 0;
    if (dim.size <= 1) continue;
    Turn(dim, key);
    dims_.Insert(dim, keeps_order_ ? kNoOrder : key, count - 1);
  }
  dims_.Merge(count);
  return Status::kOk;
}

// Whether the lines of dimension dims_.all[rows] are rows of the operand where
// they stand.
bool Fold::IsDirect(size_t k, int rows) const {
  const Piece::View& view = piece_.views[k];
  if (view.is_reduced) return true;
  if (piece_.axis > 1 && view.axis_stride != 1) return false;
  const ptrdiff_t stride = rows < 0 ? PTRDIFF_MAX : dims_.all[rows].strides[k];
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
  for (int d = 0; d < dims_.rank; ++d) {
    if ((keeps_order_ && d != 0) || !AreDirect(d)) continue;
    if (IsLarger(d, choice.outer)) choice.outer = d;
  }
  return dims_.rank == 0 ? AreDirect(-1) : choice.outer >= 0;
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
  for (int d = 0; d < dims_.rank; ++d) {
    if ((!keeps_order_ || d == 0) && IsInner(dims_.all[d])) choice.inner = d;
  }
  if (choice.inner < 0) return false;
  for (int d = 0; d < dims_.rank; ++d) {
    if (d == choice.inner || (keeps_order_ && d != 1) ||
        !IsOuter(dims_.all[d], dims_.all[choice.inner])) {
      continue;
    }
    if (IsLarger(d, choice.outer)) choice.outer = d;
  }
  return dims_.rank == (choice.outer < 0 ? 1 : 2) ||
         dims_.all[choice.inner].size >= kMinInner;
}

// If lines must be copied, lines that are neighbours in memory are chosen, so
// that a whole cache line is copied at once.
void Fold::ChooseLines(Choice& choice) const {
  choice = {-1, -1};
  size_t best_reach = 0;
  const int end = keeps_order_ && dims_.rank > 1 ? 1 : dims_.rank;
  for (int d = 0; d < end; ++d) {
    size_t reach = ~size_t{0};
    for (size_t k = 0; k < count_; ++k) {
      if (piece_.views[k].is_reduced || piece_.views[k].axis_stride == 1)
        continue;
      const ptrdiff_t stride = dims_.all[d].strides[k];
      const size_t distance =
          static_cast<size_t>(stride < 0 ? -stride : stride);
      reach = distance < reach ? distance : reach;
    }
    const size_t size = dims_.all[d].size;
    const size_t best_size =
        choice.outer < 0 ? 0 : dims_.all[choice.outer].size;
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
  piece_.outer = choice.outer < 0 ? 1 : dims_.all[choice.outer].size;
  piece_.inner = choice.inner < 0 ? 1 : dims_.all[choice.inner].size;
  for (size_t k = 0; k < count_; ++k) {
    Piece::View& view = piece_.views[k];
    view.outer_stride =
        choice.outer < 0 ? 0 : dims_.all[choice.outer].strides[k];
    view.is_copied =
        !piece_.are_planes && (!are_apart_ || !IsDirect(k, choice.outer));
  }
  return choice;
}

void Fold::Choose(size_t group) {
  pieces_.count = count_;
  pieces_.size = 1;
  pieces_.groups = is_empty_ ? 0 : 1;
  const Choice choice = ChoosePiece();
  bool has_steps = false;
  for (int d = 0; d < dims_.rank; ++d) {
    if (d == choice.outer || d == choice.inner) continue;
    const Dim& dim = dims_.all[d];
    const size_t index = has_steps ? group % dim.size : 0;
    for (size_t k = 0; k < count_; ++k) {
      Piece::View& view = piece_.views[k];
      const ptrdiff_t bytes =
          dim.strides[k] * static_cast<ptrdiff_t>(view.bytes);
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

Status FoldTensors(const TensorOperands& operands, size_t group,
                   Pieces& pieces) noexcept {
  Fold fold(pieces);
  const Status status = fold.Set(operands);
  if (status == Status::kOk) fold.Choose(group);
  return status;
}

}  // namespace internal
}  // namespace softlane
