// SPDX-License-Identifier: Apache-2.0
#include "tensor/tensor_gradient.h"

#include "any/any_check.h"
#include "dispatch.h"
#include "tensor/dense_rows.h"
#include "tensor/fold.h"

namespace softlane {
namespace internal {
namespace {

// These functions are not inlined: their operands would grow the stack frames
// of their callers.
[[gnu::noinline]] Status FoldCall(const ConstAnyTensor& first,
                                  const ConstAnyTensor& second,
                                  const AnyTensor& dx, int axis, size_t group,
                                  Pieces& pieces) {
  const TensorOperand operands[] = {InputTensor(first, dx.type),
                                    InputTensor(second, dx.type),
                                    OutputTensor(dx, first.type)};
  return FoldTensors({operands, 3, axis}, group, pieces);
}

[[gnu::noinline]] void RunPlanes(const GradientFunctions& functions,
                                 const Piece& piece, float scale,
                                 Target target) {
  Done(functions.planes(piece.InPlanes(0), piece.InPlanes(1),
                        piece.OutPlanes(2), scale, target));
}

void RunPiece(const GradientFunctions& functions, const Piece& piece,
              float scale, Target target) {
  const ConstLines first = piece.In(0), second = piece.In(1);
  const Lines dx = piece.Out(2);
  if (piece.are_planes) {
    RunPlanes(functions, piece, scale, target);
  } else if (first.IsCopied() || second.IsCopied() || dx.IsCopied()) {
    RunBackwardLines(functions.lines, {first, second, dx, scale, target});
  } else {
    Done(functions.rows(first, second, dx, scale, target));
  }
}

// Not inlined: its operands would grow the stack frame of a call on rows.
[[gnu::noinline]] Status RunFolded(const GradientFunctions& functions,
                                   const ConstAnyTensor& first,
                                   const ConstAnyTensor& second,
                                   const AnyTensor& dx, int axis, float scale,
                                   Target target) {
  if (!IsPair(first, second, dx)) return Status::kBadOption;
  Pieces pieces;
  if (Status s = FoldCall(first, second, dx, axis, 0, pieces);
      s != Status::kOk) {
    return s;
  }
  if (!IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  for (size_t group = 0; group < pieces.groups; ++group) {
    if (group != 0) Done(FoldCall(first, second, dx, axis, group, pieces));
    do {
      RunPiece(functions, pieces.piece, scale, chosen);
      pieces.Next();
    } while (pieces.index != 0);
  }
  return Status::kOk;
}

}  // namespace

Status RunTensorGradient(const GradientFunctions& functions,
                         const ConstAnyTensor& first,
                         const ConstAnyTensor& second, const AnyTensor& dx,
                         int axis, float scale, Target target) noexcept {
  if (AreRows(axis, first, second, dx)) {
    return functions.rows(RowsOf(first), RowsOf(second), RowsOf(dx), scale,
                          target);
  }
  return RunFolded(functions, first, second, dx, axis, scale, target);
}

}  // namespace internal
}  // namespace softlane
