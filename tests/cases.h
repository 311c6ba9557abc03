// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CASES_H_
#define SOFTLANE_TESTS_CASES_H_

#include <cstdio>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

// Many small cases as one check. It counts the failures and describes the
// first.

namespace softlane {

// Counts cases and remembers the first that failed.
class Cases {
 public:
  Cases(const char* name, Target target) : name_(name), target_(target) {}
  ~Cases() {
    std::printf("%-9s %8zu cases: %s\n", TargetName(target_), count_, name_);
    INFO(failures_ << " failures, the first: " << first_);
    CHECK(failures_ == 0);
  }
  void Expect(bool ok, const char* what, size_t cols, size_t position = 0) {
    ++count_;
    if (ok) return;
    if (failures_++ == 0) {
      first_ = std::string(what) + ", " + std::to_string(cols) +
               " columns, position " + std::to_string(position);
    }
  }

 private:
  const char* name_;
  Target target_;
  size_t count_ = 0;
  size_t failures_ = 0;
  std::string first_;
};

inline bool IsNan(float x) { return x != x; }
inline bool IsZero(float x) { return x == 0.0f; }
inline bool IsPlusZero(float x) { return BitsOf(x) == 0; }

inline bool All(const std::vector<float>& values, bool (*is)(float)) {
  for (const float v : values) {
    if (!is(v)) return false;
  }
  return true;
}

// Whether row r of the batch has the bits of `row`.
inline bool IsRow(const std::vector<float>& batch, size_t r,
                  const std::vector<float>& row) {
  const float* const from = &batch[r * row.size()];
  return SameBits(std::vector<float>(from, from + row.size()), row);
}

constexpr size_t kMaxCols = 200;

// SOFTLANE_POSITIONS_STEP=11: every eleventh length.
inline size_t PositionsStep() {
  return Amount("SOFTLANE_POSITIONS_STEP", 1, 3);
}

// body(row of N(0, 4) logits, position) for every length and position.
template <class Body>
void ForEachPosition(const Body& body) {
  Random random(1);
  for (size_t n = 1; n <= kMaxCols; n += PositionsStep()) {
    const std::vector<float> row = MakeRow(Family::kGaussian, n, random);
    for (size_t i = 0; i < n; ++i) body(row, i);
  }
}

// The results of the operations for one row of logits.
struct Results {
  std::vector<float> probs, log_probs;
  float logsumexp = 123.0f;  // of SoftmaxWithLogSumExp
  float logsumexp_alone = 123.0f;
  float max = 123.0f;
};

inline Results Run(const std::vector<float>& x, Target target,
                   EmptyRow empty_row = EmptyRow::kNan) {
  Results results;
  results.probs.assign(x.size(), 123.0f);
  results.log_probs.assign(x.size(), 123.0f);
  const Rows<const float> in(x.data(), 1, x.size());
  REQUIRE(LogSoftmax(in, Rows<float>(results.log_probs.data(), 1, x.size()),
                     {1.0f, empty_row}, target) == Status::kOk);
  REQUIRE(LogSumExp(in, &results.logsumexp_alone, 1.0f, target) == Status::kOk);
  REQUIRE(SoftmaxWithLogSumExp(
              in, Rows<float>(results.probs.data(), 1, x.size()),
              &results.logsumexp, {1.0f, empty_row}, target) == Status::kOk);
  REQUIRE(RowMax(in, &results.max, target) == Status::kOk);
  return results;
}

inline std::vector<float> Backward(const std::vector<float>& p,
                                   const std::vector<float>& dp,
                                   Target target) {
  std::vector<float> dx(p.size());
  const size_t n = p.size();
  REQUIRE(SoftmaxBackward(Rows<const float>(p.data(), 1, n),
                          Rows<const float>(dp.data(), 1, n),
                          Rows<float>(dx.data(), 1, n), 1.7f,
                          target) == Status::kOk);
  return dx;
}

// The cross-entropy of the row and its gradient.
struct LossOfRow {
  float loss = 123.0f;
  std::vector<float> gradient;
};

inline LossOfRow RunLoss(const std::vector<float>& x, size_t label,
                         Target target, float label_smoothing = 0.0f) {
  LossOfRow result;
  result.gradient.assign(x.size(), 123.0f);
  CrossEntropyOptions options;
  options.label_smoothing = label_smoothing;
  const int64_t label64 = static_cast<int64_t>(label);
  REQUIRE(CrossEntropy(Rows<const float>(x.data(), 1, x.size()), &label64,
                       &result.loss,
                       Rows<float>(result.gradient.data(), 1, x.size()),
                       options, nullptr, target) == Status::kOk);
  return result;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_CASES_H_
