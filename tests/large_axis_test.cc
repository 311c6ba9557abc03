// SPDX-License-Identifier: Apache-2.0
// Rows of 2^22 elements and more have schedules of their own, and so have
// columns of so many, whose blocks' offsets have no room on the stack. They
// must have the same bits.

#include <algorithm>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr size_t kLong = (size_t{1} << 22) + 77;

std::vector<float> MakeLongRow(uint64_t seed, float last) {
  Random random(seed);
  std::vector<float> x(kLong);
  // Maxima that grow on the way: the sum starts over with each.
  for (size_t i = 0; i < kLong; ++i) {
    const float trend = static_cast<float>(i / 4096) * 0x1p-5f;
    x[i] = trend + random.Uniform(-8.0f, 8.0f);
  }
  x[kLong - 1] = last;
  return x;
}

std::vector<float> Probabilities(const std::vector<float>& x, Target target) {
  std::vector<float> y(x.size());
  REQUIRE(Softmax(Rows<const float>(x.data(), 1, x.size()),
                  Rows<float>(y.data(), 1, x.size()), {},
                  target) == Status::kOk);
  return y;
}

// The second column goes beyond the direct limit at its end, the third holds
// NaN. Kills: a chunk that is left out, a total of the wrong column, exp values
// or offsets that the columns do not keep.
TEST_CASE("large axis: softmax") {
  ForEachTarget([](Target target) {
    if (target == Target::kBaseline) return;
    constexpr size_t kInner = 3;
    const std::vector<float> rows[kInner] = {
        MakeLongRow(1, 2.0f), MakeLongRow(2, 5000.0f), MakeLongRow(3, kNan)};
    std::vector<float> x(kInner * kLong);
    for (size_t i = 0; i < kInner; ++i) {
      for (size_t a = 0; a < kLong; ++a) x[a * kInner + i] = rows[i][a];
    }
    const Planes<float> view(x.data(), 1, kLong, kInner);
    REQUIRE(SoftmaxAxis(view, view, {}, target) == Status::kOk);
    for (size_t i = 0; i < kInner; ++i) {
      const std::vector<float> want = Probabilities(rows[i], target);
      size_t different = 0;
      for (size_t a = 0; a < kLong; ++a) {
        different += !SameBits(x[a * kInner + i], want[a]);
      }
      CHECK(different == 0);
    }
  });
}

TEST_CASE("large axis: the largest") {
  ForEachTarget([](Target target) {
    if (target == Target::kBaseline) return;
    constexpr size_t kCount = 20;
    for (const float last : {2.0f, 5000.0f}) {
      const std::vector<float> x = MakeLongRow(4, last);
      const std::vector<float> probs = Probabilities(x, target);
      std::vector<int32_t> order(kLong);
      for (size_t i = 0; i < kLong; ++i) order[i] = static_cast<int32_t>(i);
      std::partial_sort(order.begin(), order.begin() + kCount, order.end(),
                        [&](int32_t a, int32_t b) {
                          const float x_a = x[static_cast<size_t>(a)];
                          const float x_b = x[static_cast<size_t>(b)];
                          return x_a > x_b || (x_a == x_b && a < b);
                        });
      float top[kCount];
      int32_t indices[kCount];
      REQUIRE(SoftmaxTopK(Rows<const float>(x.data(), 1, kLong), kCount,
                          Rows<float>(top, 1, kCount),
                          Rows<int32_t>(indices, 1, kCount), {},
                          target) == Status::kOk);
      size_t wrong = 0;
      for (size_t i = 0; i < kCount; ++i) {
        wrong += indices[i] != order[i] ||
                 !SameBits(top[i], probs[static_cast<size_t>(order[i])]);
      }
      CHECK(wrong == 0);
    }
  });
}

}  // namespace
}  // namespace softlane
