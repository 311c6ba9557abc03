// SPDX-License-Identifier: Apache-2.0
#include "tensor/tensor_softmax.h"

#include "any/any_check.h"
#include "dispatch.h"
#include "tensor/dense_rows.h"
#include "tensor/fold.h"

namespace softlane {
namespace internal {
namespace {

// The number of lines at a time if their logsumexps have gaps.
constexpr size_t kGroup = 64;

// These functions are not inlined: their buffers would grow the stack frames of
// their callers.
[[gnu::noinline]] void RunGroups(const SoftmaxFunctions& functions,
                                 const AnySoftmaxCall& call,
                                 ptrdiff_t log_stride) {
  float group[kGroup];
  const size_t rows = call.x.rows;
  for (size_t r = 0; r < rows; r += kGroup) {
    const size_t count = rows - r < kGroup ? rows - r : kGroup;
    Lines y = call.y;
    if (y.data != nullptr) {
      y = LinesFrom(y, r, count);
    } else if (y.rows != 0) {  // wanted, but without columns
      y.rows = count;
    }
    RunLines(functions, {LinesFrom(call.x, r, count), y, group, call.options,
                         call.target});
    for (size_t i = 0; i < count; ++i) {
      call.logsumexp[static_cast<ptrdiff_t>(r + i) * log_stride] = group[i];
    }
  }
}

[[gnu::noinline]] void RunPlanes(const TensorFunctions& functions,
                                 const Piece& piece, const AnySoftmaxCall& call,
                                 size_t log_stride) {
  Done(functions.planes(
      piece.InPlanes(0),
      call.y.data == nullptr ? AnyPlanes() : piece.OutPlanes(1),
      Rows<float>(call.logsumexp, piece.outer, piece.inner, log_stride),
      call.options, call.target));
}

[[gnu::noinline]] Status FoldCall(const TensorSoftmax& call, int axis,
                                  size_t group, Pieces& pieces) {
  const ConstAnyTensor& x = call.x;
  const bool has_y = call.y != nullptr, has_log = call.logsumexp != nullptr;
  const TensorOperand in = InputTensor(x, has_y ? call.y->type : x.type);
  const TensorOperand log = has_log ? ReducedTensor(*call.logsumexp) : in;
  const TensorOperand operands[] = {
      in, has_y ? OutputTensor(*call.y, x.type) : log, log};
  const size_t count = 1 + (has_y ? 1 : 0) + (has_log ? 1 : 0);
  return FoldTensors({operands, count, axis}, group, pieces);
}

// Not inlined: its operands would grow the stack frame of a call on rows.
[[gnu::noinline]] Status RunFolded(const TensorFunctions& functions,
                                   const TensorSoftmax& call, int axis,
                                   const SoftmaxOptions& options,
                                   Target target) {
  const bool has_y = call.y != nullptr, has_log = call.logsumexp != nullptr;
  if (!IsPair(call.x.type, has_y ? call.y->type : call.x.type)) {
    return Status::kBadOption;
  }
  Pieces pieces;
  if (Status s = FoldCall(call, axis, 0, pieces); s != Status::kOk) return s;
  // To check the other arguments, the function of rows is called without rows.
  if (Status s = functions.lines.rows({}, {}, nullptr, options, target);
      s != Status::kOk) {
    return s;
  }
  const Target chosen = Resolve(target);
  const Piece& piece = pieces.piece;
  const Piece::View& logs = piece.views[has_y ? 2 : 1];
  for (size_t group = 0; group < pieces.groups; ++group) {
    if (group != 0) Done(FoldCall(call, axis, group, pieces));
    do {
      const ConstLines x = piece.In(0);
      const Lines y = has_y ? piece.Out(1) : Lines();
      float* const logsumexp =
          has_log ? reinterpret_cast<float*>(logs.data) : nullptr;
      const AnySoftmaxCall lines = {x, y, logsumexp, options, chosen};
      if (piece.are_planes) {
        RunPlanes(functions, piece, lines,
                  static_cast<size_t>(logs.outer_stride));
      } else if (has_log && logs.outer_stride != 1 && piece.outer > 1) {
        RunGroups(functions.lines, lines, logs.outer_stride);
      } else {
        RunLines(functions.lines, lines);
      }
      pieces.Next();
    } while (pieces.index != 0);
  }
  return Status::kOk;
}

}  // namespace

Status RunTensors(const TensorFunctions& functions, const TensorSoftmax& call,
                  int axis, const SoftmaxOptions& options,
                  Target target) noexcept {
  if (call.logsumexp == nullptr && AreRows(axis, call.x, *call.y)) {
    const ConstAnyRows x = RowsOf(call.x);
    const AnyRows y = RowsOf(*call.y);
    if (!AreFloats(x, y)) {
      return RunAny(functions.lines, x, y, nullptr, options, target);
    }
    return functions.lines.rows(FloatsOf(x), FloatsOf(y), nullptr, options,
                                target);
  }
  return RunFolded(functions, call, axis, options, target);
}

}  // namespace internal
}  // namespace softlane
