// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/c.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

struct TopK {
  std::vector<float> probs;
  std::vector<int32_t> indices;

  bool operator==(const TopK& other) const {
    return SameBits(probs, other.probs) && indices == other.indices;
  }
};

TopK Run(const std::vector<float>& x, size_t k, Target target,
         const SoftmaxTopKOptions& options = {}) {
  TopK result{std::vector<float>(k, 123.0f), std::vector<int32_t>(k, 123)};
  REQUIRE(SoftmaxTopK(Rows<const float>(x.data(), 1, x.size()), k,
                      Rows<float>(result.probs.data(), 1, k),
                      Rows<int32_t>(result.indices.data(), 1, k), options,
                      target) == Status::kOk);
  return result;
}

// All of Softmax, and a stable sort by logits.
TopK Sorted(const std::vector<float>& x, size_t k, Target target,
            const SoftmaxTopKOptions& options = {}) {
  std::vector<float> probs(x.size());
  REQUIRE(Softmax(Rows<const float>(x.data(), 1, x.size()),
                  Rows<float>(probs.data(), 1, x.size()),
                  {options.scale, options.empty_row}, target) == Status::kOk);
  TopK result;
  result.indices.resize(x.size());
  std::iota(result.indices.begin(), result.indices.end(), 0);
  if (probs[0] == probs[0]) {
    // Not std::stable_sort: clang 19 warns of what g++ 12's calls.
    std::sort(result.indices.begin(), result.indices.end(),
              [&](int32_t a, int32_t b) {
                const float left = x[static_cast<size_t>(a)];
                const float right = x[static_cast<size_t>(b)];
                return left > right || (left == right && a < b);
              });
  }
  result.indices.resize(k);
  for (int32_t& i : result.indices) {
    result.probs.push_back(probs[static_cast<size_t>(i)]);
    if (probs[0] != probs[0]) i = -1;
  }
  return result;
}

// A few values only, so that many are equal, of both zeros.
std::vector<float> MakeTies(size_t n, Random& random) {
  std::vector<float> x(n);
  for (float& v : x) {
    v = static_cast<float>(random.Below(5)) - 2.0f;
    if (random.Below(2) == 0) v = -v;
  }
  return x;
}

// Kills: an index off by one, a tie that goes to the higher index, an element
// that a vector's compare or a tail leaves out, a sum that is not Softmax's.
TEST_CASE("softmax_topk: a sort of softmax") {
  ForEachTarget([](Target target) {
    Random random(1);
    Worst worst;
    size_t cases = 0;
    const auto expect = [&](const std::vector<float>& x, size_t k,
                            const SoftmaxTopKOptions& options) {
      ++cases;
      const bool same =
          Run(x, k, target, options) == Sorted(x, k, target, options);
      worst.Offer(same ? 0.0 : 1.0, [&] {
        return std::to_string(x.size()) + " columns, k " + std::to_string(k);
      });
    };
    for (size_t n = 1; n <= 150; ++n) {
      for (const size_t k :
           {size_t{1}, 1 + random.Below(std::min<size_t>(n, 64)),
            std::min<size_t>(n, 64)}) {
        for (const Family family : kFamilies) {
          expect(MakeRow(family, n, random), k, {});
        }
        expect(MakeTies(n, random), k, {0.37f});
      }
      for (size_t i = 0; i < n; i += 1 + n / 8) {  // the largest in any lane
        std::vector<float> x(n, -1.0f);
        x[i] = 1.0f;
        expect(x, 1, {});
      }
    }
    for (size_t k = 1; k <= kMaxTopK; ++k) {
      const size_t n = kMaxTopK + random.Below(2000);
      std::vector<float> x = MakeRow(Family::kGaussian, n, random);
      expect(x, k, {1.7f});
      for (float& v : x) v += 5000.0f;  // beyond the direct limit
      expect(x, k, {});
      std::sort(x.begin(), x.end());
      expect(x, k, {1e-20f});
      std::reverse(x.begin(), x.end());
      expect(x, k, {});
      expect(MakeTies(n, random), k, {});
      for (float& v : x) v = random.Uniform(-3e38f, 3e38f);
      expect(x, k, {});
    }
    std::printf("%-9s %zu cases\n", TargetName(target), cases);
    INFO(worst.where);
    CHECK(worst.value == 0.0);
  });
}

// Kills: a special value that the maximum loses, an index that is not -1.
TEST_CASE("softmax_topk: special values") {
  ForEachTarget([](Target target) {
    Random random(2);
    size_t wrong = 0;
    for (const size_t n : {1, 2, 9, 33, 100, 300}) {
      const size_t k = std::min<size_t>(n, 5);
      const TopK nans{std::vector<float>(k, kNan), std::vector<int32_t>(k, -1)};
      TopK zeros{std::vector<float>(k, 0.0f), std::vector<int32_t>(k)};
      std::iota(zeros.indices.begin(), zeros.indices.end(), 0);
      for (const bool renormalize : {false, true}) {
        const SoftmaxTopKOptions nan{1.0f, renormalize, EmptyRow::kNan};
        const SoftmaxTopKOptions zero{1.0f, renormalize, EmptyRow::kZero};
        for (const float special : {kNan, kInf}) {
          for (size_t i = 0; i < n; ++i) {
            std::vector<float> x = MakeRow(Family::kGaussian, n, random);
            x[i] = special;
            wrong += !(Run(x, k, target, zero) == nans);
            x.assign(n, -kInf);
            x[i] = special;
            wrong += !(Run(x, k, target, zero) == nans);
          }
        }
        const std::vector<float> empty(n, -kInf);
        wrong += !(Run(empty, k, target, nan) == nans);
        wrong += !(Run(empty, k, target, zero) == zeros);
      }
      std::vector<float> x(n, -kInf);
      x[n - 1] = 3.0f;  // the others follow in their order
      TopK one = zeros;
      std::iota(one.indices.begin() + 1, one.indices.end(), 0);
      one.indices[0] = static_cast<int32_t>(n - 1);
      one.probs[0] = 1.0f;
      wrong += !(Run(x, k, target, {1.0f, true}) == one);
    }
    CHECK(wrong == 0);
  });
}

// Kills: a sum over other than the k, a division in float.
TEST_CASE("softmax_topk: renormalized") {
  ForEachTarget([](Target target) {
    Random random(3);
    Worst formula, bound, sum;
    for (size_t row = 0; row < 400; ++row) {
      const size_t n = 1 + random.Below(500);
      const size_t k = 1 + random.Below(std::min<size_t>(n, 64));
      const auto describe = [&] {
        return std::to_string(n) + " columns, k " + std::to_string(k);
      };
      const std::vector<float> x = MakeRow(Family::kGaussian, n, random);
      const TopK got = Run(x, k, target, {1.0f, true});
      const TopK plain = Run(x, k, target);
      double total = 0.0, got_total = 0.0;
      for (const float p : plain.probs) total += p;
      std::vector<float> logits;
      for (size_t i = 0; i < k; ++i) {
        logits.push_back(x[static_cast<size_t>(got.indices[i])]);
        const bool same = BitsOf(got.probs[i]) ==
                          BitsOf(static_cast<float>(plain.probs[i] / total));
        formula.Offer(same ? 0.0 : 1.0, describe);
        got_total += got.probs[i];
      }
      const SoftmaxReference want = ReferenceSoftmax(logits.data(), k, 1.0f);
      for (size_t i = 0; i < k; ++i) {
        bound.Offer(UlpError(got.probs[i], want.probs[i]), describe);
      }
      sum.Offer(std::abs(got_total - 1.0) * 0x1p24, describe);
    }
    INFO(formula.where << "; " << bound.value << " ULP, " << bound.where
                       << "; sum " << sum.value << " u, " << sum.where);
    const bool within = formula.value == 0.0 &&
                        bound.value <= 2.0 * kSoftmaxMaxUlp + 1.0 &&
                        sum.value <= 2.0;
    CHECK(within);
  });
}

// Kills: a row that takes another's results, a write behind the k-th.
TEST_CASE("softmax_topk: rows, strides and what is around them") {
  ForEachTarget([](Target target) {
    Random random(4);
    size_t wrong = 0;
    for (const size_t k : {1, 3, 16, 17, 64}) {
      const size_t rows = 5, cols = 80, stride = 83, k_stride = k + 3;
      std::vector<float> x(rows * stride, kNan);
      std::vector<float> probs(rows * k_stride + 1, 7.0f);
      std::vector<int32_t> indices(rows * k_stride + 1, 7);
      const Rows<float> in(x.data(), rows, cols, stride);
      for (size_t r = 0; r < rows; ++r) {
        const auto row = MakeRow(kFamilies[r], cols, random);
        std::copy(row.begin(), row.end(), in.Row(r));
      }
      in.Row(2)[5] = kInf;
      const Rows<float> top(probs.data() + 1, rows, k, k_stride);
      const Rows<int32_t> at(indices.data() + 1, rows, k, k_stride);
      REQUIRE(SoftmaxTopK(in, k, top, at, {}, target) == Status::kOk);
      for (size_t r = 0; r < rows; ++r) {
        const std::vector<float> row(in.Row(r), in.Row(r) + cols);
        const TopK got{{top.Row(r), top.Row(r) + k},
                       {at.Row(r), at.Row(r) + k}};
        wrong += !(got == Run(row, k, target));
        std::fill_n(top.Row(r), k, 7.0f);
        std::fill_n(at.Row(r), k, 7);
      }
      for (const float v : probs) wrong += v != 7.0f;
      for (const int32_t v : indices) wrong += v != 7;
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("softmax_topk: C") {
  Random random(5);
  const std::vector<float> x = MakeRow(Family::kGaussian, 100, random);
  const SoftmaxTopKOptions options{0.5f, true, EmptyRow::kZero};
  TopK got{std::vector<float>(7), std::vector<int32_t>(7)};
  CHECK(softlane_softmax_topk(x.data(), SOFTLANE_F32, 101, 7, got.probs.data(),
                              8, got.indices.data(), 9, 1, 100, 0.5f, 1,
                              SOFTLANE_EMPTY_ROW_ZERO,
                              SOFTLANE_TARGET_AUTO) == SOFTLANE_OK);
  CHECK(got == Run(x, 7, Target::kAuto, options));
}

}  // namespace
}  // namespace softlane
