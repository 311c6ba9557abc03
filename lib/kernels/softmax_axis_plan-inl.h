// SPDX-License-Identifier: Apache-2.0

// What the maxima of a strip's columns decide: RowPlan, a column per lane.

#if defined(SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_PLAN_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_PLAN_INL_H_
#undef SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_PLAN_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_PLAN_INL_H_
#endif

#include "kernels/softmax_axis_strip-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

enum class ColumnKind : uint8_t {
  kOrdinary,  // the maximum is finite
  kNan,       // NaN throughout
  kEmpty,     // every logit is -inf, and EmptyRow::kZero
};

// Of the columns of a strip, in arrays of `width` floats.
class ColumnPlans {
 public:
  HWY_INLINE ColumnPlans(const ScaleParts& parts, EmptyRow empty_row)
      : parts_(parts), empty_row_(empty_row) {}

  HWY_INLINE void Start(size_t width) {
    width_ = width;
    for (size_t i = 0; i < width; i += kLanes) Store(Set(-kInfinity), max + i);
  }

  HWY_INLINE void AddMax(const float* tile, size_t rows) {
    for (size_t i = 0; i < width_; i += kLanes) {
      // Four chains, so that their latency does not bind.
      Four lanes = Repeat<Four>(Load(max + i));
      const auto larger = [](VF a, VF b) HWY_ATTR { return hn::Max(a, b); };
      size_t r = 0;
      for (; rows - r >= 4; r += 4) {
        lanes = Map(larger, lanes, LoadFour(tile + r * width_ + i, width_));
      }
      for (; r < rows; ++r) {
        lanes.a = hn::Max(lanes.a, Load(tile + r * width_ + i));
      }
      Store(hn::Max(hn::Max(lanes.a, lanes.b), hn::Max(lanes.c, lanes.d)),
            max + i);
    }
  }

  // x[k * stride + c] is element k of n of column c of `cols`.
  HWY_INLINE void Decide(const float* x, size_t stride, size_t n, size_t cols) {
    as_is = false;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
    as_is = parts_.unit == 1.0;
    for (size_t i = 0; i < width_; i += kLanes) {
      VF lanes;
      as_is &= FindOffset(Load(max + i), parts_, lanes);
      Store(lanes, offset + i);
    }
#endif
    if (!as_is) DecideEach(x, stride, n, cols);
  }

  // That of kLanes columns from i on.
  HWY_INLINE SoftmaxExp Exp(size_t i) const {
    const VF lanes = Load(offset + i);
    return SoftmaxExp(Set(parts_.l_hi), Set(parts_.l_lo), lanes,
                      Lowest(lanes, parts_));
  }

  // Makes arguments of the exponential of logits.
  HWY_INLINE void ToArguments(float* tile, size_t rows) const {
    if (as_is) return;
    for (size_t r = 0; r < rows; ++r) {
      for (size_t i = 0; i < width_; i += kLanes) {
        const Shifted argument{Load(shift + i), Load(unit_ + i)};
        float* const at = tile + r * width_ + i;
        Store(argument(Load(at)), at);
      }
    }
  }

  // If not, every column has a kind and a shift; else all are ordinary and
  // their shift is 0.
  bool as_is;
  HWY_ALIGN float max[kWideStrip];
  HWY_ALIGN float offset[kWideStrip];
  HWY_ALIGN float shift[kWideStrip];
  ColumnKind kind[kWideStrip];

 private:
  HWY_NOINLINE void DecideEach(const float* x, size_t stride, size_t n,
                               size_t cols) {
    for (size_t c = 0; c < width_; ++c) {
      const bool is_finite = -kInfinity < max[c] && max[c] < kInfinity;
      // What has no finite maximum gets any plan: its numerators do not count.
      const RowPlan plan = PlanRow(is_finite ? max[c] : 0.0f, parts_);
      shift[c] = static_cast<float>(plan.shift);
      unit_[c] = static_cast<float>(plan.unit);
      offset[c] = static_cast<float>(plan.offset);
      kind[c] = is_finite ? ColumnKind::kOrdinary : ColumnKind::kNan;
      if (max[c] == -kInfinity && empty_row_ == EmptyRow::kZero && c < cols &&
          IsMinusInfinity(x + c, stride, n)) {
        kind[c] = ColumnKind::kEmpty;
      }
    }
  }

  // The maximum may have lost a NaN.
  static bool IsMinusInfinity(const float* x, size_t stride, size_t n) {
    for (size_t k = 0; k < n; ++k) {
      if (!(x[k * stride] == -kInfinity)) return false;
    }
    return true;
  }

  const ScaleParts& parts_;
  const EmptyRow empty_row_;
  size_t width_ = 0;
  HWY_ALIGN float unit_[kWideStrip];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_PLAN_INL_H_
