// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_ROW_MODEL_H_
#define SOFTLANE_TESTS_ROW_MODEL_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../lib/arith/exp_coefficients.h"
#include "../lib/arith/far_plan.h"
#include "../lib/arith/plan.h"
#include "reference.h"

// The bits of softmax of a row, one element at a time: the definition that all
// kernels and schedules keep. It shares the constants, PlanRow and the split of
// far maxima with the library, but no order of additions.

namespace softlane {

constexpr size_t kModelBlock = 4096;

// The exp values of elements of a row, or a block, of this plan.
class ModelExp {
 public:
  ModelExp(const internal::RowPlan& plan, const internal::ScaleParts& parts)
      : is_far_(plan.is_far),
        offset_(static_cast<float>(plan.offset)),
        lowest_(internal::LowestOf(plan, parts)),
        parts_(parts) {
    internal::SetFarLanes(&plan.max, &offset_, 1, parts, far_);
  }

  float operator()(float x) const {
    if (is_far_) return Far(x);
    if (x < lowest_) return 0.0f;
    const float magic = internal::kMagic - offset_;
    const float eighths = ReferenceFma(x, parts_.l_hi, magic);
    const float near = ReferenceFma(-x, parts_.l_hi, eighths - magic);
    return Power(eighths, ReferenceFma(-x, parts_.l_lo, near));
  }

 private:
  // The element by itself, in double: see arith/far_plan.h.
  float Far(float x) const {
    if (far_.peak[0] != 0.0f) return x == far_.max[0] ? far_.peak[0] : 0.0f;
    if (x == -kInf) return 0.0f;
    const double a = double{x} * far_.parts.l1, b = double{x} * far_.parts.l2;
    const double whole = std::nearbyint((a + b) * 8.0) / 8.0;
    const double octaves = whole - far_.exponent[0];
    if (octaves < -129.75) return 0.0f;
    const double f = ((a - whole) + b) + double{x} * far_.parts.l3;
    return Power(static_cast<float>(internal::kMagic + 4.0 + octaves),
                 -static_cast<float>(f));
  }
  // f is minus the rest.
  static float Power(float eighths, float f) {
    static const internal::ExpTable kTable =
        internal::PowerTable(internal::kSoftmaxPowers);
    const uint32_t k = BitsOf(eighths);
    const float power = FromBits(kTable.entries[k & 7] + (k << 20));
    float p = ReferenceFma(internal::kSoftmaxC3, f, internal::kSoftmaxC2);
    p = ReferenceFma(-p, f, internal::kSoftmaxC1) * f;
    return ReferenceFma(-power, p, power);
  }

  bool is_far_;
  float offset_, lowest_;
  internal::ScaleParts parts_;
  internal::FarLanes far_;
};

// The sum of n terms in the library's order: 64 terms are folded to 16 of type
// T, these to 8 lanes of doubles, and the lanes at the end to one.
template <class T = float>
double ModelSum(const float* terms, size_t n) {
  double lanes[8] = {};
  for (size_t i = 0; i < n; i += 64) {
    const auto term = [&](size_t k) -> T {
      return i + k < n ? terms[i + k] : 0.0f;
    };
    T folded[16];
    for (size_t k = 0; k < 16; ++k) {
      folded[k] = (term(k) + term(k + 16)) + (term(k + 32) + term(k + 48));
    }
    for (size_t k = 0; k < 8; ++k) {
      lanes[k] += static_cast<double>(folded[k]) + folded[k + 8];
    }
  }
  for (size_t count = 4; count != 0; count /= 2) {
    for (size_t k = 0; k < count; ++k) lanes[k] += lanes[k + count];
  }
  return lanes[0];
}

// The largest finite or -inf.
inline float ModelMax(const float* x, size_t n) {
  return *std::max_element(x, x + n);
}

struct ModelRow {
  internal::RowPlan plan;
  // In units of 2^plan.offset: the sum, and that of all but the hole.
  double sum, others;
};

// Sums of blocks, added as integers: each is rounded to a unit that is 72 to 95
// octaves below the largest.
class ModelTotal {
 public:
  void Add(double sum, double offset) {
    if (sum == 0.0) return;
    sums_.push_back(sum);
    offsets_.push_back(offset);
    top_ = std::max(top_, std::ilogb(sum) + offset);
  }
  double Unit() const { return 24.0 * (std::floor(top_ / 24.0) - 3.0); }
  // In units of 2^offset, by the unit of this or of a larger sum.
  double Value(double offset, double unit) const {
    __extension__ using Int128 = __int128;
    Int128 total = 0;
    for (size_t b = 0; b < sums_.size(); ++b) {
      const double octaves = offsets_[b] - unit;
      if (octaves < -200.0) continue;
      // nearbyint rounds halves to even. Above 2^53 it changes nothing.
      total += static_cast<Int128>(
          std::nearbyint(std::ldexp(sums_[b], static_cast<int>(octaves))));
    }
    const double octaves = std::max(unit - offset, -2000.0);
    return std::ldexp(static_cast<double>(total), static_cast<int>(octaves));
  }
  double Value(double offset) const { return Value(offset, Unit()); }

 private:
  std::vector<double> sums_, offsets_;
  double top_ = -0x1p60;
};

// The sink is a logit that only joins the sum. The hole's exp value is a block
// of its own. `in_double`: as log-softmax does.
inline ModelRow ModelRowSum(const float* x, size_t n, float scale,
                            float sink = -kInf, size_t hole = ~size_t{0},
                            bool in_double = false) {
  const internal::ScaleParts parts = internal::SplitScale(scale);
  ModelRow row = {internal::PlanRow(std::max(sink, ModelMax(x, n)), parts), 0.0,
                  0.0};
  ModelTotal all, others;
  std::vector<float> terms;
  for (size_t i = 0; i < n; i += kModelBlock) {
    const size_t count = std::min(kModelBlock, n - i);
    const float max = ModelMax(x + i, count);
    if (max == -kInf) continue;
    const internal::RowPlan plan = internal::PlanRow(max, parts);
    const ModelExp exp(plan, parts);
    terms.clear();
    for (size_t k = 0; k < count; ++k) {
      const float e = exp(x[i + k]);
      terms.push_back(i + k == hole ? 0.0f : e);
      if (i + k == hole) all.Add(e, plan.offset);
    }
    const double sum = in_double ? ModelSum<double>(terms.data(), count)
                                 : ModelSum(terms.data(), count);
    all.Add(sum, plan.offset);
    others.Add(sum, plan.offset);
  }
  row.sum = all.Value(row.plan.offset);
  row.others = others.Value(row.plan.offset, all.Unit());
  if (row.others < row.sum * 0x1p-30) {
    row.others = others.Value(row.plan.offset);
  }
  if (sink != -kInf) row.sum += ModelExp(row.plan, parts)(sink);
  return row;
}

// The probability of an exp value.
inline float ModelProbability(float e, const ModelRow& row) {
  const internal::Reciprocal r = internal::ReciprocalOf(row.sum);
  return e < r.least ? 0.0f : ReferenceFma(e, r.head, e * r.rest);
}
inline float ModelProbability(float x, const ModelRow& row, float scale) {
  return ModelProbability(ModelExp(row.plan, internal::SplitScale(scale))(x),
                          row);
}
inline std::vector<float> ModelProbabilities(const float* x, size_t n,
                                             const ModelRow& row, float scale) {
  const ModelExp exp(row.plan, internal::SplitScale(scale));
  std::vector<float> probs;
  for (size_t i = 0; i < n; ++i) {
    probs.push_back(ModelProbability(exp(x[i]), row));
  }
  return probs;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_ROW_MODEL_H_
