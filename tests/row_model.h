// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_ROW_MODEL_H_
#define SOFTLANE_TESTS_ROW_MODEL_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../lib/arith/exp_coefficients.h"
#include "../lib/arith/plan.h"
#include "reference.h"

// The bits of softmax of a row within the direct limit, one element at a time:
// the definition that all kernels and schedules keep. It shares the constants
// and PlanRow with the library, but no order of additions.

namespace softlane {

constexpr size_t kModelBlock = 4096;

// The exp value of x in units of 2^offset; below `lowest` +0.
inline float ModelExp(float x, float offset, float lowest,
                      const internal::ScaleParts& parts) {
  static const internal::ExpTable kTable =
      internal::PowerTable(internal::kSoftmaxPowers);
  if (x < lowest) return 0.0f;
  const float magic = internal::kMagic - offset;
  const float eighths = ReferenceFma(x, parts.l_hi, magic);
  const float near = ReferenceFma(-x, parts.l_hi, eighths - magic);
  const float f = ReferenceFma(-x, parts.l_lo, near);
  const uint32_t k = BitsOf(eighths);
  const float power = FromBits(kTable.entries[k & 7] + (k << 20));
  float p = ReferenceFma(internal::kSoftmaxC3, f, internal::kSoftmaxC2);
  p = ReferenceFma(-p, f, internal::kSoftmaxC1) * f;
  return ReferenceFma(-power, p, power);
}

// The sum of n terms in the library's order: 64 terms are folded to 16 floats,
// these to 8 lanes of doubles, and the lanes at the end to one.
inline double ModelSum(const float* terms, size_t n) {
  double lanes[8] = {};
  for (size_t i = 0; i < n; i += 64) {
    const auto term = [&](size_t k) { return i + k < n ? terms[i + k] : 0.0f; };
    float folded[16];
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
    top_ = std::max(top_, std::ilogb(sum) + static_cast<int>(offset));
  }
  int Unit() const {
    return 24 * (static_cast<int>(std::floor(top_ / 24.0)) - 3);
  }
  // In units of 2^offset, by the unit of this or of a larger sum.
  double Value(double offset, int unit) const {
    __extension__ using Int128 = __int128;
    Int128 total = 0;
    for (size_t b = 0; b < sums_.size(); ++b) {
      const int octaves = static_cast<int>(offsets_[b]) - unit;
      if (octaves < -200) continue;
      // nearbyint rounds halves to even. Above 2^53 it changes nothing.
      total +=
          static_cast<Int128>(std::nearbyint(std::ldexp(sums_[b], octaves)));
    }
    return std::ldexp(static_cast<double>(total),
                      unit - static_cast<int>(offset));
  }
  double Value(double offset) const { return Value(offset, Unit()); }

 private:
  std::vector<double> sums_, offsets_;
  int top_ = -100000;
};

// The sink is a logit that only joins the sum. The hole's exp value is a block
// of its own.
inline ModelRow ModelRowSum(const float* x, size_t n, float scale,
                            float sink = -kInf, size_t hole = ~size_t{0}) {
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
    const float offset = static_cast<float>(plan.offset);
    const float lowest = internal::LowestOf(offset, parts);
    terms.clear();
    for (size_t k = 0; k < count; ++k) {
      const float e = ModelExp(x[i + k], offset, lowest, parts);
      terms.push_back(i + k == hole ? 0.0f : e);
      if (i + k == hole) all.Add(e, plan.offset);
    }
    const double sum = ModelSum(terms.data(), count);
    all.Add(sum, plan.offset);
    others.Add(sum, plan.offset);
  }
  row.sum = all.Value(row.plan.offset);
  row.others = others.Value(row.plan.offset, all.Unit());
  if (row.others < row.sum * 0x1p-30) {
    row.others = others.Value(row.plan.offset);
  }
  if (sink != -kInf) {
    const float row_offset = static_cast<float>(row.plan.offset);
    row.sum += ModelExp(sink, row_offset, internal::LowestOf(row_offset, parts),
                        parts);
  }
  return row;
}

inline float ModelProbability(float x, const ModelRow& row, float scale) {
  const internal::ScaleParts parts = internal::SplitScale(scale);
  const float offset = static_cast<float>(row.plan.offset);
  const float e = ModelExp(x, offset, internal::LowestOf(offset, parts), parts);
  const internal::Reciprocal r = internal::ReciprocalOf(row.sum);
  return e < r.least ? 0.0f : ReferenceFma(e, r.head, e * r.rest);
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_ROW_MODEL_H_
