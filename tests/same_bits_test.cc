// SPDX-License-Identifier: Apache-2.0
// Every target gives the bits of the baseline.

#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "operations.h"
#include "reference.h"

namespace softlane {
namespace {

struct Results {
  std::vector<float> y;
  float per_row;
};

Results Run(const Operation& operation, const std::vector<float>& x,
            const std::vector<float>& second, Target target) {
  Results results{std::vector<float>(x.size(), 0.0f), 0.0f};
  const Operands o{Rows<const float>(x.data(), 1, x.size()),
                   Rows<const float>(second.data(), 1, second.size()),
                   Rows<float>(results.y.data(), 1, x.size()),
                   &results.per_row};
  REQUIRE(operation.run(o, target) == Status::kOk);
  return results;
}

// Kills: another order of additions, a contracted product, another tail, a
// threshold that one target has elsewhere.
TEST_CASE("same bits: every target and the baseline") {
  ForEachTarget([](Target target) {
    Random random(1);
    size_t compared = 0;
    size_t different = 0;
    std::string where = "nowhere";
    for (const Operation& operation : kOperations) {
      for (int row = 0; row < 1500; ++row) {
        const size_t n =
            row % 100 == 99 ? 1 + random.Below(20000) : 1 + random.Below(300);
        const Family family = kFamilies[random.Below(8)];
        std::vector<float> x = MakeRow(family, n, random);
        const float factor = random.Below(8) == 0 ? 1e5f : 1.0f;
        for (float& v : x) v *= factor;
        if (random.Below(20) == 0) x[random.Below(n)] = kNan;
        const std::vector<float> second = MakeRow(Family::kGaussian, n, random);
        const Results want = Run(operation, x, second, Target::kBaseline);
        const Results got = Run(operation, x, second, target);
        size_t bad = !SameBits(got.per_row, want.per_row);
        for (size_t i = 0; i < n; ++i) bad += !SameBits(got.y[i], want.y[i]);
        if (bad != 0) {
          where = std::string(operation.name) + ", " + FamilyName(family) +
                  ", " + std::to_string(n) + " columns";
        }
        different += bad;
        ++compared;
      }
    }
    INFO(different << " of the outputs of " << compared
                   << " rows; last: " << where);
    CHECK(different == 0);
  });
}

}  // namespace
}  // namespace softlane
