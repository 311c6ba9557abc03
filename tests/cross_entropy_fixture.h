// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CROSS_ENTROPY_FIXTURE_H_
#define SOFTLANE_TESTS_CROSS_ENTROPY_FIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "softlane/cross_entropy.h"

// Calls of CrossEntropy whose arguments a test changes one by one.

namespace softlane {

constexpr size_t kRows = 3;
constexpr size_t kCols = 20;
constexpr size_t kStride = 24;
constexpr size_t kBlock = kRows * kStride;  // floats per operand

enum class Kind { kInt64, kInt32, kTargets };
constexpr Kind kKinds[] = {Kind::kInt64, Kind::kInt32, Kind::kTargets};

// A call whose operands all lie in one buffer of zeros, so that "no byte
// written" is one comparison: logits, labels and weights of 0 are good ones.
class Fixture {
 public:
  explicit Fixture(Kind kind) : kind_(kind), buffer_(8 * kBlock / 2) {
    x = Rows<const float>(At(0), kRows, kCols, kStride);
    dx = Rows<float>(At(1), kRows, kCols, kStride);
    shares = At(2);  // the labels, or the targets
    options.class_weights = At(3);
    options.upstream_rows = At(4);
    options.reduction = Reduction::kNone;
    loss = At(5);
    divisor = At(6);
  }
  // The buffer is of int64_t, for the alignment of the labels.
  float* At(size_t block) {
    return reinterpret_cast<float*>(buffer_.data()) + block * kBlock;
  }
  Rows<const float> Targets() const {
    return Rows<const float>(shares, target_rows, target_cols, target_stride);
  }
  Status Run(Target target) const {
    if (kind_ == Kind::kTargets) {
      return CrossEntropy(x, Targets(), loss, dx, options, divisor, target);
    }
    const void* const labels = shares;
    if (kind_ == Kind::kInt32) {
      return CrossEntropy(x, static_cast<const int32_t*>(labels), loss, dx,
                          options, divisor, target);
    }
    return CrossEntropy(x, static_cast<const int64_t*>(labels), loss, dx,
                        options, divisor, target);
  }
  void Expect(Target target, Status want, const char* what) {
    INFO(std::string(what));
    CHECK(Run(target) == want);
    CHECK(buffer_ == std::vector<int64_t>(buffer_.size()));
  }

  Rows<const float> x;
  Rows<float> dx;
  float* shares;
  size_t target_rows = kRows, target_cols = kCols, target_stride = kStride;
  CrossEntropyOptions options;
  float* loss;
  float* divisor;

 private:
  Kind kind_;
  std::vector<int64_t> buffer_;
};

// change(fixture), then the status.
template <class Change>
void ExpectFor(Target target, Status want, const char* what,
               const Change& change) {
  for (const Kind kind : kKinds) {
    Fixture f(kind);
    change(f);
    f.Expect(target, want, what);
  }
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_CROSS_ENTROPY_FIXTURE_H_
