// SPDX-License-Identifier: Apache-2.0
#include "softlane/log_softmax.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "log_softmax.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/log_rows-inl.h"
#include "kernels/stream-inl.h"
#ifndef SOFTLANE_SSE2
#include "kernels/log_softmax_pipeline-inl.h"
#endif
#include "arith/row_exp-inl.h"
#include "kernels/log_softmax_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// log p = scale x - log(sum(exp(scale x))). Three sweeps: the maximum and the
// sum read; the third reads and writes. No numerator is written. Of rows after
// one another they are one loop: see log_softmax_pipeline-inl.h.
//
// Errors, in u: the sum's terms and no rounding of the sum, which is in double;
// then two roundings of about |log p|, each at most half of a unit in the last
// place. Below 1 those are half a u, up to 2 one u; above, max(1, |log p|)
// grows as they do.
static_assert(kSoftmaxExpErrorU + kDoubleSumErrorU + 2.0 * 1.0 + 0.01 <=
                  kLogSoftmaxMaxError * 0x1p24,
              "the documented bound holds");

struct RowLog {
  RowPlan plan;
  double log_sum;  // of exp(scale (x - shift)); NaN if the row holds NaN
};

// Of a sum; NaN for NaN.
template <class Argument>
HWY_INLINE double LogOf(const RowPlan& plan, const ScaleParts& parts,
                        const Argument& argument, float max, double sum) {
  const SoftmaxExp exp = MakeExp(plan, parts);
  return sum == sum ? LogOfSum(plan, exp, argument, max, sum)
                    : static_cast<double>(kNaN);
}

// For a finite maximum.
HWY_NOINLINE RowLog SumRow(const float* x, size_t n, float max,
                           const ScaleParts& parts) {
  const RowPlan plan = PlanRow(max, parts);
  return WithArgumentOf(plan, [&](const auto& argument) HWY_ATTR {
    const double sum = SumExpInDouble(x, n, plan, parts, argument);
    return RowLog{plan, LogOf(plan, parts, argument, max, sum)};
  });
}

// A row whose sum has no logarithm.
HWY_NOINLINE void LogSoftmaxSpecialRow(const float* x, float* y, size_t n,
                                       EmptyRow empty_row) {
  const bool is_empty =
      empty_row == EmptyRow::kZero && MaxOf<LaneNaN>(x, n) == -kInfinity;
  Fill(y, n, is_empty ? -kInfinity : kNaN);
}

// Rows alone: less to set up than a pipeline.
HWY_NOINLINE void LogSoftmaxRowByRow(const Rows<const float>& x,
                                     const Rows<float>& y, EmptyRow empty_row,
                                     const ScaleParts& parts) {
  const size_t n = x.cols;
  for (size_t r = 0; r < x.rows; ++r) {
    const float max = RowMaximum(x.Row(r), n);
    if (n == 1 && IsFinite(max)) {  // its probability is 1
      *y.Row(r) = 0.0f;
      continue;
    }
    RowLog row{PlanRow(0.0f, parts), static_cast<double>(kNaN)};
    if (IsFinite(max)) row = SumRow(x.Row(r), n, max, parts);
    if (row.log_sum == row.log_sum) {
      const LogProbabilities log(row.plan, parts, row.log_sum);
      WriteLogs(log, x.Row(r), y.Row(r), n);
    } else {
      LogSoftmaxSpecialRow(x.Row(r), y.Row(r), n, empty_row);
    }
  }
}

#ifndef SOFTLANE_SSE2
// Each row beside the one before it; alone where one of them needs more.
HWY_NOINLINE void LogSoftmaxPipelined(const Rows<const float>& x,
                                      const Rows<float>& y, EmptyRow empty_row,
                                      const ScaleParts& parts) {
  const size_t n = x.cols;
  WaitingLogs before{LogProbabilities(PlanRow(0.0f, parts), parts, 0.0),
                     nullptr, nullptr};
  bool is_waiting = false;  // the row before
  float max = MaxOf<IgnoreNaN>(x.data, n);
  for (size_t r = 0; r < x.rows; ++r) {
    const float* const ahead = x.Row(HWY_MIN(r + 1, x.rows - 1));
    RowLog row{PlanRow(max, parts), static_cast<double>(kNaN)};
    float next_max;
    if (is_waiting && row.plan.as_is) {  // so max is finite
      const LogSwept swept =
          SumAndWrite(x.Row(r), n, row.plan, parts, before, ahead);
      row.log_sum = LogOf(row.plan, parts, AsIs(), max, swept.sum);
      next_max = swept.max;
    } else {
      if (is_waiting) before.Write(n);
      if (IsFinite(max)) row = SumRow(x.Row(r), n, max, parts);
      next_max = r + 1 < x.rows ? MaxOf<IgnoreNaN>(ahead, n) : 0.0f;
    }
    is_waiting = row.log_sum == row.log_sum && row.plan.as_is;
    if (row.log_sum == row.log_sum) {
      before = {LogProbabilities(row.plan, parts, row.log_sum), x.Row(r),
                y.Row(r)};
      if (!is_waiting) before.Write(n);
    } else {
      LogSoftmaxSpecialRow(x.Row(r), y.Row(r), n, empty_row);
    }
    max = next_max;
  }
  if (is_waiting) before.Write(n);
}

// Results that go past the caches, and on the way the next row into them.
HWY_NOINLINE void LogSoftmaxStreamed(const Rows<const float>& x,
                                     const Rows<float>& y, EmptyRow empty_row,
                                     const ScaleParts& parts) {
  for (size_t r = 0; r < x.rows; ++r) {
    RowLog row{PlanRow(0.0f, parts), static_cast<double>(kNaN)};
    const float max = MaxOf<IgnoreNaN>(x.Row(r), x.cols);
    if (IsFinite(max)) row = SumRow(x.Row(r), x.cols, max, parts);
    if (row.log_sum == row.log_sum) {
      NextRow next{};
      if (r + 1 < x.rows) next.first = x.Row(r + 1);
      StreamRow(x.Row(r), y.Row(r), x.cols,
                LogProbabilities(row.plan, parts, row.log_sum), next);
    } else {
      LogSoftmaxSpecialRow(x.Row(r), y.Row(r), x.cols, empty_row);
    }
  }
  hwy::FlushStream();
}
#endif  // SOFTLANE_SSE2

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_NOINLINE void LogSoftmaxInTiles(const Rows<const float>& x,
                                    const Rows<float>& y, EmptyRow empty_row,
                                    const ScaleParts& parts) {
  const auto fallback = [&](size_t first, size_t count) HWY_ATTR {
    LogSoftmaxRowByRow(x.Slice(first, count), y.Slice(first, count), empty_row,
                       parts);
  };
  RunGroups<LogTileGroup>(x, y, fallback, parts);
}
#endif

// The choice between the schedules. All give the same bits. Each is a function
// of its own: a call of one row should not pay for the stack of the others.
void LogSoftmaxRows(const Rows<const float>& x, const Rows<float>& y,
                    const SoftmaxOptions& options) {
  const ScaleParts parts = SplitScale(options.scale);
#ifdef SOFTLANE_SSE2
  if (AreShort(x)) {
    return LogSoftmaxInBatches(x, y, parts, [&](size_t r, size_t count) {
      LogSoftmaxRowByRow(x.Slice(r, count), y.Slice(r, count),
                         options.empty_row, parts);
    });
  }
#else
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
  if (parts.unit == 1.0 && kMinGroupRows <= x.rows && kMinTileCols <= x.cols &&
      x.cols <= kMaxLogTileCols) {
    return LogSoftmaxInTiles(x, y, options.empty_row, parts);
  }
#endif
  if constexpr (kHasFma) {  // one lane at a time there is little to save
    if (x.cols >= kMinStreamedCols && IsLarge(x.rows, x.cols, 2) &&
        x.data != y.data) {
      return LogSoftmaxStreamed(x, y, options.empty_row, parts);
    }
    if (x.rows > 1) return LogSoftmaxPipelined(x, y, options.empty_row, parts);
  }
#endif
  LogSoftmaxRowByRow(x, y, options.empty_row, parts);
}

// logsumexp alone: the first two sweeps.
HWY_NOINLINE void LogSumExpRowByRow(const Rows<const float>& x,
                                    float* logsumexp, const ScaleParts& parts) {
  for (size_t r = 0; r < x.rows; ++r) {
    const float max = RowMaximum(x.Row(r), x.cols);
    if (IsFinite(max)) {
      const RowLog row = SumRow(x.Row(r), x.cols, max, parts);
      const double log = row.log_sum + row.plan.scaled_shift;
      logsumexp[r] = log == log ? static_cast<float>(log) : kNaN;
    } else {
      logsumexp[r] = MaxOf<LaneNaN>(x.Row(r), x.cols);
    }
  }
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_NOINLINE void LogSumExpInTiles(const Rows<const float>& x, float* logsumexp,
                                   const ScaleParts& parts) {
  LogTileGroup group(parts);
  const Rows<float> none(nullptr, x.rows, x.cols, 0);
  for (size_t r = 0; r < x.rows; r += kLanes) {
    const size_t count = HWY_MIN(kLanes, x.rows - r);
    if (group.FindOctaves(x, none, r, count)) {
      group.SumNumerators(x.cols);
      group.WriteLogSumExp(logsumexp);
    } else {
      LogSumExpRowByRow(x.Slice(r, count), logsumexp + r, parts);
    }
  }
}
#endif

void LogSumExpRows(const Rows<const float>& x, float* logsumexp, float scale) {
  const ScaleParts parts = SplitScale(scale);
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
  if (parts.unit == 1.0 && kMinGroupRows <= x.rows && kMinTileCols <= x.cols &&
      x.cols <= kMaxLogTileCols) {
    return LogSumExpInTiles(x, logsumexp, parts);
  }
#endif
#ifdef SOFTLANE_SSE2
  if (AreShort(x)) {
    return LogSumExpInBatches(
        x, logsumexp, parts, [&](size_t first, size_t count) {
          LogSumExpRowByRow(x.Slice(first, count), logsumexp + first, parts);
        });
  }
#endif
  LogSumExpRowByRow(x, logsumexp, parts);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using LogSoftmaxFunction = void(const Rows<const float>&, const Rows<float>&,
                                const SoftmaxOptions&);
constexpr internal::KernelTable<LogSoftmaxFunction> kLogSoftmaxTable =
    SOFTLANE_KERNEL_TABLE(LogSoftmaxRows);

using LogSumExpFunction = void(const Rows<const float>&, float*, float);
constexpr internal::KernelTable<LogSumExpFunction> kLogSumExpTable =
    SOFTLANE_KERNEL_TABLE(LogSumExpRows);

}  // namespace

inline namespace v1 {

Status LogSoftmax(const Rows<const float>& logits, const Rows<float>& log_probs,
                  const SoftmaxOptions& options, Target target) noexcept {
  if (Status s = internal::CheckMap(logits, log_probs); s != Status::kOk) {
    return s;
  }
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  LogSoftmaxFunction* const kernel = internal::Select(kLogSoftmaxTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (logits.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(logits, log_probs, options);
  return Status::kOk;
}

Status LogSumExp(const Rows<const float>& logits, float* logsumexp, float scale,
                 Target target) noexcept {
  if (Status s = internal::CheckOperands(
          true, internal::Read(logits),
          internal::WrittenVector(logsumexp, logits.rows));
      s != Status::kOk) {
    return s;
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  LogSumExpFunction* const kernel = internal::Select(kLogSumExpTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (logits.cols == 0) {
    internal::FillMinusInfinity(logsumexp, logits.rows);
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  kernel(logits, logsumexp, scale);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
