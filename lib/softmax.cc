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
#include "softmax_large-inl.h"
#include "softmax_pipeline-inl.h"
#include "softmax_row-inl.h"
#include "softmax_short-inl.h"
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

// Fewer rows than this do not fill a group well enough.
constexpr size_t kMinGroupRows = 3;

// The choice between the schedules. All give the same bits.
void SoftmaxRows(Rows<const float> x, Rows<float> y, float* logsumexp,
                 const SoftmaxOptions& options) {
  if (x.rows == 0) return;
  const ScaleParts parts = SplitScale(options.scale);
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
  if (logsumexp == nullptr && parts.unit == 1.0 && kMinGroupRows <= x.rows) {
    const auto by_row = [&](size_t first, size_t count) HWY_ATTR {
      SoftmaxPipelined(x.Slice(first, count), y.Slice(first, count), nullptr,
                       options.empty_row, parts);
    };
    if (kMinTileCols <= x.cols && x.cols <= kMaxTileCols) {
      return RunGroups<TileGroup>(x, y, parts, by_row);
    }
    if (x.cols <= kMaxShortCols) {
      return RunGroups<ShortGroup>(x, y, parts, by_row);
    }
  }
#endif
  if (x.cols < kMinLargeCols) {
    return SoftmaxPipelined(x, y, logsumexp, options.empty_row, parts);
  }
  for (size_t r = 0; r < x.rows; ++r) {
    float* const log = logsumexp == nullptr ? nullptr : logsumexp + r;
    if (!SoftmaxLargeRow(x.Row(r), y.Row(r), x.cols, log, parts)) {
      SoftmaxPipelined(x.Slice(r, 1), y.Slice(r, 1), log, options.empty_row,
                       parts);
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
