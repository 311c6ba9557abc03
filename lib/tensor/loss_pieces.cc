// SPDX-License-Identifier: Apache-2.0
#include "tensor/loss_pieces.h"

#include "any/any_axis.h"
#include "any/any_check.h"
#include "cross_entropy_check.h"
#include "schedules/cross_entropy_columns.h"
#include "schedules/loaded_losses.h"
#include "schedules/loss_totals.h"

// Does the pieces of cross-entropy of tensors, which are lines or planes.

namespace softlane {
namespace internal {
namespace {

// The number of lines at a time if their labels, losses or upstream gradients
// have gaps.
constexpr size_t kGroup = 48;

}  // namespace

bool TensorLoss::RunPiece(Pass pass) {
  PerRow rows{{}, t_.loss.data, nullptr};
  if (labels_ != 0) rows.labels = t_.labels->From(ViewOf(labels_).data);
  if (losses_ != 0) rows.loss = reinterpret_cast<float*>(ViewOf(losses_).data);
  if (upstream_ != 0) {
    rows.upstream = reinterpret_cast<const float*>(ViewOf(upstream_).data);
  }
  const Piece& piece = pieces_.piece;
  if (piece.are_planes) return RunPlanes(pass, rows);
  const bool have_gaps = StrideOf(labels_, 1) != 1 ||
                         StrideOf(losses_, 1) != 1 ||
                         StrideOf(upstream_, 1) != 1;
  return have_gaps && piece.outer > 1 ? RunGroups(pass, rows)
                                      : RunLines(pass, 0, piece.outer, rows);
}

// Not inlined: its arrays would grow the stack frame of its caller.
[[gnu::noinline]] bool TensorLoss::RunGroups(Pass pass, PerRow from) {
  int64_t labels[kGroup];
  float losses[kGroup], upstream[kGroup];
  PerRow group{Labels(labels), from.loss, nullptr};
  if (losses_ != 0) group.loss = losses;
  if (upstream_ != 0) group.upstream = upstream;
  const size_t all = pieces_.piece.outer;
  // Strides of type size_t may stand for negative numbers.
  const auto step = [&](size_t operand) {
    return static_cast<ptrdiff_t>(StrideOf(operand, 0));
  };
  for (size_t first = 0, count; first < all; first += count) {
    count = all - first < kGroup ? all - first : kGroup;
    for (size_t i = 0; i < count; ++i) {
      const ptrdiff_t r = static_cast<ptrdiff_t>(first + i);
      if (labels_ != 0) labels[i] = from.labels.At(r * step(labels_));
      if (upstream_ != 0) upstream[i] = from.upstream[r * step(upstream_)];
    }
    if (!RunLines(pass, first, count, group)) return false;
    for (size_t i = 0; losses_ != 0 && pass == Pass::kLosses && i < count;
         ++i) {
      from.loss[static_cast<ptrdiff_t>(first + i) * step(losses_)] = losses[i];
    }
  }
  return true;
}

// Does the passes other than kLosses. For kLosses, prepares the call of some
// rows.
bool TensorLoss::Prepare(Pass pass, const PerRow& rows,
                         CrossEntropyCall& call) {
  call.labels = rows.labels;
  options_.upstream_rows = rows.upstream;
  if (pass == Pass::kLabels) {
    const Status status = LabelsStatus(call);
    counted_ += call.counted;
    return status == Status::kOk;
  }
  call.counted = counted_;
  call.totals = &totals_;
  call.shares_fit_floats = shares_fit_floats_;
  if (pass == Pass::kWeights) {
    totals_.divisor = AddWeights(call, totals_.divisor);
  }
  return true;
}

[[gnu::noinline]] Lines TensorLoss::LinesOf(size_t operand, size_t first,
                                            size_t count) const {
  return LinesFrom(pieces_.piece.Out(operand), first, count);
}

bool TensorLoss::RunLines(Pass pass, size_t first, size_t count,
                          const PerRow& rows) {
  const bool has_targets = t_.targets != nullptr;
  const ConstLines targets(LinesOf(1, first, count));  // or labels
  const LossViews views{ConstLines(LinesOf(0, first, count)),
                        has_targets ? &targets : nullptr,
                        dx_ == 0 ? Lines() : LinesOf(dx_, first, count)};
  FloatViews floats(views);
  CrossEntropyCall call(floats.x, rows.loss, floats.dx, options_, nullptr);
  if (has_targets) call.targets = &floats.targets;
  if (!Prepare(pass, rows, call)) return false;
  if (pass != Pass::kLosses) return true;
  const bool are_halves =
      IsHalf(views.x.type) || (dx_ != 0 && IsHalf(views.dx.type));
  const bool are_copied = views.x.IsCopied() || views.dx.IsCopied() ||
                          (has_targets && targets.IsCopied());
  if ((are_halves || are_copied || call.Adds()) && pieces_.piece.axis != 0) {
    RunLoadedLosses({call, views, floats, Converter(target_), target_});
    return true;
  }
  floats.x.data = static_cast<const float*>(views.x.data);
  floats.x.stride = views.x.stride;
  floats.targets.data = static_cast<const float*>(targets.data);
  floats.targets.stride = targets.stride;
  floats.dx.stride = views.dx.stride;
  RunCrossEntropy(call, target_);
  return true;
}

// Not inlined: its arrays would grow the stack frame of its caller.
[[gnu::noinline]] bool TensorLoss::RunPlanes(Pass pass, const PerRow& rows) {
  const Piece& piece = pieces_.piece;
  const bool has_targets = t_.targets != nullptr;
  const Planes<const float> x = AddressOf(piece.InPlanes(0));
  const Planes<const float> targets = AddressOf(piece.InPlanes(1));
  Planes<float> dx = AddressOf(piece.OutPlanes(dx_));
  if (dx_ == 0) dx.data = nullptr;
  const ElementType in = t_.x.type, out = HasGradient() ? t_.dx.type : in;
  const bool are_floats =
      in == ElementType::kFloat32 && out == ElementType::kFloat32;
  // The checks use the types only, so the passes of any target do.
  const ColumnTypes types = {
      in, out,
      KernelsOf(kHalfPasses,
                target_ == Target::kAuto ? Target::kBaseline : target_)};
  const LossPlanes planes = {x, has_targets ? &targets : nullptr, dx,
                             are_floats ? nullptr : &types};
  ColumnViews views(planes);
  CrossEntropyCall call(views.x, rows.loss, views.dx, options_, nullptr);
  if (has_targets) call.targets = &views.targets;
  const size_t inner = piece.inner;
  LossBatches batches = {piece.outer, StrideOf(labels_, inner),
                         StrideOf(losses_, inner), StrideOf(upstream_, inner)};
  views.SetRows(inner);
  if (batches.count == 1 ||
      (batches.labels == inner && batches.losses == inner &&
       batches.upstream == inner)) {
    views.SetRows(piece.outer * inner);
    batches = LossBatches();
  }
  call.batches = &batches;
  if (!Prepare(pass, rows, call)) return false;
  if (pass == Pass::kLosses) {
    RunCrossEntropyColumns(planes, views, call, target_);
  }
  return true;
}

}  // namespace internal
}  // namespace softlane
