// SPDX-License-Identifier: Apache-2.0
// CrossEntropyBackward and CrossEntropyBackwardFromProbs: special values, and
// rows beyond the direct limit.

#include <algorithm>
#include <cmath>

#include "doctest/doctest.h"
#include "each_target.h"
#include "reference.h"
#include "softlane/cross_entropy_backward.h"

namespace softlane {
namespace {

// Kills: a special logsumexp that is taken for a number; a wrapped exponent.
TEST_CASE("cross_entropy_backward: special values") {
  ForEachTarget([](Target target) {
    const float x[4] = {1.0f, -kInf, 2.0f, 95.0f};
    const int64_t label = 2;
    float dx[4];
    const auto run = [&](float lse) {
      CHECK(CrossEntropyBackward({x, 1, 4}, &lse, &label, {dx, 1, 4}, {},
                                 target) == Status::kOk);
    };
    for (const float lse : {kNan, kInf, -kInf}) {
      run(lse);
      for (const float d : dx) CHECK(d != d);
    }
    run(2.0f);  // exp(93) is beyond the floats, exp(-1) is not
    CHECK(dx[0] == doctest::Approx(std::exp(-1.0)));
    CHECK(SameBits(dx[1], 0.0f));
    CHECK(dx[2] == 0.0f);
    CHECK(dx[3] == kInf);
    run(95.0f);
    CHECK(dx[3] == 1.0f);
    CHECK(dx[2] == -1.0f);
    const float p[3] = {0x1p-127f, 1.0f, 3.0f};
    CHECK(CrossEntropyBackwardFromProbs({p, 1, 3}, &label, {dx, 1, 3}, {},
                                        target) == Status::kOk);
    CHECK(SameBits(dx[0], 0.0f));
    CHECK(dx[1] == 1.0f);
    CHECK(dx[2] == 2.0f);
    // The same beside a number that is no probability.
    const float wild[3] = {0x1p-127f, 1.0f, 0x1p20f};
    CHECK(CrossEntropyBackwardFromProbs({wild, 1, 3}, &label, {dx, 1, 3}, {},
                                        target) == Status::kOk);
    CHECK(SameBits(dx[0], 0.0f));
    CHECK(dx[2] == 0x1p20f - 1.0f);
    // Rows beyond the direct limit: each p is rounded once.
    for (const float lse : {8192.0f, 0x1p30f}) {
      double worst = 0.0;
      for (int i = 0; i < 2000; ++i) {
        const float far[2] = {lse - static_cast<float>(i) * 0x1p-10f, lse};
        const int64_t second = 1;
        CHECK(CrossEntropyBackward({far, 1, 2}, &lse, &second, {dx, 1, 2}, {},
                                   target) == Status::kOk);
        const double want = std::exp(double{far[0]} - lse);
        worst = std::max(worst, std::abs(dx[0] - want) / want);
        CHECK(dx[1] == 0.0f);
      }
      CHECK(worst <= 1.01 * 0x1p-24);
    }
  });
}

}  // namespace
}  // namespace softlane
