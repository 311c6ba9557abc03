// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_topk.h"

#include <limits>

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax_topk.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/max-inl.h"
#include "arith/row_exp-inl.h"
#include "arith/vector-inl.h"
#include "kernels/exp_values-inl.h"
#include "kernels/large_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The first two sweeps of Softmax, which read: the maximum, and the sum of the
// numerators, which are not written. A third read selects logits; only their
// numerators are divided. So nothing but the results is written.

// The largest logits so far and their columns, the largest first; of equal ones
// the first. Whether and where a logit is inserted is hard to predict: so no
// branch does it. With AVX-512 on Zen 5 at 512 x 256, k = 8: 510 ns a row, 830
// with a loop that moves one at a time.
class Selection {
 public:
  HWY_INLINE explicit Selection(size_t k) : k_(k) {
    // A place that is free holds NaN, which is not above anything.
    for (size_t i = 0; i < k; i += kLanes) {
      Store(Set(kNaN), values_ + kLanes + i);
    }
    values_[kLanes - 1] = kInfinity;
    columns_[kLanes - 1] = 0;
  }

  // In the order of columns.
  HWY_INLINE void Insert(float x, size_t column) {
    const I32 di;
    const VF new_value = Set(x);
    const VI new_column = hn::Set(di, static_cast<int32_t>(column));
    HWY_ALIGN int32_t lanes_before[kLanes];
    for (size_t i = 0; i < kLanes; ++i) {
      lanes_before[i] = static_cast<int32_t>(i == 0 ? 0 : i - 1);
    }
    const auto values_before = hn::SetTableIndices(F32(), lanes_before);
    const auto columns_before = hn::SetTableIndices(di, lanes_before);
    const auto first = hn::FirstN(F32(), 1);
    // From the end: each vector needs the one before as it was.
    for (size_t i = (k_ - 1) / kLanes * kLanes + kLanes; i != 0;) {
      i -= kLanes;
      float* const value_at = values_ + kLanes + i;
      int32_t* const column_at = columns_ + kLanes + i;
      const VF value = Load(value_at);
      const VI index = hn::LoadU(di, column_at);
      // What stands one place before. Not by a load, which would wait until
      // the stores before it are in the cache.
      const VF before = hn::IfThenElse(
          first, Set(value_at[-1]), hn::TableLookupLanes(value, values_before));
      const VI index_before =
          hn::IfThenElse(hn::RebindMask(di, first), hn::Set(di, column_at[-1]),
                         hn::TableLookupLanes(index, columns_before));
      const auto stays = hn::Ge(value, new_value);
      const auto is_behind = hn::Ge(before, new_value);
      Store(hn::IfThenElse(stays, value,
                           hn::IfThenElse(is_behind, new_value, before)),
            value_at);
      const VI moved = hn::IfThenElse(hn::RebindMask(di, is_behind), new_column,
                                      index_before);
      hn::StoreU(hn::IfThenElse(hn::RebindMask(di, stays), index, moved), di,
                 column_at);
    }
  }

  // Of the first k, which are all kept, or more: what is not above is not kept.
  HWY_INLINE float Threshold() const { return Values()[k_ - 1]; }

  HWY_INLINE const float* Values() const { return values_ + kLanes; }
  HWY_INLINE const int32_t* Columns() const { return columns_ + kLanes; }

 private:
  const size_t k_;
  // Behind a vector whose last element stands before the first place.
  HWY_ALIGN float values_[kLanes + kMaxTopK];
  HWY_ALIGN int32_t columns_[kLanes + kMaxTopK];
};

// Those of kLanes elements from x[i] on that are above the threshold.
HWY_INLINE void InsertAbove(const float* x, size_t i, VF threshold,
                            Selection& selection) {
  uint8_t bits[8] = {};
  hn::StoreMaskBits(F32(), hn::Gt(Load(x + i), threshold), bits);
  for (uint32_t mask = bits[0] | uint32_t{bits[1]} << 8; mask != 0;
       mask &= mask - 1) {
    const size_t c = i + hwy::Num0BitsBelowLS1Bit_Nonzero32(mask);
    if (x[c] > selection.Threshold()) selection.Insert(x[c], c);
  }
}

// Without NaN, and n >= k.
HWY_INLINE void SelectRow(const float* x, size_t n, size_t k,
                          Selection& selection) {
  size_t i = 0;
  for (; i < k; ++i) selection.Insert(x[i], i);
  VF threshold = Set(selection.Threshold());
  for (; n - i >= 4 * kLanes; i += 4 * kLanes) {
    const Four v = LoadFour(x + i, kLanes);
    const VF max = hn::Max(hn::Max(v.a, v.b), hn::Max(v.c, v.d));
    if (hn::AllFalse(F32(), hn::Gt(max, threshold))) continue;
    for (size_t c = i; c < i + 4 * kLanes; c += kLanes) {
      InsertAbove(x, c, threshold, selection);
      threshold = Set(selection.Threshold());
    }
  }
  for (; i < n; ++i) {
    if (x[i] > selection.Threshold()) selection.Insert(x[i], i);
  }
}

struct RowSum {
  float max;
  double sum;  // NaN if the row holds NaN or +inf, or -inf only
};

// As Softmax sums: see there.
HWY_INLINE RowSum SumRow(const float* x, size_t n, const ScaleParts& parts) {
  if (n >= kMinLargeCols) {
    const LargeSum row = SumLargeRow(
        x, n, parts,
        [](const SummedNumerators& terms, size_t, size_t count, LaneSum& sum)
            HWY_ATTR { AddTerms(count, terms, sum); });
    if (row.is_direct) return {row.max, row.sum};
  }
  const float max = MaxOf<IgnoreNaN>(x, n);
  if (!(-kInfinity < max && max < kInfinity)) return {max, kNaN};
  const RowPlan plan = PlanRow(max, parts);
  const SoftmaxExp exp = MakeExp(plan, parts);
  const double sum = WithArgumentOf(plan, [&](const auto& argument) HWY_ATTR {
    using Argument = std::decay_t<decltype(argument)>;
    return SumTerms(n, UnwrittenNumerators<Argument>{exp, argument, x});
  });
  return {max, sum};
}

// The probabilities of logits.
HWY_INLINE void WriteProbabilities(const float* x, float* y, size_t k,
                                   const RowSum& row, const ScaleParts& parts) {
  const RowPlan plan = PlanRow(row.max, parts);
  const SoftmaxExp exp = MakeExp(plan, parts);
  const Probabilities quotients(ReciprocalOf(row.sum));
  WithArgumentOf(plan, [&](const auto& argument) HWY_ATTR {
    for (size_t i = 0; i < k; i += kLanes) {
      const size_t count = HWY_MIN(kLanes, k - i);
      const VF logits = LoadFirst(x + i, count, Set(0.0f));
      StoreFirst(quotients(exp(argument(logits))), y + i, count);
    }
  });
}

HWY_INLINE void Renormalize(float* y, size_t k) {
  double sum = 0.0;
  for (size_t i = 0; i < k; ++i) sum += y[i];
  for (size_t i = 0; i < k; ++i) y[i] = static_cast<float>(y[i] / sum);
}

void TopKRows(const Rows<const float>& x, size_t k, const Rows<float>& y,
              const Rows<int32_t>& indices, const SoftmaxTopKOptions& options) {
  const ScaleParts parts = SplitScale(options.scale);
  for (size_t r = 0; r < x.rows; ++r) {
    const float* const row = x.Row(r);
    int32_t* const columns = indices.Row(r);
    const RowSum sum = SumRow(row, x.cols, parts);
    if (sum.sum == sum.sum) {
      Selection selection(k);
      SelectRow(row, x.cols, k, selection);
      WriteProbabilities(selection.Values(), y.Row(r), k, sum, parts);
      std::memcpy(columns, selection.Columns(), k * sizeof(*columns));
      if (options.renormalize) Renormalize(y.Row(r), k);
      continue;
    }
    const bool zero = sum.max == -kInfinity &&
                      options.empty_row == EmptyRow::kZero &&
                      MaxOf<LaneNaN>(row, x.cols) == -kInfinity;
    Fill(y.Row(r), k, zero ? 0.0f : kNaN);
    for (size_t i = 0; i < k; ++i) {
      columns[i] = zero ? static_cast<int32_t>(i) : -1;
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

using TopKFunction = void(const Rows<const float>&, size_t, const Rows<float>&,
                          const Rows<int32_t>&, const SoftmaxTopKOptions&);
constexpr internal::KernelTable<TopKFunction> kTopKTable =
    SOFTLANE_KERNEL_TABLE(TopKRows);

}  // namespace

inline namespace v1 {

Status SoftmaxTopK(const Rows<const float>& logits, size_t k,
                   const Rows<float>& top_probs, const Rows<int32_t>& indices,
                   const SoftmaxTopKOptions& options, Target target) noexcept {
  constexpr size_t kMaxColumn = std::numeric_limits<int32_t>::max();
  const Rows<const float> results(nullptr, logits.rows, k);
  const bool shapes_agree = k <= logits.cols && logits.cols <= kMaxColumn &&
                            internal::HaveSameShape(top_probs, results) &&
                            internal::HaveSameShape(indices, results);
  if (Status s = internal::CheckOperands(shapes_agree, internal::Read(logits),
                                         internal::Written(top_probs),
                                         internal::Written(indices));
      s != Status::kOk) {
    return s;
  }
  if (k > kMaxTopK ||
      !internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  TopKFunction* const kernel = internal::Select(kTopKTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (k == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(logits, k, top_probs, indices, options);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
