// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CROSS_ENTROPY_REFERENCE_H_
#define SOFTLANE_TESTS_CROSS_ENTROPY_REFERENCE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "inputs.h"
#include "reference.h"
#include "softlane/cross_entropy.h"

// The oracle of CrossEntropy in double, from the formulas of its header; calls
// that own their operands; and inputs for them.

namespace softlane {

struct LossCase {
  LossCase(size_t rows, size_t cols) : rows(rows), cols(cols) {}

  size_t rows, cols;
  std::vector<float> logits;
  std::vector<int64_t> labels;       // either these
  std::vector<float> targets;        // or these
  std::vector<float> class_weights;  // or empty
  std::vector<float> upstream_rows;  // or empty
  CrossEntropyOptions settings;      // without pointers

  bool HasLabels() const { return targets.empty(); }
  bool Counts(size_t r) const {
    return !HasLabels() || labels[r] != settings.ignore_index;
  }
  // One class has all of q, and nothing is added to the loss.
  bool IsPlain() const {
    return HasLabels() && class_weights.empty() &&
           settings.label_smoothing == 0.0f && settings.z_loss == 0.0f;
  }
  CrossEntropyOptions Options() const {
    CrossEntropyOptions options = settings;
    if (!class_weights.empty()) options.class_weights = class_weights.data();
    if (!upstream_rows.empty()) options.upstream_rows = upstream_rows.data();
    return options;
  }
};

struct LossReference {
  std::vector<double> row_loss, row_magnitude;
  double divisor = 0.0;
  double loss = 0.0, magnitude = 0.0;  // reduced; with kNone the sum
  std::vector<double> gradient, gradient_magnitude;
  std::vector<double> row_factor;  // what p is multiplied by, at most
};

// The logits in double, so that a derivative can be taken by differences.
inline LossReference ReferenceCrossEntropy(const LossCase& c,
                                           const std::vector<double>& logits) {
  const CrossEntropyOptions& o = c.settings;
  const size_t n = c.cols;
  const double scale = o.scale;
  const double smoothing = double{o.label_smoothing};
  const auto weight = [&](size_t k) {
    return c.class_weights.empty() ? 1.0 : double{c.class_weights[k]};
  };
  LossReference result;
  for (size_t r = 0; r < c.rows; ++r) {
    if (!c.Counts(r)) continue;
    result.divisor +=
        c.HasLabels() ? weight(static_cast<size_t>(c.labels[r])) : 1.0;
  }
  CompensatedSum loss, magnitude;
  for (size_t r = 0; r < c.rows; ++r) {
    if (!c.Counts(r)) {
      result.row_loss.push_back(0.0);
      result.row_magnitude.push_back(0.0);
      result.row_factor.push_back(0.0);
      result.gradient.insert(result.gradient.end(), n, 0.0);
      result.gradient_magnitude.insert(result.gradient_magnitude.end(), n, 0.0);
      continue;
    }
    const double* x = logits.data() + r * n;
    const size_t label = c.HasLabels() ? static_cast<size_t>(c.labels[r]) : n;
    const double max = *std::max_element(x, x + n);
    std::vector<double> e(n), q(n);
    CompensatedSum sum, others, q_sum, q_others, q_magnitude;
    for (size_t k = 0; k < n; ++k) {
      e[k] = std::exp(scale * (x[k] - max));
      const double target = c.HasLabels() ? (k == label ? 1.0 : 0.0)
                                          : double{c.targets[r * n + k]};
      q[k] = weight(k) *
             ((1.0 - smoothing) * target + smoothing / static_cast<double>(n));
      sum.Add(e[k]);
      q_sum.Add(q[k]);
      q_magnitude.Add(std::abs(q[k]));
      if (k == label) continue;
      others.Add(e[k]);
      q_others.Add(q[k]);
    }
    const double log_sum = std::log(sum.Total());
    const double lse = scale * max + log_sum;
    CompensatedSum row, row_magnitude;
    for (size_t k = 0; k < n; ++k) {
      if (q[k] == 0.0) continue;  // also if the logit is -inf
      const double minus_log_p = log_sum - scale * (x[k] - max);
      row.Add(q[k] * minus_log_p);
      row_magnitude.Add(std::abs(q[k]) * std::max(1.0, minus_log_p));
    }
    const double z = double{o.z_loss};
    if (z != 0.0) {
      row.Add(z * lse * lse);
      row_magnitude.Add(z * (1.0 + lse * lse));
    }
    // An infinite term leaves nothing to compensate.
    result.row_loss.push_back(std::isinf(row_magnitude.Total()) ||
                                      std::isnan(row_magnitude.Total())
                                  ? HUGE_VAL
                                  : row.Total());
    result.row_magnitude.push_back(std::max(1.0, row_magnitude.Total()) *
                                   (c.IsPlain() ? 1.0 : 2.0));
    loss.Add(result.row_loss.back());
    magnitude.Add(result.row_magnitude.back());

    double upstream = o.upstream;
    if (o.reduction == Reduction::kNone && !c.upstream_rows.empty()) {
      upstream = c.upstream_rows[r];
    }
    if (o.reduction == Reduction::kMean) upstream /= result.divisor;
    const double unit = upstream * scale;
    const double total = q_sum.Total() + 2.0 * z * lse;
    const double total_magnitude =
        q_magnitude.Total() + 2.0 * z * (1.0 + std::abs(lse));
    result.row_factor.push_back(
        std::abs(unit) * (q_magnitude.Total() + 2.0 * z * std::abs(lse)));
    for (size_t k = 0; k < n; ++k) {
      const double p = e[k] / sum.Total();
      if (k == label && p > 0.5) {
        // From the other classes: p - 1 would cancel.
        const double rest = others.Total() / sum.Total();
        result.gradient.push_back(
            unit *
            (2.0 * z * lse * p - q_sum.Total() * rest + q_others.Total()));
      } else {
        result.gradient.push_back(unit * (total * p - q[k]));
      }
      const double share = k == label ? others.Total() / sum.Total() : p;
      result.gradient_magnitude.push_back(
          std::abs(unit) *
          (c.IsPlain() ? share : total_magnitude * p + std::abs(q[k])));
    }
  }
  result.loss = loss.Total();
  result.magnitude = magnitude.Total();
  if (o.reduction == Reduction::kMean) {
    result.loss /= result.divisor;
    result.magnitude /= result.divisor;
  }
  return result;
}

inline LossReference ReferenceCrossEntropy(const LossCase& c) {
  return ReferenceCrossEntropy(
      c, std::vector<double>(c.logits.begin(), c.logits.end()));
}

inline size_t RandomCols(Random& random) {
  constexpr size_t kLong[] = {33, 63, 64, 65, 100, 128, 130, 257, 1000, 1025};
  return random.Below(3) == 0 ? kLong[random.Below(10)] : 1 + random.Below(32);
}

// Rows of all families that are finite where the target has a share.
inline LossCase MakeCase(Random& random, size_t rows, size_t cols,
                         bool probabilities, bool masked_labels) {
  LossCase c(rows, cols);
  for (size_t r = 0; r < rows; ++r) {
    Family family = kFamilies[random.Below(8)];
    if (family == Family::kMasked && !masked_labels) family = Family::kWide;
    auto row = MakeRow(family, cols, random);
    const size_t label = random.Below(cols);
    if (row[label] == -kInf) row[label] = 0.5f;
    c.logits.insert(c.logits.end(), row.begin(), row.end());
    c.labels.push_back(static_cast<int64_t>(label));
    if (!probabilities) continue;
    // One-hot, or a share for each class; not all rows sum to 1.
    const bool one_hot = random.Below(4) == 0;
    for (size_t k = 0; k < cols; ++k) {
      const float share = random.Unit() * 2.0f / static_cast<float>(cols);
      c.targets.push_back(one_hot ? (k == label ? 1.0f : 0.0f) : share);
    }
  }
  return c;
}

enum class Gradient { kNone, kSeparate, kInPlace };

struct LossResults {
  std::vector<float> loss;      // one, or one per row
  std::vector<float> gradient;  // empty without
  float divisor = 123.0f;
};

// The labels as int32_t if `narrow`. Rows without a gap. The loss is null
// unless has_loss.
inline Status RunLossCase(const LossCase& c, Gradient gradient, bool narrow,
                          Target target, LossResults* results,
                          bool has_loss = true) {
  const bool per_row = c.settings.reduction == Reduction::kNone;
  results->loss.assign(per_row ? c.rows : 1, 123.0f);
  results->gradient.clear();
  std::vector<float> in_place;
  Rows<const float> x(c.logits.data(), c.rows, c.cols);
  Rows<float> dx;
  if (gradient == Gradient::kSeparate) {
    results->gradient.assign(c.logits.size(), 123.0f);
  } else if (gradient == Gradient::kInPlace) {
    results->gradient = c.logits;
    x.data = results->gradient.data();
  }
  if (gradient != Gradient::kNone) {
    dx = Rows<float>(results->gradient.data(), c.rows, c.cols);
  }
  float* const loss = has_loss ? results->loss.data() : nullptr;
  float* const divisor = &results->divisor;
  if (!c.HasLabels()) {
    const Rows<const float> targets(c.targets.data(), c.rows, c.cols);
    return CrossEntropy(x, targets, loss, dx, c.Options(), divisor, target);
  }
  if (narrow) {
    const std::vector<int32_t> labels(c.labels.begin(), c.labels.end());
    return CrossEntropy(x, labels.data(), loss, dx, c.Options(), divisor,
                        target);
  }
  return CrossEntropy(x, c.labels.data(), loss, dx, c.Options(), divisor,
                      target);
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_CROSS_ENTROPY_REFERENCE_H_
