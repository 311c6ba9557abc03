// SPDX-License-Identifier: Apache-2.0
// Rows that no cache holds have schedules with two passes and with stores past
// the caches. These schedules must keep every promise.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// Not a multiple of anything; at least the smallest large row.
constexpr size_t kCols = (size_t{1} << 22) + 4096 + 77;
constexpr size_t kBackwardCols = (size_t{1} << 20) + 77;

// Its maximum grows from block to block, by more octaves
// than a float has, and -inf and the smallest exp values are among the rest.
std::vector<float> GrowingRow() {
  Random random(1);
  std::vector<float> x(kCols);
  for (size_t i = 0; i < kCols; ++i) {
    const float block = static_cast<float>(i / 4096);
    const float base = block < 8 ? 200.0f * block - 2500.0f : 0.0f;
    x[i] = base + 2.0f * random.Normal();
    if (i % 1000 == 999) x[i] = i % 2000 == 999 ? -kInf : x[i] - 80.0f;
  }
  return x;
}

struct Results {
  std::vector<float> y;
  float logsumexp;
};

// In a buffer of its own, `offset` elements behind an aligned address.
Results Run(const std::vector<float>& x, size_t offset, Target target,
            EmptyRow empty_row = EmptyRow::kNan) {
  const size_t n = x.size();
  std::vector<float> buffer(n + 64, 3.0f);
  float* const y = buffer.data() + 16 + offset;
  Results results;
  REQUIRE(SoftmaxWithLogSumExp(Rows<const float>(x.data(), 1, n),
                               Rows<float>(y, 1, n), &results.logsumexp,
                               {1.0f, empty_row}, target) == Status::kOk);
  CHECK(std::count(buffer.data(), y, 3.0f) == y - buffer.data());
  CHECK(std::count(y + n, buffer.data() + buffer.size(), 3.0f) ==
        buffer.data() + buffer.size() - y - n);
  results.y.assign(y, y + n);
  return results;
}

Results RunInPlace(std::vector<float> x, Target target) {
  const Rows<float> view(x.data(), 1, x.size());
  REQUIRE(Softmax(view, view, {}, target) == Status::kOk);
  return {std::move(x), 0.0f};
}

uint64_t Digest(const std::vector<float>& values) {
  uint64_t digest = 0xCBF29CE484222325u;
  for (const float v : values) digest = (digest ^ BitsOf(v)) * 0x100000001B3u;
  return digest;
}

// Kills: a sum that is not scaled when the maximum grows, or by another factor;
// a block or an end that is left out or counted twice; a store beside the row.
TEST_CASE("softmax of a large row") {
  const std::vector<float> x = GrowingRow();
  const SoftmaxReference want = ReferenceSoftmax(x.data(), kCols, 1.0f);
  ForEachTarget([&](Target target) {
    const Results got = Run(x, 0, target);
    Worst worst;
    for (size_t i = 0; i < kCols; ++i) {
      const double error = want.probs[i] < 0x1p-125 && BitsOf(got.y[i]) == 0
                               ? 0.0
                               : UlpError(got.y[i], want.probs[i]);
      worst.Offer(error, [&] { return std::to_string(i); });
    }
    std::printf("%-9s worst error %.2f ULP, digest %016llx\n",
                TargetName(target), worst.value,
                static_cast<unsigned long long>(Digest(got.y)));
    INFO("element " << worst.where);
    CHECK(worst.value <= kSoftmaxMaxUlp);
    CHECK(std::abs(got.logsumexp - want.logsumexp) <=
          kLogSumExpMaxError * std::max(1.0, std::abs(want.logsumexp)));
    CHECK(Digest(got.y) == 0x34309c4787e10340u);
    for (const size_t offset : {1, 7, 15}) {
      CHECK(SameBits(Run(x, offset, target).y, got.y));
    }
    CHECK(SameBits(RunInPlace(x, target).y, got.y));
  });
}

// Kills: a NaN that only a maximum would show; a block of -inf taken for a row
// of -inf; a fallback that is not taken.
TEST_CASE("special values in a large row") {
  ForEachTarget([](Target target) {
    const auto run = [&](float value, size_t first, size_t count) {
      std::vector<float> x(kCols, 1.0f);
      std::fill_n(x.begin() + static_cast<ptrdiff_t>(first), count, value);
      return Run(x, 0, target, EmptyRow::kZero);
    };
    const auto all = [](const Results& results, float value) {
      return static_cast<size_t>(std::count_if(results.y.begin(),
                                               results.y.end(), [&](float v) {
                                                 return SameBits(v, value);
                                               })) == results.y.size();
    };
    const Results nan = run(kNan, kCols / 2, 1);
    CHECK(all(nan, kNan));
    CHECK(nan.logsumexp != nan.logsumexp);
    const Results inf = run(kInf, kCols - 1, 1);
    CHECK(all(inf, kNan));
    CHECK(inf.logsumexp == kInf);
    const Results empty = run(-kInf, 0, kCols);
    CHECK(all(empty, 0.0f));
    CHECK(empty.logsumexp == -kInf);

    const Results masked_start = run(-kInf, 0, 5000);
    CHECK(BitsOf(masked_start.y[4999]) == 0);
    const double share = 1.0 / static_cast<double>(kCols - 5000);
    CHECK(UlpError(masked_start.y[5000], share) <= kSoftmaxMaxUlp);
    const Results huge = run(0x1p120f, kCols - 2, 2);
    CHECK(huge.y[kCols - 1] == 0.5f);
    CHECK(BitsOf(huge.y[0]) == 0);
  });
}

// Kills: a label in a block that is summed in another way, a maximum from a
// block that the sum has not caught up with, exp values lost or doubled by the
// second pass.
TEST_CASE("log_softmax and cross_entropy of a large row") {
  const std::vector<float> x = GrowingRow();
  const LogSoftmaxReference want = ReferenceLogSoftmax(x.data(), kCols, 1.0f);
  ForEachTarget([&](Target target) {
    const Rows<const float> in(x.data(), 1, kCols);
    std::vector<float> y(kCols + 1, 3.0f);
    const Rows<float> out(y.data(), 1, kCols);
    REQUIRE(LogSoftmax(in, out, {}, target) == Status::kOk);
    Worst worst;
    for (size_t i = 0; i < kCols; ++i) {
      if (x[i] == -kInf && y[i] == -kInf) continue;
      worst.Offer(LogError(y[i], want.log_probs[i]),
                  [&] { return std::to_string(i); });
    }
    INFO("log_softmax, element " << worst.where);
    CHECK(worst.value <= kLogSoftmaxMaxError);
    std::printf("%-9s log_softmax %.3f * 2^-22, digest %016llx\n",
                TargetName(target), worst.value * 0x1p22,
                static_cast<unsigned long long>(Digest(y)));
    CHECK(Digest(y) == 0xf3da9968c560a0ebu);
    float logsumexp = 0.0f;
    REQUIRE(LogSumExp(in, &logsumexp, 1.0f, target) == Status::kOk);
    CHECK(LogError(logsumexp, want.logsumexp) <= kLogSumExpMaxError);

    // The largest logit, one in a block before it, one at the very end.
    const size_t top =
        static_cast<size_t>(std::max_element(x.begin(), x.end()) - x.begin());
    for (const auto& entry :
         {std::pair<size_t, uint64_t>{top, 0x42f674d0f748de6du},
          {70, 0xea302b6e061885c0u},
          {kCols - 1, 0x74a25b8f5b8ba3d3u}}) {
      const size_t label = entry.first;
      const uint64_t digest = entry.second;
      float loss = 0.0f;
      const int64_t label64 = static_cast<int64_t>(label);
      REQUIRE(CrossEntropy(in, &label64, &loss, out, {}, nullptr, target) ==
              Status::kOk);
      CHECK(LogError(loss, -want.log_probs[label]) <= kCrossEntropyMaxError);
      CHECK(y[kCols] == 3.0f);
      Worst gradient;
      CompensatedSum others;
      for (size_t i = 0; i < kCols; ++i) {
        const double p = std::exp(want.log_probs[i]);
        if (i == label) continue;
        others.Add(p);
        gradient.Offer(std::abs(y[i] - p) / (p * 0x1p-24 + 0x1p-128),
                       [&] { return std::to_string(i); });
      }
      gradient.Offer(std::abs(y[label] / others.Total() + 1.0) * 0x1p24,
                     [] { return std::string("the label"); });
      INFO("label " << label << ", element " << gradient.where);
      CHECK(gradient.value <= kCrossEntropyGradientMaxError);
      std::printf("%-9s cross_entropy %.3f u, digest %016llx\n",
                  TargetName(target), gradient.value,
                  static_cast<unsigned long long>(Digest(y)));
      CHECK(Digest(y) == digest);
      std::vector<float> in_place = x;
      in_place.push_back(3.0f);
      const Rows<float> view(in_place.data(), 1, kCols);
      REQUIRE(CrossEntropy(view, &label64, &loss, view, {}, nullptr, target) ==
              Status::kOk);
      CHECK(SameBits(in_place, y));
    }
  });
}

// Kills: exp values that the gradient in double takes from where none are.
TEST_CASE("cross_entropy of a large row, with factors beyond floats") {
  const std::vector<float> x = GrowingRow();
  ForEachTarget([&](Target target) {
    const Rows<const float> in(x.data(), 1, kCols);
    std::vector<float> usual(kCols), got(kCols);
    const int64_t label = 70;
    float loss;
    CrossEntropyOptions options;
    REQUIRE(CrossEntropy(in, &label, &loss, {usual.data(), 1, kCols}, options,
                         nullptr, target) == Status::kOk);
    options.upstream = 0x1p127f;
    REQUIRE(CrossEntropy(in, &label, &loss, {got.data(), 1, kCols}, options,
                         nullptr, target) == Status::kOk);
    Worst worst;
    for (size_t i = 0; i < kCols; ++i) {
      const double want = double{usual[i]};
      worst.Offer(std::abs(double{got[i]} * 0x1p-127 - want) /
                      (std::abs(want) * 0x1p-24 + 0x1p-128),
                  [&] { return std::to_string(i); });
    }
    INFO("element " << worst.where);
    CHECK(worst.value <= 2.0 * kCrossEntropyGradientMaxError);
  });
}

// Kills: an end, an alignment or an alias that the stores past the cache
// forget.
TEST_CASE("softmax backward of a large row") {
  Random random(1);
  const size_t n = kBackwardCols;
  const std::vector<float> p(n, 1.0f / static_cast<float>(n));
  std::vector<float> dp(n);
  for (float& v : dp) v = random.Normal();
  const BackwardReference want =
      ReferenceBackward(p.data(), dp.data(), n, 1.0f);
  ForEachTarget([&](Target target) {
    const Rows<const float> p_view(p.data(), 1, n);
    std::vector<float> in_place = dp;
    const Rows<float> in_place_view(in_place.data(), 1, n);
    REQUIRE(SoftmaxBackward(p_view, in_place_view, in_place_view, 1.0f,
                            target) == Status::kOk);
    Worst worst;
    for (size_t i = 0; i < n; ++i) {
      worst.Offer(std::abs(in_place[i] - want.dlogits[i]) /
                      (want.magnitude[i] * 0x1p-24 + 0x1p-148),
                  [&] { return std::to_string(i); });
    }
    INFO("element " << worst.where);
    CHECK(worst.value <= kSoftmaxBackwardMaxError);
    for (const size_t offset : {0, 1, 7, 15}) {
      std::vector<float> buffer(n + 64, 3.0f);
      float* const dx = buffer.data() + 16 + offset;
      REQUIRE(SoftmaxBackward(p_view, Rows<const float>(dp.data(), 1, n),
                              Rows<float>(dx, 1, n), 1.0f,
                              target) == Status::kOk);
      CHECK(dx[-1] == 3.0f);
      CHECK(dx[n] == 3.0f);
      CHECK(SameBits(std::vector<float>(dx, dx + n), in_place));
    }
  });
}

}  // namespace
}  // namespace softlane
