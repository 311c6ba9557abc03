// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "softlane/log_softmax.h"
#include "softlane/softmax_axis.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "log_softmax_axis.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/log-inl.h"
#include "kernels/softmax_axis_plan-inl.h"
#include "kernels/softmax_axis_strip-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// LogSoftmax of columns, whose formula, errors and bits it has: the sum is in
// double from the start, and no numerator is written. If a strip fits half of
// the tile, a read per element and a write; else three reads and a write.

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
// Log of several, for x >= 1.
HWY_INLINE VD LogLanes(VD x) {
  const F64 d;
  const hn::RebindToUnsigned<F64> du;
  constexpr uint64_t kSqrtHalf = 0x3FE6A09E667F3BCDu;
  constexpr uint64_t kOnes = 0x4330000000000000u;  // 2^52 counts ones
  const auto bits = hn::BitCast(du, x);
  const auto octaves =
      hn::ShiftRight<52>(hn::Sub(bits, hn::Set(du, kSqrtHalf)));
  const VD m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<52>(octaves)));
  const VD whole = hn::Sub(hn::BitCast(d, hn::Or(octaves, hn::Set(du, kOnes))),
                           hn::Set(d, 0x1p52));
  const VD one = hn::Set(d, 1.0);
  const VD s = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const VD s2 = hn::Mul(s, s);
  VD tail = hn::Set(d, 1.0 / 19.0);
  for (const double next : {1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0,
                            1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0}) {
    tail = hn::Add(hn::Mul(tail, s2), hn::Set(d, next));
  }
  const VD rest = hn::Mul(hn::Mul(s, s2), tail);
  const VD log_m = hn::Mul(hn::Set(d, 2.0), hn::Add(s, rest));
  return hn::Add(hn::Mul(whole, hn::Set(d, kLn2)), log_m);
}
#endif

class LogSoftmaxStrip {
 public:
  HWY_INLINE explicit LogSoftmaxStrip(const SoftmaxOptions& options)
      : parts_(SplitScale(options.scale)), plans_(parts_, options.empty_row) {}

  static constexpr size_t kHalfTile = kTileFloats / 2;

  // Columns [0, cols) of x and y, n elements each.
  HWY_INLINE void Run(const float* x, size_t x_stride, float* y,
                      size_t y_stride, size_t n, size_t cols,
                      const Ahead& ahead) {
    width_ = WidthOf(cols);
    const size_t capacity = kHalfTile / width_;
    const bool fits = n <= capacity;
    const size_t chunk = fits ? n : capacity / kSumBlock * kSumBlock;
    const auto load = [&](size_t first, size_t rows) HWY_ATTR {
      LoadTile(x + first * x_stride, x_stride, rows, cols, tile_);
    };
    plans_.Start(width_);
    ForEachChunk(n, chunk, [&](size_t first, size_t rows) HWY_ATTR {
      load(first, rows);
      plans_.AddMax(tile_, rows);
    });
    if (fits) {
      PrefetchRows(x + cols, x_stride, n, ahead.in);
      PrefetchRows(y, y_stride, n, ahead.out);
    }
    plans_.Decide(x, x_stride, n, cols);
    sums_.Clear(width_);
    ForEachChunk(n, chunk, [&](size_t first, size_t rows) HWY_ATTR {
      if (!fits) load(first, rows);
      AddNumerators(rows);
    });
    sums_.Totals(totals_);
    FindLogs();
    ForEachChunk(n, chunk, [&](size_t first, size_t rows) HWY_ATTR {
      if (!fits || !plans_.as_is) load(first, rows);
      Write(rows, y + first * y_stride, y_stride, cols);
    });
  }

 private:
  // Of the tile's logits, which become arguments.
  HWY_INLINE void AddNumerators(size_t rows) {
    plans_.ToArguments(tile_, rows);
    for (size_t i = 0; i < width_; i += kLanes) {
      ExpColumns(plans_.Exp(i), tile_ + i, numerators_ + i, rows, width_);
      sums_.Add<true>(i, rows, [&](size_t r) HWY_ATTR {
        return Load(numerators_ + r * width_ + i);
      });
    }
  }

  // From the totals: the logarithms, and what else makes log-probabilities.
  HWY_INLINE void FindLogs() {
    // The numerators of the maxima, which tell whether other elements count.
    for (size_t i = 0; i < width_; i += kLanes) {
      Store(Load(plans_.max + i), peaks_ + i);
    }
    plans_.ToArguments(peaks_, 1);
    for (size_t i = 0; i < width_; i += kLanes) {
      ExpColumns(plans_.Exp(i), peaks_ + i, peaks_ + i, 1, width_);
    }
    if (!plans_.as_is) return FindEach();
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
    const hn::Half<F32> half;
    constexpr size_t kHalf = kLanes / 2;
    for (size_t i = 0; i < width_; i += kHalf) {
      const auto promoted = [&](const float* from) HWY_ATTR {
        return hn::PromoteTo(F64(), hn::Load(half, from + i));
      };
      const VD sum = hn::Load(F64(), totals_ + i);
      const VD log_divisor =
          hn::Sub(hn::Mul(promoted(plans_.offset), hn::Set(F64(), kLn2)),
                  hn::Set(F64(), kLogSoftmaxFactor));
      VD log = hn::Add(log_divisor, LogLanes(sum));
      log = hn::IfThenElse(
          hn::Eq(sum, promoted(peaks_)),
          hn::Mul(hn::Set(F64(), parts_.scale), promoted(plans_.max)), log);
      log = hn::IfThenElse(hn::Eq(sum, sum), log, sum);
      const auto high = hn::DemoteTo(half, log);
      hn::Store(hn::Neg(high), half, minus_high_ + i);
      hn::Store(hn::DemoteTo(half, hn::Sub(log, hn::PromoteTo(F64(), high))),
                half, low_ + i);
    }
#endif
  }

  // LogOfSum and LogProbabilities of each column.
  HWY_NOINLINE void FindEach() {
    for (size_t c = 0; c < width_; ++c) {
      const ColumnKind kind = plans_.kind[c];
      const double sum = totals_[c];
      double log = kNaN;
      if (kind == ColumnKind::kEmpty) {
        log = 0.0;
      } else if (kind == ColumnKind::kOrdinary && sum == sum) {
        const RowPlan plan = PlanRow(plans_.max[c], parts_);
        log = sum == peaks_[c] ? plan.scaled_max - plan.scaled_shift
                               : plan.log_divisor + Log(sum);
      }
      // The difference of halves cannot overflow where its product with a small
      // scale does not. Without a shift the first step changes nothing.
      const float shift = plans_.shift[c];
      const double share = parts_.scale < 1.0 && shift != 0.0f ? 0.5 : 1.0;
      const float high = static_cast<float>(log);
      factor_[c] = static_cast<float>(share);
      minus_shift_[c] = static_cast<float>(-share * shift);
      scale_[c] = static_cast<float>(parts_.scale / share);
      minus_high_[c] = -high;
      low_[c] = static_cast<float>(log - high);
    }
  }

  // The log-probabilities of the tile's logits.
  HWY_INLINE void Write(size_t rows, float* y, size_t y_stride,
                        size_t cols) const {
    const auto minus_log = [&](VF x, size_t i, VF scale) HWY_ATTR {
      const VF log =
          hn::Sub(Fma(x, scale, Load(minus_high_ + i)), Load(low_ + i));
      return MinKeepNaN(Set(0.0f), log);  // of at most 1
    };
    if (plans_.as_is) {
      const VF scale = Set(static_cast<float>(parts_.scale));
      WriteStrip(y, y_stride, rows, cols, [&](size_t r, size_t i) HWY_ATTR {
        return minus_log(Load(tile_ + r * width_ + i), i, scale);
      });
    } else {
      WriteStrip(y, y_stride, rows, cols, [&](size_t r, size_t i) HWY_ATTR {
        const VF x = Load(tile_ + r * width_ + i);
        return minus_log(Fma(x, Load(factor_ + i), Load(minus_shift_ + i)), i,
                         Load(scale_ + i));
      });
    }
  }

  const ScaleParts parts_;
  ColumnPlans plans_;
  size_t width_ = 0;
  StripSums sums_;
  HWY_ALIGN double totals_[kWideStrip];
  HWY_ALIGN float peaks_[kWideStrip];
  HWY_ALIGN float factor_[kWideStrip];
  HWY_ALIGN float minus_shift_[kWideStrip];
  HWY_ALIGN float scale_[kWideStrip];
  HWY_ALIGN float minus_high_[kWideStrip];
  HWY_ALIGN float low_[kWideStrip];
  HWY_ALIGN float tile_[kHalfTile];
  HWY_ALIGN float numerators_[kHalfTile];
};

void LogSoftmaxPlanes(const Planes<const float>& x, const Planes<float>& y,
                      const SoftmaxOptions& options) {
  LogSoftmaxStrip strip(options);
  ForEachStrip(x, LogSoftmaxStrip::kHalfTile,
               [&](size_t o, size_t i, size_t cols, const Ahead& ahead)
                   HWY_ATTR {
                     strip.Run(x.data + o * x.outer_stride + i, x.axis_stride,
                               y.data + o * y.outer_stride + i, y.axis_stride,
                               x.axis, cols, ahead);
                   });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using LogAxisFunction = void(const Planes<const float>&, const Planes<float>&,
                             const SoftmaxOptions&);
constexpr internal::KernelTable<LogAxisFunction> kLogAxisTable =
    SOFTLANE_KERNEL_TABLE(LogSoftmaxPlanes);

}  // namespace

inline namespace v1 {

Status LogSoftmaxAxis(const Planes<const float>& logits,
                      const Planes<float>& log_probs,
                      const SoftmaxOptions& options, Target target) noexcept {
  if (Status s = internal::CheckMap(logits, log_probs); s != Status::kOk) {
    return s;
  }
  if (internal::IsRows(logits) && internal::IsRows(log_probs)) {
    return LogSoftmax(internal::AsRows(logits), internal::AsRows(log_probs),
                      options, target);
  }
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  LogAxisFunction* const kernel = internal::Select(kLogAxisTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (internal::IsEmpty(logits)) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(logits, log_probs, options);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
