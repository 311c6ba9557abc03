// SPDX-License-Identifier: Apache-2.0

// Softmax of long rows, in blocks that stay in the first cache for their
// maximum and their numerators: two sweeps over a row instead of three.
//
// Numerators are relative to the largest element so far. Where that grew by
// octaves, these are taken off sums and numerators later, which is exact: all
// are far from the ends of the range, or the row is left to another schedule.

#if defined(SOFTLANE_LIB_SOFTMAX_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_BLOCKS_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_BLOCKS_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_BLOCKS_INL_H_
#endif

#include "large_sum-inl.h"
#include "max-inl.h"
#include "pipelined_numerators-inl.h"
#include "softmax_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The quotients of numerators that are not tiny.
struct QuotientsNotTiny {
  template <class V>
  HWY_INLINE V operator()(const V& numerators) const {
    return quotients.NotTiny(numerators);
  }

  const Quotients& quotients;
};
// Of numerators times a power of two.
struct QuotientsOfMultiple {
  template <class V>
  HWY_INLINE V operator()(const V& numerators) const {
    return quotients.NotTiny(
        Map([&](VF v) HWY_ATTR { return hn::Mul(v, power); }, numerators));
  }

  const Quotients& quotients;
  VF power;
};

class BlockedRow {
 public:
  HWY_INLINE BlockedRow(const float* x, float* y, size_t n,
                        const ScaleParts& parts)
      : x_(x), y_(y), n_(n), parts_(parts) {}

  // Writes the numerators. Gives their sum; NaN for a row that needs more than
  // this does.
  HWY_INLINE double WriteNumerators() {
    Extent all{-kInfinity, 0.0f};
    Extent ahead = ExtentOf(x_, HWY_MIN(kBlock, n_));
    LaneSum sum;
    for (size_t k = 0; k * kBlock < n_; ++k) {
      all.max = HWY_MAX(all.max, ahead.max);
      all.low = HWY_MIN(all.low, ahead.low);
      const RowStart start(all.max, all.low, parts_);
      if (!start.is_direct || start.has_tiny) return kNaN;
      if (k != 0 && start.offset != last_offset_) {
        sum.Multiply(PowerOfTwo(last_offset_ - start.offset));
      }
      offsets_[k] = last_offset_ = start.offset;
      ahead = AddBlock(k, sum);
    }
    max_ = all.max;
    return sum.Total();
  }

  // Divides them: from the end, which may still be in a cache.
  HWY_INLINE void WriteQuotients(double sum) const {
    const Quotients quotients(ReciprocalOf(sum));
    for (size_t k = (n_ + kBlock - 1) / kBlock; k-- != 0;) {
      const size_t begin = k * kBlock;
      const size_t count = HWY_MIN(kBlock, n_ - begin);
      if (offsets_[k] == last_offset_) {
        Replace(y_ + begin, count, QuotientsNotTiny{quotients});
      } else {
        const double power = PowerOfTwo(offsets_[k] - last_offset_);
        Replace(y_ + begin, count,
                QuotientsOfMultiple{quotients, Set(static_cast<float>(power))});
      }
    }
  }

  HWY_INLINE float LogSumExpOf(double sum) const {
    const RowPlan plan = PlanRow(max_, parts_);
    return LogSumExp(plan, MakeExp(plan, parts_), AsIs(), max_, sum);
  }

 private:
  static constexpr size_t kBlock = 4096;

  // Adds block k to the sum. Returns the extent of the next; where that is
  // short, together with elements before it.
  HWY_NOINLINE Extent AddBlock(size_t k, LaneSum& all) const {
    const size_t begin = k * kBlock;
    const size_t count = HWY_MIN(kBlock, n_ - begin);
    const VF offset = Set(offsets_[k]);
    const SoftmaxExp exp(Set(parts_.l_hi), Set(parts_.l_lo), offset,
                         Lowest(offset, parts_));
    using Terms = PipelinedNumerators<false, false, PlainLogits, PlainLogits>;
    const AsIs as_is;
    const PlainLogits logits{x_ + begin};
    const PlainLogits ahead{x_ + HWY_MIN(begin + kBlock, n_ - count)};
    const Terms::RowNumerators numerators{exp, as_is, logits, y_ + begin};
    const Quotients none(Reciprocal{});
    LaneExtent extent;
    LaneSum sum = all;
    AddTerms(count, Terms{numerators, none, nullptr, ahead, extent, Mirror(0)},
             sum);
    all = sum;
    return extent.Total();
  }

  const float* const x_;
  float* const y_;
  const size_t n_;
  const ScaleParts& parts_;
  float max_ = 0.0f;
  float last_offset_ = 0.0f;
  float offsets_[kMinLargeCols / kBlock];  // a block's
};

// A row of fewer than kMinLargeCols, x not in the place of y. False if it needs
// more than this does; then y is anything.
HWY_NOINLINE bool SoftmaxBlockedRow(const float* x, float* y, size_t n,
                                    float* logsumexp, const ScaleParts& parts) {
  BlockedRow row(x, y, n, parts);
  const double sum = row.WriteNumerators();
  if (sum != sum) return false;
  if (logsumexp != nullptr) *logsumexp = row.LogSumExpOf(sum);
  row.WriteQuotients(sum);
  return true;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_BLOCKS_INL_H_
