// SPDX-License-Identifier: Apache-2.0
#include "schedules/long_loss.h"

#include <cstring>

#include "arith/exp_double.h"
#include "kernels/large_rows.h"
#include "kernels/row_passes.h"

// The arithmetic here is that of LossOfRow in
// ../kernels/cross_entropy_passes.cc, for a row whose exp values are not kept.

namespace softlane {
namespace internal {
namespace {

// Up to this number of octaves, no exp value and no product with a factor
// overflows before the gradient does.
constexpr double kHighestOctaves = 16.0;
constexpr float kHighestProbability = 0x1p16f;

}  // namespace

static_assert(kNoLabel == kNoHole, "a label is the hole of its row");

LongLoss::LongLoss(const LongRows& rows, float* x_buffer, float* targets_buffer,
                   const Loss& loss, Target target) noexcept
    : rows_(rows),
      loss_(loss),
      kernels_(KernelsOf(kLargeRowKernels, target)),
      passes_(*kernels_.blocks),
      shares_(KernelsOf(kSharePasses, target)),
      loss_of_part_(KernelsOf(kLossOfPart, target)),
      part_options_(loss.options),
      part_loss_{part_options_, loss.parts, loss.smoothing,
                 loss.shares_fit_floats, loss.is_wanted},
      max_or_nan_(KernelsOf(kRowKernels, target).max_or_nan),
      x_(x_buffer),
      targets_(targets_buffer) {}

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
    WriteGradient(r, row, sums.sum, plan, result, has_shares, fit_floats,
                  nullptr);
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

void LongLoss::WriteGradient(size_t r, const LabelledRow& row, double sum,
                             const RowPlan& plan, const RowLoss& result,
                             bool has_shares, bool fit_floats,
                             const Saved* saved) {
  const double factor = result.unit * result.total / sum;
  const bool in_floats =
      FactorFitsFloats(factor) &&
      (!has_shares || (fit_floats && UnitFitsFloats(result.unit)));
  const bool are_probs = saved != nullptr && saved->are_probs;
  const bool in_one_pass =
      in_floats && !has_shares && !plan.is_far && !are_probs;
  WriteRow(r, [&](const Part& part, float* dx) {
    if (saved != nullptr && !(max_or_nan_(part.x, part.n) <= saved->highest)) {
      for (size_t i = 0; i < part.n; ++i) {
        dx[i] = static_cast<float>(saved->ProbabilityOf(part.x[i]));
      }
      DoubleSharesOf(part).ReplaceExpValues(result.unit, result.total, dx);
    } else if (in_one_pass) {
      kernels_.write(part.x, dx, part.n, factor, sum, plan, loss_.parts, false);
    } else {
      if (!are_probs) {
        passes_.write(part.x, dx, part.n, kNoHole, plan, loss_.parts,
                      LowestOf(plan, loss_.parts), nullptr, nullptr);
      } else if (dx != part.x) {
        std::memcpy(dx, part.x, part.n * sizeof(*dx));
      }
      FromExps(part, sum, factor, result, has_shares, in_floats, dx);
    }
    const size_t label = row.label - part.col;
    if (label < part.n) dx[label] = static_cast<float>(result.label_gradient);
  });
}

void LongLoss::FromExps(const Part& part, double sum, double factor,
                        const RowLoss& result, bool has_shares, bool in_floats,
                        float* dx) const {
  if (!in_floats) {
    passes_.multiply(1.0, sum, part.n, dx);
    DoubleSharesOf(part).ReplaceExpValues(result.unit, result.total / sum, dx);
  } else if (has_shares) {
    shares_.write(part_loss_, part.targets, factor, sum, result.unit, part.n,
                  dx);
  } else {
    passes_.multiply(factor, sum, part.n, dx);
  }
}

double LongLoss::Saved::ProbabilityOf(float x) const {
  if (are_probs) return x < static_cast<float>(kLeast) ? 0.0 : x;
  return ExpInDouble(scale * x - logsumexp);
}

void LongLoss::WriteFromSaved(size_t r, const LabelledRow& row,
                              const float* logsumexp) {
  const bool has_shares = rows_.has_targets || loss_.smoothing != 0.0;
  const ScaleParts& parts = loss_.parts;
  bool fit_floats = loss_.shares_fit_floats;
  ShareSums share_sums{0.0, 0.0};
  if (!row.is_ignored && has_shares) {
    share_sums = SumSharesOf(r, 0.0f, fit_floats);
  }
  const float lse = logsumexp == nullptr ? 0.0f : *logsumexp;
  if (row.is_ignored || !IsFiniteMax(lse) ||
      share_sums.total != share_sums.total) {
    const bool is_kept = row.is_ignored && rows_.are_added_to;
    if (!is_kept) FillRow(r, row.is_ignored ? 0.0f : kNaN);
    return;
  }
  // The plan of a row whose maximum would be its logsumexp.
  const auto max = static_cast<float>(lse / parts.scale);
  const bool is_direct = logsumexp != nullptr && IsDirect(max, parts);
  const RowPlan plan = is_direct ? PlanDirectRow(max, parts) : RowPlan{};
  Saved saved{logsumexp == nullptr, parts.scale, lse, kNaN};
  double sum = 1.0;
  if (is_direct) {
    saved.highest =
        static_cast<float>(plan.offset + kHighestOctaves) * parts.inverse_l;
    sum = ExpInDouble(lse - plan.log_divisor);
  } else if (saved.are_probs) {
    saved.highest = kHighestProbability;
  }
  RowSums sums{1.0, 0.0, 1.0, lse};
  if (row.label != kNoLabel) {
    float x;
    sums.label =
        saved.ProbabilityOf(*rows_.logits(rows_.context, r, row.label, 1, &x));
    sums.others = 1.0 - sums.label;
  }
  const RowLoss result =
      loss_of_part_(loss_, sums, RowPlan{}, 0.0f, row.label,
                    has_shares ? &share_sums : nullptr, row.upstream);
  WriteGradient(r, row, sum, plan, result, has_shares, fit_floats, &saved);
}

}  // namespace internal
}  // namespace softlane
