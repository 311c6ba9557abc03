// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_axis.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax_axis.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/large_sum-inl.h"
#include "kernels/softmax_axis_plan-inl.h"
#include "kernels/softmax_axis_strip-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Softmax of columns. If a strip fits the tile: a read per element and a write.
// Else three sweeps as for rows: a read; a read and a write; both.

// SumLargeRow of a column, by way of `block`, kLargeBlock floats: false if it
// is not direct. Softmax sums rows of kMinLargeCols so.
HWY_NOINLINE bool SumLargeColumn(const float* x, size_t stride, size_t n,
                                 const ScaleParts& parts, float* block,
                                 double* total) {
  float max = -kInfinity;
  RowPlan plan{};
  LaneSum sum;
  for (size_t start = 0; start < n; start += kLargeBlock) {
    const size_t count = HWY_MIN(kLargeBlock, n - start);
    for (size_t k = 0; k < count; ++k) block[k] = x[(start + k) * stride];
    const float block_max = MaxOf<IgnoreNaN>(block, count);
    if (start == 0 || block_max > max) {
      max = block_max;
      const RowPlan next = PlanRow(max, parts);
      if (!(-kInfinity < max && max < kInfinity && next.as_is)) return false;
      if (start != 0 && next.offset != plan.offset) {
        sum.Multiply(PowerOfTwo(plan.offset - next.offset));
      }
      plan = next;
    }
    const SoftmaxExp exp = MakeExp(plan, parts);
    AddTerms(count, SummedNumerators{exp, block, block}, sum);
  }
  *total = sum.Total();
  return true;
}
static_assert(kLargeBlock <= kTileFloats, "the tile holds a block");

class SoftmaxStrip {
 public:
  HWY_INLINE explicit SoftmaxStrip(const SoftmaxOptions& options)
      : parts_(SplitScale(options.scale)), plans_(parts_, options.empty_row) {}

  // Columns [0, cols) of x and y, n elements each.
  HWY_INLINE void Run(const float* x, size_t x_stride, float* y,
                      size_t y_stride, size_t n, size_t cols,
                      const Ahead& ahead) {
    width_ = WidthOf(cols);
    const size_t capacity = kTileFloats / width_;
    if (n <= capacity) {
      LoadTile(x, x_stride, n, cols, tile_);
      PrefetchRows(x + cols, x_stride, n, ahead.in);
      PrefetchRows(y, y_stride, n, ahead.out);
      plans_.Start(width_);
      plans_.AddMax(tile_, n);
      plans_.Decide(x, x_stride, n, cols);
      sums_.Clear(width_);
      AddNumerators(n);
      sums_.Totals(totals_);
      Invert();
      WriteQuotients(n, y, y_stride, cols);
    } else {
      RunLong(x, x_stride, y, y_stride, n, cols,
              capacity / kSumBlock * kSumBlock);
    }
  }

 private:
  HWY_NOINLINE void RunLong(const float* x, size_t x_stride, float* y,
                            size_t y_stride, size_t n, size_t cols,
                            size_t chunk) {
    plans_.Start(width_);
    ForEachChunk(n, chunk, [&](size_t first, size_t rows) HWY_ATTR {
      LoadTile(x + first * x_stride, x_stride, rows, cols, tile_);
      plans_.AddMax(tile_, rows);
    });
    plans_.Decide(x, x_stride, n, cols);
    bool is_large[kWideStrip] = {};
    double large_totals[kWideStrip];
    if (n >= kMinLargeCols) {
      for (size_t c = 0; c < cols; ++c) {
        is_large[c] =
            SumLargeColumn(x + c, x_stride, n, parts_, tile_, &large_totals[c]);
      }
    }
    sums_.Clear(width_);
    ForEachChunk(n, chunk, [&](size_t first, size_t rows) HWY_ATTR {
      LoadTile(x + first * x_stride, x_stride, rows, cols, tile_);
      AddNumerators(rows);
      WriteStrip(y + first * y_stride, y_stride, rows, cols,
                 [&](size_t r, size_t i)
                     HWY_ATTR { return Load(tile_ + r * width_ + i); });
    });
    sums_.Totals(totals_);
    for (size_t c = 0; c < cols; ++c) {
      if (is_large[c]) totals_[c] = large_totals[c];
    }
    Invert();
    ForEachChunk(n, chunk, [&](size_t first, size_t rows) HWY_ATTR {
      LoadTile(y + first * y_stride, y_stride, rows, cols, tile_);
      WriteQuotients(rows, y + first * y_stride, y_stride, cols);
    });
  }

  // The tile's logits become numerators.
  HWY_INLINE void AddNumerators(size_t rows) {
    plans_.ToArguments(tile_, rows);
    for (size_t i = 0; i < width_; i += kLanes) {
      ExpColumns(plans_.Exp(i), tile_ + i, tile_ + i, rows, width_);
      sums_.Add(i, rows, [&](size_t r) HWY_ATTR {
        return Load(tile_ + r * width_ + i);
      });
    }
  }

  HWY_INLINE void Invert() {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
    for (size_t i = 0; i < width_; i += kLanes) {
      const GroupReciprocal reciprocal(
          hn::Load(F64(), totals_ + i),
          hn::Load(F64(), totals_ + i + kLanes / 2));
      Store(reciprocal.head, head_ + i);
      Store(reciprocal.rest, rest_ + i);
      Store(reciprocal.least, least_ + i);
    }
#else
    for (size_t c = 0; c < width_; ++c) {
      const Reciprocal reciprocal = ReciprocalOf(totals_[c]);
      head_[c] = reciprocal.head;
      rest_[c] = reciprocal.rest;
      least_[c] = reciprocal.least;
    }
#endif
    if (plans_.as_is) return;
    for (size_t c = 0; c < width_; ++c) {
      if (plans_.kind[c] == ColumnKind::kNan) head_[c] = kNaN;
      // Every numerator is +0, and so is their sum.
      if (plans_.kind[c] == ColumnKind::kEmpty) head_[c] = rest_[c] = 0.0f;
    }
  }

  // Of the tile's numerators.
  HWY_INLINE void WriteQuotients(size_t rows, float* y, size_t y_stride,
                                 size_t cols) const {
    WriteStrip(y, y_stride, rows, cols, [&](size_t r, size_t i) HWY_ATTR {
      return ProbabilityOf(Load(tile_ + r * width_ + i), Load(head_ + i),
                           Load(rest_ + i), Load(least_ + i));
    });
  }

  const ScaleParts parts_;
  ColumnPlans plans_;
  size_t width_ = 0;
  StripSums sums_;
  HWY_ALIGN double totals_[kWideStrip];
  HWY_ALIGN float head_[kWideStrip];
  HWY_ALIGN float rest_[kWideStrip];
  HWY_ALIGN float least_[kWideStrip];
  HWY_ALIGN float tile_[kTileFloats];
};

void SoftmaxPlanes(const Planes<const float>& x, const Planes<float>& y,
                   const SoftmaxOptions& options) {
  SoftmaxStrip strip(options);
  ForEachStrip(x, kTileFloats,
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

using AxisFunction = void(const Planes<const float>&, const Planes<float>&,
                          const SoftmaxOptions&);
constexpr internal::KernelTable<AxisFunction> kAxisTable =
    SOFTLANE_KERNEL_TABLE(SoftmaxPlanes);

}  // namespace

inline namespace v1 {

Status SoftmaxAxis(const Planes<const float>& logits,
                   const Planes<float>& probs, const SoftmaxOptions& options,
                   Target target) noexcept {
  if (Status s = internal::CheckMap(logits, probs); s != Status::kOk) {
    return s;
  }
  if (internal::IsRows(logits) && internal::IsRows(probs)) {
    return Softmax(internal::AsRows(logits), internal::AsRows(probs), options,
                   target);
  }
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  AxisFunction* const kernel = internal::Select(kAxisTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (internal::IsEmpty(logits)) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(logits, probs, options);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
