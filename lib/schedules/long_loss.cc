// SPDX-License-Identifier: Apache-2.0
#include "schedules/long_loss.h"

#include "kernels/large_rows.h"

// See LossOfRow in ../kernels/cross_entropy_passes.cc: the arithmetic here is
// that of a row whose exp values are not kept.

namespace softlane {
namespace internal {

static_assert(kNoLabel == kNoHole, "a label is the hole of its row");

LongLoss::LongLoss(const LongRows& rows, const Loss& loss,
                   Target target) noexcept
    : rows_(rows),
      loss_(loss),
      passes_(BlockPassesOf(target)),
      shares_(KernelsOf(kSharePasses, target)),
      loss_of_part_(KernelsOf(kLossOfPart, target)),
      part_options_(loss.options),
      part_loss_{part_options_, loss.parts, loss.smoothing,
                 loss.shares_fit_floats, loss.is_wanted} {}

double LongLoss::OfRow(size_t r, const LabelledRow& row) {
  if (row.is_ignored) {
    if (!rows_.are_added_to) FillRow(r, 0.0f);
    return 0.0;
  }
  const bool has_shares = rows_.has_targets || loss_.smoothing != 0.0;
  float x_label = 0.0f;
  const BlockSums blocks = SumOfRow(r, row.label, x_label);
  const bool is_finite = IsFiniteMax(blocks.max);
  const RowPlan plan = PlanRow(is_finite ? blocks.max : 0.0f, loss_.parts);
  if (row.label == kNoLabel) x_label = blocks.max;
  bool fit_floats = loss_.shares_fit_floats;
  ShareSums share_sums{0.0, 0.0};
  RowSums sums{0.0, 0.0, kNaN, 0.0};
  if (is_finite) {
    if (has_shares) share_sums = SumSharesOf(r, blocks.max, fit_floats);
    sums = SumsOf(blocks, row.label, x_label, plan, has_shares);
  }
  if (!(sums.sum == sums.sum) || share_sums.total != share_sums.total) {
    FillRow(r, kNaN);
    return kNaN;
  }
  const RowLoss result =
      loss_of_part_(loss_, sums, plan, x_label, row.label,
                    has_shares ? &share_sums : nullptr, row.upstream);
  if (rows_.has_gradient) {
    WriteGradient(r, row, sums, plan, result, has_shares, fit_floats);
  }
  return result.loss;
}

template <class Step>
void LongLoss::ForPartsOf(size_t r, const Step& step) {
  const float* const weights = loss_.options.class_weights;
  for (size_t col = 0; col < rows_.cols; col += kSumCols) {
    const size_t n = BlockCols(col, rows_.cols);
    if (weights != nullptr) part_options_.class_weights = weights + col;
    const float* const targets =
        rows_.has_targets ? rows_.targets(rows_.context, r, col, n, targets_)
                          : nullptr;
    step(Part{col, n, rows_.logits(rows_.context, r, col, n, x_), targets});
  }
}

template <class Write>
void LongLoss::WriteRow(size_t r, const Write& write) {
  ForPartsOf(r, [&](const Part& part) {
    float* const place = rows_.place(rows_.context, r, part.col, part.n, x_);
    write(part, place);
    rows_.take(rows_.context, r, part.col, part.n, place);
  });
}

void LongLoss::FillRow(size_t r, float value) {
  if (!rows_.has_gradient) return;
  WriteRow(r, [&](const Part& part, float* dx) {
    for (size_t i = 0; i < part.n; ++i) dx[i] = value;
  });
}

BlockSums LongLoss::SumOfRow(size_t r, size_t label, float& x_label) {
  BlockSums row{};
  row.max = -kInfinity;
  ForPartsOf(r, [&](const Part& part) {
    const size_t hole = label - part.col;
    BlockSums block{};
    SumOfBlocks(passes_, passes_.sum, part.x, part.n, hole, loss_.parts, false,
                block);
    row.has_nan |= block.has_nan;
    row.max = block.max > row.max ? block.max : row.max;
    Merge(block.sum, row.sum);
    if (hole >= part.n) return;
    x_label = part.x[hole];
    row.hole = block.hole;
    row.hole_offset = block.hole_offset;
  });
  return row;
}

ShareSums LongLoss::SumSharesOf(size_t r, float max, bool& fit_floats) {
  ShareSums sums{0.0, 0.0};
  if (fit_floats) {
    ShareParts parts{};
    ForPartsOf(r, [&](const Part& part) {
      sums = shares_.add(part_loss_, part.targets, part.x, part.n, max, parts);
    });
    fit_floats = sums.AreFinite();
    if (fit_floats) return sums;
  }
  sums = {0.0, 0.0};
  ForPartsOf(r, [&](const Part& part) {
    sums = DoubleSharesOf(part).Sum(part.x, max, sums);
  });
  return sums;
}

RowSums LongLoss::SumsOf(const BlockSums& blocks, size_t label, float x_label,
                         const RowPlan& plan, bool has_shares) const {
  const HoleTotals totals = TotalsOfBlocks(blocks, plan.offset);
  RowSums sums{totals.others, 0.0, totals.sum, 0.0};
  if (label != kNoLabel) {
    sums.label = HoleOfBlocks(blocks, x_label, plan, loss_.parts);
  }
  if (sums.sum == sums.sum && NeedsLog(loss_, sums, has_shares)) {
    sums.log_sum = passes_.log_of_sum(blocks.max, sums.sum, plan, loss_.parts);
  }
  return sums;
}

DoubleShares LongLoss::DoubleSharesOf(const Part& part) const {
  return {part_options_, part.targets, loss_.smoothing, part.n};
}

void LongLoss::WriteGradient(size_t r, const LabelledRow& row,
                             const RowSums& sums, const RowPlan& plan,
                             const RowLoss& result, bool has_shares,
                             bool fit_floats) {
  const double factor = result.unit * result.total / sums.sum;
  const bool in_floats =
      FactorFitsFloats(factor) &&
      (!has_shares || (fit_floats && UnitFitsFloats(result.unit)));
  const float lowest = LowestOf(plan, loss_.parts);
  WriteRow(r, [&](const Part& part, float* dx) {
    passes_.write(part.x, dx, part.n, kNoHole, plan, loss_.parts, lowest,
                  nullptr, nullptr);
    if (!in_floats) {
      passes_.multiply(1.0, sums.sum, part.n, dx);
      DoubleSharesOf(part).ReplaceExpValues(result.unit,
                                            result.total / sums.sum, dx);
    } else if (has_shares) {
      shares_.write(part_loss_, part.targets, factor, sums.sum, result.unit,
                    part.n, dx);
    } else {
      passes_.multiply(factor, sums.sum, part.n, dx);
    }
    const size_t label = row.label - part.col;
    if (label < part.n) dx[label] = static_cast<float>(result.label_gradient);
  });
}

}  // namespace internal
}  // namespace softlane
