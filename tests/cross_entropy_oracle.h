// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CROSS_ENTROPY_ORACLE_H_
#define SOFTLANE_TESTS_CROSS_ENTROPY_ORACLE_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "cases.h"
#include "doctest/doctest.h"
#include "reference.h"
#include "softlane/softlane.h"

// Cross-entropy in double with special values, from the formulas of its header;
// the error of a float against it, and the worst of many errors.

namespace softlane {

constexpr double kLargest = std::numeric_limits<float>::max();

struct OracleRow {
  double loss = 0.0, loss_bound = 0.0;
  // Without the factor u * scale; the bound without what underflows.
  std::vector<double> gradient, gradient_bound;
  // The factor of 2^-125 * |u| * scale, for each class.
  std::vector<double> underflow;
  bool plus_zero = false;  // loss and gradient are +0
};

// `targets` is null for a label; `label` is not looked at with targets. q and a
// are those of the header.
inline OracleRow Oracle(const float* x, size_t cols, const float* targets,
                        size_t label, const CrossEntropyOptions& o) {
  const double n = static_cast<double>(cols), scale = o.scale, z = o.z_loss;
  const double smoothing = o.label_smoothing;
  OracleRow row;
  std::vector<double> q(cols), a(cols), p(cols), log_p(cols);
  double max = -HUGE_VAL;
  bool valid = true;
  CompensatedSum sum_q, sum_a;
  for (size_t c = 0; c < cols; ++c) {
    const double w = o.class_weights ? double{o.class_weights[c]} : 1.0;
    const double t = targets ? double{targets[c]} : (c == label ? 1.0 : 0.0);
    q[c] = w * ((1.0 - smoothing) * t + smoothing / n);
    a[c] = w * ((1.0 - smoothing) * std::abs(t) + smoothing / n);
    sum_q.Add(q[c]);
    sum_a.Add(a[c]);
    valid = valid && x[c] < kInf;  // false for NaN
    max = std::max(max, double{x[c]});
  }
  if (!valid || max == -HUGE_VAL) {
    row.loss = NAN;
    row.gradient.assign(cols, NAN);
    row.gradient_bound = row.underflow = std::vector<double>(cols, 0.0);
    return row;
  }
  CompensatedSum sum, others;  // others: but the label
  for (size_t c = 0; c < cols; ++c) {
    log_p[c] = scale * (x[c] - max);
    p[c] = std::exp(log_p[c]);
    sum.Add(p[c]);
    if (c != label) others.Add(p[c]);
  }
  const double log_sum = std::log(sum.Total());
  const double logsumexp = scale * max + log_sum;

  CompensatedSum loss, magnitude, other_q;
  bool plus_infinity = false, minus_infinity = false;
  row.plus_zero = z == 0.0;
  for (size_t c = 0; c < cols; ++c) {
    log_p[c] -= log_sum;
    p[c] /= sum.Total();
    if (c != label) other_q.Add(q[c]);
    const bool infinite = std::isinf(log_p[c]);
    if (!infinite) magnitude.Add(a[c] * std::max(1.0, std::abs(log_p[c])));
    if (q[c] == 0.0) continue;
    row.plus_zero = false;
    if (infinite) {
      (q[c] > 0.0 ? plus_infinity : minus_infinity) = true;
    } else {
      loss.Add(q[c] * -log_p[c]);
    }
  }
  loss.Add(z * logsumexp * logsumexp);
  magnitude.Add(z * (1.0 + logsumexp * logsumexp));
  row.loss = loss.Total();
  if (plus_infinity) row.loss = HUGE_VAL;
  if (minus_infinity) row.loss = plus_infinity ? NAN : -HUGE_VAL;
  const bool alone = !targets && !o.class_weights && smoothing == 0 && z == 0;
  row.loss_bound = kCrossEntropyMaxError;
  if (!alone) {
    row.loss_bound *= 2.0 * std::max(1.0, magnitude.Total());
  } else if (!plus_infinity) {
    row.loss_bound *= std::max(1.0, row.loss);
  }

  const double pull = sum_q.Total() + 2.0 * z * logsumexp;
  const double pull_bound =
      sum_a.Total() + 2.0 * z * (1.0 + std::abs(logsumexp));
  const double underflow = sum_a.Total() + 2.0 * z * std::abs(logsumexp);
  for (size_t c = 0; c < cols; ++c) {
    const bool at_label = !targets && c == label;
    // 1 - p of the label: from the others where it would cancel.
    const double rest = p[c] > 0.5 ? others.Total() / sum.Total() : 1.0 - p[c];
    row.gradient.push_back(at_label
                               ? other_q.Total() * p[c] +
                                     2.0 * z * logsumexp * p[c] - q[c] * rest
                               : pull * p[c] - q[c]);
    row.gradient_bound.push_back(
        kCrossEntropyGradientMaxError * 0x1p-24 *
        (alone ? (at_label ? rest : p[c]) : pull_bound * p[c] + a[c]));
    row.underflow.push_back(at_label ? n * underflow : underflow);
  }
  return row;
}

// |got - want| over the bound. NaN and infinity are where `want` has them; near
// the largest float, an infinity and a float are both right.
inline double OracleError(float got, double want, double bound) {
  if (std::isnan(want)) return got != got ? 0.0 : HUGE_VAL;
  if (got != got) return HUGE_VAL;
  const double margin = std::max(bound, kLargest * 0x1p-20);
  if (std::isinf(got)) {
    return (got > 0 ? want : -want) >= kLargest - margin ? 0.0 : HUGE_VAL;
  }
  if (std::abs(want) > kLargest + margin) return HUGE_VAL;
  return std::abs(got - std::clamp(want, -kLargest, kLargest)) / bound;
}

// The worst of each rule, in units of its bound.
class Rules {
 public:
  explicit Rules(Target target) : target_(target) {}
  ~Rules() {
    for (const auto& named : rules_) {
      const std::string& name = named.first;
      const Rule& rule = named.second;
      std::printf("%-9s %8zu values, worst %.3f of its bound: %s\n",
                  TargetName(target_), rule.count, rule.worst.value,
                  name.c_str());
      INFO(name << ": " << rule.failures
                << " failures, the worst: " << rule.worst.where);
      CHECK(rule.worst.value <= 1.0);
    }
  }
  // `got` against the oracle's `want`.
  template <class Describe>
  void Expect(const std::string& what, float got, double want, double bound,
              const Describe& describe) {
    const bool nan = got != got || std::isnan(want);
    const bool infinite = std::isinf(got) || std::abs(want) > kLargest;
    Offer(what + (nan        ? ", NaN"
                  : infinite ? ", infinity"
                             : ", error"),
          OracleError(got, want, bound), got, want, describe);
  }
  template <class Describe>
  void ExpectPlusZero(const std::string& what, float got,
                      const Describe& describe) {
    Offer(what + ", +0", IsPlusZero(got) ? 0.0 : HUGE_VAL, got, 0.0, describe);
  }

 private:
  struct Rule {
    size_t count = 0, failures = 0;
    Worst worst;
  };
  template <class Describe>
  void Offer(const std::string& name, double error, float got, double want,
             const Describe& describe) {
    Rule& rule = rules_[name];
    ++rule.count;
    if (!(error <= 1.0)) ++rule.failures;
    rule.worst.Offer(error, [&] {
      char text[80];
      std::snprintf(text, sizeof(text), "got %.9g, want %.9g: ", double{got},
                    want);
      return text + describe();
    });
  }

  Target target_;
  std::map<std::string, Rule> rules_;
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_CROSS_ENTROPY_ORACLE_H_
