// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_LOSS_PIECES_H_
#define SOFTLANE_LIB_TENSOR_LOSS_PIECES_H_

#include <cstddef>

#include "schedules/cross_entropy_rows.h"
#include "schedules/lines.h"
#include "tensor/fold.h"
#include "tensor/tensor_loss.h"

namespace softlane {
namespace internal {

/// A pass over all pieces: it checks the labels, adds the weights of the
/// labels, or computes the losses.
enum class Pass { kLabels, kWeights, kLosses };

/// The labels, losses and upstream gradients of rows.
struct PerRow {
  Labels labels;
  float* loss;  // or the one element of all rows
  const float* upstream;
};
/// A call. Its pieces keep the order of the rows, because losses and weights
/// are added in this order.
class TensorLoss {
 public:
  TensorLoss(const LossTensors& tensors, int axis,
             const CrossEntropyOptions& options, float* divisor) noexcept;

  /// Checks all arguments but the target.
  Status Check();
  /// Needs an FpEnvironment in force.
  void Run(Target target);

 private:
  bool IsPerRow() const { return options_.reduction == Reduction::kNone; }
  bool HasGradient() const { return t_.dx.data != nullptr; }
  bool HasResult() const;
  bool HaveGoodTypes() const;
  Status Fold(size_t group);
  void Finish();
  bool ForPieces(Pass pass);
  bool RunPiece(Pass pass);
  bool RunGroups(Pass pass, PerRow rows);
  bool RunLines(Pass pass, size_t first, size_t count, const PerRow& rows);
  bool RunPlanes(Pass pass, const PerRow& rows);
  bool Prepare(Pass pass, const PerRow& rows, CrossEntropyCall& call);
  Lines LinesOf(size_t operand, size_t first, size_t count) const;
  const Piece::View& ViewOf(size_t operand) const {
    return pieces_.piece.views[operand];
  }
  // The outer stride of an operand, or `usual` if there is no such operand.
  size_t StrideOf(size_t operand, size_t usual) const {
    return operand == 0 ? usual
                        : static_cast<size_t>(ViewOf(operand).outer_stride);
  }

  const LossTensors& t_;
  const int axis_;
  CrossEntropyOptions options_;
  float* const divisor_;
  size_t places_ = 1, classes_ = 0;                     // rows and columns
  size_t labels_, dx_ = 0, losses_ = 0, upstream_ = 0;  // operands, or 0
  Pieces pieces_;
  size_t group_ = 0;  // of the pieces
  size_t counted_ = 0;
  bool shares_fit_floats_ = false;
  bool is_upstream_one_ = false;  // and is copied to the options
  LossTotals totals_{};
  Target target_ = Target::kAuto;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_LOSS_PIECES_H_
