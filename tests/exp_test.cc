// SPDX-License-Identifier: Apache-2.0
#include "softlane/exp.h"

#include <string>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "float16_ties.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/any_rows.h"

namespace softlane {
namespace {

std::vector<float> Run(const std::vector<float>& x, Target target) {
  std::vector<float> y(x.size());
  REQUIRE(Exp(Rows<const float>(x.data(), 1, x.size()),
              Rows<float>(y.data(), 1, y.size()), target) == Status::kOk);
  return y;
}

// A million floats over all exponents, and all floats near the arguments where
// the code changes its way.
// Kills: any constant of the core, the two-way exponent, the clamps.
TEST_CASE("exp: error") {
  ForEachTarget([](Target target) {
    std::vector<float> x;
    for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 4099) {
      x.push_back(FromBits(static_cast<uint32_t>(bits)));
    }
    for (const float edge : {0.0f, -0.0f, 88.72283f, 89.0f, -87.33654f, -88.0f,
                             -103.27893f, -103.97208f, -104.0f}) {
      for (int32_t step = -500; step <= 500; ++step) {
        x.push_back(FromBits(BitsOf(edge) + static_cast<uint32_t>(step)));
      }
    }
    const std::vector<float> y = Run(x, target);
    Worst worst;
    size_t lost = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (x[i] != x[i]) {
        lost += y[i] == y[i];
        continue;
      }
      worst.Offer(UlpError(y[i], std::exp(double{x[i]})),
                  [&] { return std::to_string(x[i]); });
    }
    CHECK(lost == 0);
    INFO(worst.value << " ULP at " << worst.where);
    CHECK(worst.value <= kExpMaxUlp);
  });
}

TEST_CASE("exp: special values in every lane") {
  ForEachTarget([](Target target) {
    const std::pair<float, float> cases[] = {
        {0.0f, 1.0f},     {-0.0f, 1.0f},     {kInf, kInf},
        {-kInf, 0.0f},    {kNan, kNan},      {FromBits(0xFFC00FFFu), kNan},
        {1e-45f, 1.0f},   {-1e-45f, 1.0f},   {3.4e38f, kInf},
        {-3.4e38f, 0.0f}, {88.72284f, kInf}, {-103.98f, 0.0f}};
    const float e = Run({1.0f}, target)[0];
    size_t wrong = 0;
    for (size_t n = 1; n <= 70; ++n) {
      for (size_t i = 0; i < n; ++i) {
        for (const auto& [x, want] : cases) {
          std::vector<float> row(n, 1.0f);
          row[i] = x;
          const std::vector<float> y = Run(row, target);
          for (size_t k = 0; k < n; ++k) {
            wrong += !SameBits(y[k], k == i ? want : e);
          }
        }
      }
    }
    CHECK(wrong == 0);
  });
}

// In order, so that blocks are usual throughout or not at all; and in an order
// that mixes them.
template <class Half>
void CheckHalves(Target target) {
  constexpr size_t kAll = 65536;
  for (const size_t step : {1, 4099}) {
    std::vector<Half> x(kAll), y(kAll);
    std::vector<float> wide(kAll);
    for (size_t i = 0; i < kAll; ++i) {
      x[i] = Half::FromBits(static_cast<uint16_t>(i * step));
      wide[i] = static_cast<float>(x[i]);
    }
    REQUIRE(Exp(Rows<const Half>(x.data(), 1, kAll),
                Rows<Half>(y.data(), 1, kAll), target) == Status::kOk);
    const std::vector<float> want = Run(wide, target);
    size_t wrong = 0;
    for (size_t i = 0; i < kAll; ++i) {
      const bool is_nan = want[i] != want[i];
      const float got = static_cast<float>(y[i]);
      wrong += is_nan ? got == got : y[i].bits != Half(want[i]).bits;
    }
    CHECK(wrong == 0);
  }
}

// Kills: arguments that are taken for usual and are not, and their neighbours.
TEST_CASE("exp: all halves") {
  ForEachTarget([](Target target) {
    CheckHalves<BFloat16>(target);
    if (CpuRoundsFloat16Ties()) CheckHalves<Float16>(target);
  });
}

}  // namespace
}  // namespace softlane
