// SPDX-License-Identifier: Apache-2.0
// A schedule of long rows works in blocks and needs the logits until the end.
// In place, another schedule is used. Both must give the same bits.

#include <algorithm>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

struct Results {
  std::vector<float> probs, logsumexp;

  bool operator==(const Results& other) const {
    return SameBits(probs, other.probs) && SameBits(logsumexp, other.logsumexp);
  }
};

Results Run(const std::vector<float>& x, size_t rows, bool in_place,
            const SoftmaxOptions& options, Target target) {
  const size_t cols = x.size() / rows;
  Results results{in_place ? x : std::vector<float>(x.size()),
                  std::vector<float>(rows)};
  const Rows<float> y(results.probs.data(), rows, cols);
  const float* const from = in_place ? y.data : x.data();
  REQUIRE(SoftmaxWithLogSumExp({from, rows, cols}, y, results.logsumexp.data(),
                               options, target) == Status::kOk);
  return results;
}

enum class Kind {
  kUsual,
  kGrowing,
  kFalling,
  kSteep,  // up or down, by more than a row in blocks may have
  kDeep,
  kMasked,
  kNan,
  kHuge
};
constexpr Kind kKinds[] = {Kind::kUsual, Kind::kGrowing, Kind::kFalling,
                           Kind::kSteep, Kind::kDeep,    Kind::kMasked,
                           Kind::kNan,   Kind::kHuge};

std::vector<float> Row(Kind kind, size_t n, Random& random) {
  std::vector<float> x(n);
  // Less than the 66 that a row in blocks may have between its elements.
  const float drift = random.Uniform(5.0f, 30.0f) / static_cast<float>(n);
  const float steep =
      (random.Below(2) == 0 ? 10.0f : -10.0f) * random.Unit() * drift;
  const float shift = random.Uniform(-20.0f, 20.0f);
  for (size_t i = 0; i < n; ++i) {
    x[i] = shift + random.Normal();
    if (kind == Kind::kGrowing) x[i] += drift * static_cast<float>(i);
    if (kind == Kind::kFalling) x[i] -= drift * static_cast<float>(i);
    // None above the shift: a row's lower bound is at most 0.
    if (kind == Kind::kSteep) {
      x[i] += steep * (static_cast<float>(i) -
                       (steep < 0.0f ? 0.0f : static_cast<float>(n)));
    }
  }
  // Anywhere, or in the last block.
  float& somewhere =
      x[random.Below(2) == 0 ? random.Below(n) : n - 1 - random.Below(50)];
  if (kind == Kind::kDeep) somewhere = shift - random.Uniform(80.0f, 110.0f);
  if (kind == Kind::kMasked) somewhere = -kInf;
  if (kind == Kind::kNan) {
    somewhere = FromBits(random.Below(2) == 0 ? 0x7FC00000u : 0xFFC00000u);
  }
  if (kind == Kind::kHuge) {
    const float values[] = {5000.0f, 3e38f, kInf};
    somewhere = values[random.Below(3)];
  }
  return x;
}

// Kills: a block whose exp values are not brought to the last maximum, or by
// another factor; a block or an end that is left out; a sum that is not; a row
// that needs more and is not left to the others.
TEST_CASE("long rows, in place and not") {
  ForEachTarget([](Target target) {
    Random random(1);
    size_t wrong = 0;
    std::string first;
    for (const size_t cols :
         {8191, 8192, 8193, 12288, 12289, 16448, 40001, 49153, 50257}) {
      for (const Kind kind : kKinds) {
        for (const float scale : {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.37f}) {
          const size_t rows = random.Below(2) == 0 ? 1 : 3;
          std::vector<float> x;
          for (size_t r = 0; r < rows; ++r) {
            const Kind row_kind = r == 1 ? Kind::kUsual : kind;
            const std::vector<float> row = Row(row_kind, cols, random);
            x.insert(x.end(), row.begin(), row.end());
          }
          const SoftmaxOptions options{scale, EmptyRow::kNan};
          if (Run(x, rows, true, options, target) ==
              Run(x, rows, false, options, target)) {
            continue;
          }
          if (wrong++ == 0) {
            first = std::to_string(cols) + " columns, kind " +
                    std::to_string(static_cast<int>(kind));
          }
        }
      }
    }
    INFO("the first of " << wrong << ": " << first);
    CHECK(wrong == 0);
  });
}

TEST_CASE("long rows of -inf") {
  ForEachTarget([](Target target) {
    const std::vector<float> x(8192, -kInf);
    const Results zero = Run(x, 1, false, {1.0f, EmptyRow::kZero}, target);
    CHECK(std::count(zero.probs.begin(), zero.probs.end(), 0.0f) == 8192);
    CHECK(zero.logsumexp[0] == -kInf);
    const Results nan = Run(x, 1, false, {1.0f, EmptyRow::kNan}, target);
    CHECK(nan.probs[4096] != nan.probs[4096]);
  });
}

// Kills: an offset that differs from the one that logsumexp takes, where the
// maximum is nearly in the middle between two octaves.
TEST_CASE("logsumexp where octaves are rounded") {
  ForEachTarget([](Target target) {
    size_t wrong = 0;
    for (const size_t cols : {130, 8192}) {
      std::vector<float> x(5 * cols, -90.0f);
      for (int octave = -120; octave <= 120; ++octave) {
        const double middle = (octave + 0.5) / 1.4426950408889634;
        float max = static_cast<float>(middle);
        max = FromBits(BitsOf(max) - 2);
        for (size_t r = 0; r < 5; ++r) {
          std::fill_n(x.begin() + static_cast<ptrdiff_t>(r * cols), cols,
                      max - 5.0f);
          x[r * cols + 77] = max;
          max = FromBits(BitsOf(max) + 1);
        }
        const Results got = Run(x, 5, false, {}, target);
        for (size_t r = 0; r < 5; ++r) {
          const std::vector<float> row(
              x.begin() + static_cast<ptrdiff_t>(r * cols),
              x.begin() + static_cast<ptrdiff_t>((r + 1) * cols));
          const Results alone = Run(row, 1, true, {}, target);
          wrong += !SameBits(got.logsumexp[r], alone.logsumexp[0]);
        }
      }
    }
    CHECK(wrong == 0);
  });
}

}  // namespace
}  // namespace softlane
