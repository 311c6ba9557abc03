// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "softlane/softmax_axis.h"
#include "softlane/softmax_backward.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax_backward_axis.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/softmax_axis_strip-inl.h"
#include "kernels/softmax_backward_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// SoftmaxBackward of columns, whose bits it has. If the strips of p and dp fit
// a tile each, a read of both per element and a write; else two reads of both.

class BackwardStrip {
 public:
  HWY_INLINE explicit BackwardStrip(float scale) : scale_(scale) {}

  static constexpr size_t kHalfTile = kTileFloats / 2;

  // `cols` columns from (o, i) on.
  HWY_INLINE void Run(const Planes<const float>& p,
                      const Planes<const float>& dp, const Planes<float>& dx,
                      size_t o, size_t i, size_t cols, const Ahead& ahead) {
    width_ = WidthOf(cols);
    const size_t capacity = kHalfTile / width_;
    const bool fits = p.axis <= capacity;
    const size_t chunk = fits ? p.axis : capacity / kSumBlock * kSumBlock;
    const float* const p_strip = p.data + o * p.outer_stride + i;
    const float* const dp_strip = dp.data + o * dp.outer_stride + i;
    float* const dx_strip = dx.data + o * dx.outer_stride + i;
    const auto load = [&](size_t first, size_t rows) HWY_ATTR {
      LoadTile(p_strip + first * p.axis_stride, p.axis_stride, rows, cols, p_);
      LoadTile(dp_strip + first * dp.axis_stride, dp.axis_stride, rows, cols,
               dp_);
    };
    sums_.Clear(width_);
    ForEachChunk(p.axis, chunk, [&](size_t first, size_t rows) HWY_ATTR {
      load(first, rows);
      if (fits) {
        PrefetchRows(p_strip + cols, p.axis_stride, rows, ahead.in);
        PrefetchRows(dp_strip + cols, dp.axis_stride, rows, ahead.in);
        PrefetchRows(dx_strip, dx.axis_stride, rows, ahead.out);
      }
      for (size_t at = 0; at < width_; at += kLanes) {
        sums_.Add(at, rows, [&](size_t r) HWY_ATTR {
          return hn::Mul(Load(p_ + r * width_ + at),
                         Load(dp_ + r * width_ + at));
        });
      }
    });
    FindDots();
    const VF scale = Set(scale_);
    ForEachChunk(p.axis, chunk, [&](size_t first, size_t rows) HWY_ATTR {
      if (!fits) load(first, rows);
      WriteStrip(dx_strip + first * dx.axis_stride, dx.axis_stride, rows, cols,
                 [&](size_t r, size_t at) HWY_ATTR {
                   return Gradient(Load(p_ + r * width_ + at),
                                   Load(dp_ + r * width_ + at),
                                   Load(minus_half_dot_ + at), scale);
                 });
    });
  }

 private:
  HWY_INLINE void FindDots() {
    sums_.Totals(dots_);
    for (size_t c = 0; c < width_; ++c) {
      minus_half_dot_[c] = static_cast<float>(-0.5 * dots_[c]);
    }
  }

  const float scale_;
  size_t width_ = 0;
  StripSums sums_;
  HWY_ALIGN double dots_[kWideStrip];
  HWY_ALIGN float minus_half_dot_[kWideStrip];
  HWY_ALIGN float p_[kHalfTile];
  HWY_ALIGN float dp_[kHalfTile];
};

void BackwardPlanes(const Planes<const float>& p, const Planes<const float>& dp,
                    const Planes<float>& dx, float scale) {
  BackwardStrip strip(scale);
  ForEachStrip(p, BackwardStrip::kHalfTile,
               [&](size_t o, size_t i, size_t cols, const Ahead& ahead)
                   HWY_ATTR { strip.Run(p, dp, dx, o, i, cols, ahead); });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using BackwardAxisFunction = void(const Planes<const float>&,
                                  const Planes<const float>&,
                                  const Planes<float>&, float);
constexpr internal::KernelTable<BackwardAxisFunction> kBackwardAxisTable =
    SOFTLANE_KERNEL_TABLE(BackwardPlanes);

}  // namespace

inline namespace v1 {

Status SoftmaxBackwardAxis(const Planes<const float>& probs,
                           const Planes<const float>& dprobs,
                           const Planes<float>& dlogits, float scale,
                           Target target) noexcept {
  if (Status s = internal::CheckMap(probs, dprobs, dlogits); s != Status::kOk) {
    return s;
  }
  if (internal::IsRows(probs) && internal::IsRows(dprobs) &&
      internal::IsRows(dlogits)) {
    return SoftmaxBackward(internal::AsRows(probs), internal::AsRows(dprobs),
                           internal::AsRows(dlogits), scale, target);
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  BackwardAxisFunction* const kernel =
      internal::Select(kBackwardAxisTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (internal::IsEmpty(probs)) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(probs, dprobs, dlogits, scale);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
