// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "max-inl.h"
#include "softmax_row-inl.h"
#include "softmax_tile-inl.h"
#include "vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// p = exp(scale x) / sum(exp(scale x)). Three sweeps: the maximum (a read per
// element); numerators and their sum (a read and a write); the division (both).
//
// The maximum is not subtracted from x: fl(x - max) is the dominant error of
// other implementations. It is rounded to a whole number of octaves, which is
// taken off the exponents of the numerators: that is exact.
//
// Special values: a NaN or +inf that the maximum does not show makes a
// numerator and so the sum NaN; -inf gives a tiny numerator, which is flushed.

// Up to this length the next row's maximum is found before this row is
// finished: both are then in the cache.
constexpr size_t kMaxColsAhead = 4096;
// Fewer rows than this do not fill a tile well enough.
constexpr size_t kMinTileRows = 3;

// A row whose maximum is not finite. Returns logsumexp.
HWY_NOINLINE float SpecialRow(const float* x, float* y, size_t n,
                              EmptyRow empty_row) {
  const float max = MaxOf<LaneNaN>(x, n);
  const bool zero = max == -kInfinity && empty_row == EmptyRow::kZero;
  Fill(y, n, zero ? 0.0f : kNaN);
  return max;
}

// Rows one after the other.
void SoftmaxByRow(Rows<const float> x, Rows<float> y, float* logsumexp,
                  EmptyRow empty_row, const ScaleParts& parts) {
  const size_t n = x.cols;
  const bool want_log = logsumexp != nullptr;
  // The next row's maximum is found while this row's sum is on its way.
  const bool ahead = n <= kMaxColsAhead;
  float max = MaxOf<IgnoreNaN>(x.Row(0), n);
  for (size_t r = 0; r < x.rows; ++r) {
    const bool is_finite = -kInfinity < max && max < kInfinity;
    RowSum row{};
    if (is_finite) {
      row = WriteNumerators(x.Row(r), y.Row(r), n, max, parts, want_log);
    }
    const bool has_next = r + 1 < x.rows;
    float next_max = 0.0f;
    if (has_next && ahead) next_max = MaxOf<IgnoreNaN>(x.Row(r + 1), n);
    float result;
    if (!is_finite) {
      result = SpecialRow(x.Row(r), y.Row(r), n, empty_row);
    } else if (row.sum == row.sum) {
      Divide(y.Row(r), n, row.sum);
      result = row.log_sum_exp;
    } else {
      Fill(y.Row(r), n, kNaN);
      result = kNaN;
    }
    if (want_log) logsumexp[r] = result;
    if (has_next && !ahead) next_max = MaxOf<IgnoreNaN>(x.Row(r + 1), n);
    max = next_max;
  }
}

// The choice between the schedules. All give the same bits.
void SoftmaxRows(Rows<const float> x, Rows<float> y, float* logsumexp,
                 const SoftmaxOptions& options) {
  if (x.rows == 0) return;
  const ScaleParts parts = SplitScale(options.scale);
  const bool tiles = logsumexp == nullptr && parts.unit == 1.0 && 4 <= x.cols &&
                     x.cols <= kMaxTileCols && kMinTileRows <= x.rows;
  if (!tiles) return SoftmaxByRow(x, y, logsumexp, options.empty_row, parts);
  for (size_t r = 0; r < x.rows; r += kLanes) {
    const size_t count = HWY_MIN(kLanes, x.rows - r);
    if (!SoftmaxTile(x, y, r, count, parts)) {
      SoftmaxByRow(x.Slice(r, count), y.Slice(r, count), nullptr,
                   options.empty_row, parts);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using SoftmaxFunction = void(Rows<const float>, Rows<float>, float*,
                             const SoftmaxOptions&);
constexpr internal::KernelTable<SoftmaxFunction> kSoftmaxTable =
    SOFTLANE_KERNEL_TABLE(SoftmaxRows);

Status Run(Rows<const float> logits, Rows<float> probs, float* logsumexp,
           const SoftmaxOptions& options, Target target) {
  if (!internal::IsFinitePositive(options.scale) ||
      options.empty_row > EmptyRow::kZero) {
    return Status::kBadOption;
  }
  SoftmaxFunction* const kernel = internal::Select(kSoftmaxTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (logits.cols == 0) {
    if (logsumexp != nullptr)
      internal::FillMinusInfinity(logsumexp, logits.rows);
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  kernel(logits, probs, logsumexp, options);
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status Softmax(Rows<const float> logits, Rows<float> probs,
               const SoftmaxOptions& options, Target target) noexcept {
  if (Status s = internal::CheckRowMap(logits, probs); s != Status::kOk) {
    return s;
  }
  return Run(logits, probs, nullptr, options, target);
}

Status SoftmaxWithLogSumExp(Rows<const float> logits, Rows<float> probs,
                            float* logsumexp, const SoftmaxOptions& options,
                            Target target) noexcept {
  if (Status s = internal::CheckRowMap(logits, probs); s != Status::kOk) {
    return s;
  }
  if (Status s = internal::CheckRowResults(logits, logsumexp);
      s != Status::kOk) {
    return s;
  }
  if (Status s = internal::CheckRowResults(probs, logsumexp);
      s != Status::kOk) {
    return s;
  }
  return Run(logits, probs, logsumexp, options, target);
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
