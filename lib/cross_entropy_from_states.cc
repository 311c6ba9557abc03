// SPDX-License-Identifier: Apache-2.0
#include "arith/state.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/cross_entropy_parts.h"
#include "kernels/large_rows.h"
#include "schedules/labels.h"
#include "schedules/softmax_call.h"
#include "schedules/state_rows.h"
#include "softlane/softmax_state.h"

// Cross-entropy of rows in parts: loss and gradient from the states.
// loss_state.cc makes the states.

namespace softlane {
namespace internal {
namespace {

// A part of some rows.
struct Part {
  const Rows<const float>& x;
  size_t first_col, num_classes;
  const Labels& labels;
  const SoftmaxState* states;
  float* losses;
  const Rows<float>& dx;
  const LossStateOptions& options;
};

class PartLosses {
 public:
  PartLosses(const Part& part, Target target)
      : part_(part),
        passes_(BlockPassesOf(target)),
        loss_of_part_(KernelsOf(kLossOfPart, target)),
        parts_(SplitScale(part.options.scale)),
        loss_{options_, parts_, 0.0, true, part.losses != nullptr} {
    options_.z_loss = part.options.z_loss;
    options_.class_weights = &weight_;
  }

  void Run() {
    for (size_t r = 0; r < part_.x.rows; ++r) {
      float* const dx = part_.dx.data == nullptr ? nullptr : part_.dx.Row(r);
      const int64_t label = part_.labels[r];
      if (label == part_.options.ignore_index) {
        if (loss_.is_wanted) part_.losses[r] = 0.0f;
        if (dx != nullptr) FillRow(dx, part_.x.cols, 0.0f);
        continue;
      }
      // If the label is before the part, the difference wraps to a number above
      // the part's columns.
      const float loss =
          LossOfRow(r, static_cast<size_t>(label) - part_.first_col, dx);
      if (loss_.is_wanted) part_.losses[r] = loss;
    }
  }

 private:
  float LossOfRow(size_t r, size_t label, float* dx) {
    const size_t n = part_.x.cols;
    const bool has_label = label < n;
    const StateRow row = RowOfState(part_.states[r], parts_);
    if (!row.has_sum) {
      if (dx != nullptr) FillRow(dx, n, kNaN);
      return has_label ? kNaN : 0.0f;
    }
    const LossStateOptions& options = part_.options;
    weight_ =
        options.label_weights == nullptr ? 1.0f : options.label_weights[r];
    const double upstream = options.upstream_rows == nullptr || dx == nullptr
                                ? options.upstream
                                : options.upstream_rows[r];
    RowSums sums{row.sum, 0.0, row.sum, 0.0};
    float x_label = row.max;
    if (has_label) {
      x_label = part_.x.Row(r)[label];
      SetLabel(row, part_.states[r], part_.x.Row(r), label, sums);
    }
    if (NeedsLog(loss_, sums, false)) {
      sums.log_sum = passes_.log_of_sum(row.max, sums.sum, row.plan, parts_);
    }
    const RowLoss loss =
        loss_of_part_(loss_, sums, row.plan, x_label, 0, nullptr, upstream);
    if (dx != nullptr) {
      WriteGradient(row, loss, sums.sum, part_.x.Row(r), dx);
      if (has_label) dx[label] = static_cast<float>(loss.label_gradient);
    }
    return has_label ? static_cast<float>(loss.loss) : 0.0f;
  }

  // Sets the sums for a part that holds the label's column.
  void SetLabel(const StateRow& row, const SoftmaxState& state, const float* x,
                size_t label, RowSums& sums) const {
    const size_t n = part_.x.cols;
    const float x_label = x[label];
    // The exp value of the label as the state has it, which depends on the plan
    // of the label's block.
    const size_t place = (part_.first_col + label) % kStateCols;
    const size_t begin = place < label ? label - place : 0;
    const size_t rest = kStateCols - place;
    const size_t end = rest < n - label ? label + rest : n;
    const float max = passes_.max(x + begin, end - begin);
    BlockSums block{};
    if (max > -kInfinity) {
      const RowPlan plan = PlanRow(max, parts_);
      block.hole = ExpOf(x_label, plan);
      block.hole_offset = plan.offset;
    }
    const HoleTotals totals =
        TotalsWithout(SumOf(state), block.hole,
                      static_cast<int64_t>(block.hole_offset), row.plan.offset);
    sums.others = totals.others;
    sums.sum = totals.sum;
    sums.label = HoleOfBlocks(block, x_label, row.plan, parts_);
    // CrossEntropy adds two doubles for a row of one block: the sum of the
    // others and the label.
    if (n == part_.num_classes && n <= kStateCols) {
      if (totals.others < totals.sum * 0x1p-20) {
        sums.others = passes_
                          .sum(x, nullptr, n, label, row.plan, parts_,
                               LowestOf(row.plan, parts_), nullptr, nullptr)
                          .others;
      }
      sums.sum = sums.others + sums.label;
    }
  }
  double ExpOf(float x, const RowPlan& plan) const {
    return passes_
        .sum(&x, nullptr, 1, kNoHole, plan, parts_, LowestOf(plan, parts_),
             nullptr, nullptr)
        .others;
  }

  // Goes by parts that fit the first-level cache.
  void WriteGradient(const StateRow& row, const RowLoss& loss, double sum,
                     const float* x, float* dx) const {
    const double factor = loss.unit * loss.total / sum;
    const double ratio = loss.total / sum;
    const bool fits_floats = FactorFitsFloats(factor);
    const float lowest = LowestOf(row.plan, parts_);
    for (size_t i = 0; i < part_.x.cols; i += kSumCols) {
      const size_t n = BlockCols(i, part_.x.cols);
      float* const e = dx + i;
      passes_.write(x + i, e, n, kNoHole, row.plan, parts_, lowest, nullptr,
                    nullptr);
      if (fits_floats) {
        passes_.multiply(factor, sum, n, e);
        continue;
      }
      // CrossEntropy does the same with a long row.
      if (part_.num_classes > kStateCols) passes_.multiply(1.0, sum, n, e);
      for (size_t k = 0; k < n; ++k) {
        // Adding 0 turns the -0 of a negative unit into +0.
        e[k] = static_cast<float>(loss.unit * (ratio * double{e[k]}) + 0.0);
      }
    }
  }

  const Part& part_;
  const BlockPasses& passes_;
  LossOfPartFunction& loss_of_part_;
  CrossEntropyOptions options_;
  const ScaleParts parts_;
  const Loss loss_;
  float weight_ = 1.0f;
};

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void WriteLosses(const Part& part, Target target) {
  PartLosses(part, target).Run();
}

bool AreGoodOptions(const Part& part) {
  const LossStateOptions& options = part.options;
  if (!IsFinitePositive(options.scale) ||
      !IsFiniteNotNegative(options.z_loss)) {
    return false;
  }
  for (size_t r = 0; r < part.x.rows; ++r) {
    if (options.label_weights != nullptr &&
        !IsFiniteNotNegative(options.label_weights[r])) {
      return false;
    }
    if (part.labels[r] != options.ignore_index &&
        HasOtherUse(part.states[r], StateUse::kCrossEntropy)) {
      return false;
    }
  }
  return true;
}

Status Run(const Part& part, Target target) {
  const size_t rows = part.x.rows;
  const bool has_gradient = part.dx.data != nullptr;
  const LossStateOptions& options = part.options;
  if (part.losses == nullptr && !has_gradient && rows != 0) {
    return Status::kNullPointer;
  }
  if (Status s = CheckOperands(
          part.x.cols <= part.num_classes &&
              part.first_col <= part.num_classes - part.x.cols &&
              (!has_gradient || HaveSameShape(part.x, part.dx)),
          Replaced(part.x), Read(part.labels.WordsOfRows(rows)),
          ReadVector(part.states, rows),
          Optional(WrittenVector(part.losses, rows)),
          Optional(Replacing(part.dx)),
          Optional(ReadVector(options.label_weights, rows)),
          Optional(ReadVector(has_gradient ? options.upstream_rows : nullptr,
                              rows)));
      s != Status::kOk) {
    return s;
  }
  if (!AreGoodOptions(part)) return Status::kBadOption;
  size_t counted;
  if (!part.labels.AreBelow(part.num_classes, rows, options.ignore_index,
                            counted)) {
    return Status::kBadLabel;
  }
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (part.x.cols == 0) {  // strides may be any numbers
    if (part.losses != nullptr) FillRow(part.losses, rows, 0.0f);
    return Status::kOk;
  }
  const FpEnvironment environment;
  WriteLosses(part, chosen);
  return Status::kOk;
}

}  // namespace
}  // namespace internal

inline namespace v1 {

Status CrossEntropyFromStates(const Rows<const float>& logits, size_t first_col,
                              size_t num_classes, const int64_t* labels,
                              const SoftmaxState* states, float* losses,
                              const Rows<float>& dlogits,
                              const LossStateOptions& options,
                              Target target) noexcept {
  return internal::Run(
      {logits, first_col, num_classes, internal::Labels(labels), states, losses,
       dlogits, options},
      target);
}
Status CrossEntropyFromStates(const Rows<const float>& logits, size_t first_col,
                              size_t num_classes, const int32_t* labels,
                              const SoftmaxState* states, float* losses,
                              const Rows<float>& dlogits,
                              const LossStateOptions& options,
                              Target target) noexcept {
  return internal::Run(
      {logits, first_col, num_classes, internal::Labels(labels), states, losses,
       dlogits, options},
      target);
}

}  // namespace v1
}  // namespace softlane
