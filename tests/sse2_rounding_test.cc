// SPDX-License-Identifier: Apache-2.0
// On the x86-64 baseline two sums of softmax's exponential are rounded to
// double and then to float, without a test for ties. This test tries all
// arguments; exp_exhaustive.cc does so for Exp. With a scale that is not a
// power of two, the exponential tests for ties, and the arguments here have
// some.
#include <cstring>
#include <vector>

#include "../lib/arith/exp_coefficients.h"
#include "../lib/arith/plan.h"
#include "../lib/arith/soft_fma.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "reference.h"
#include "softlane/softmax.h"

namespace softlane {
namespace {

// All bit patterns of `low` to `high`, some at a time: is_candidate is asked
// for each, without branches, and check gets those for which it is true.
constexpr uint32_t kChunk = 4096;
template <class IsCandidate, class Check>
void ForAll(float low, float high, const IsCandidate& is_candidate,
            const Check& check) {
  for (uint32_t first = BitsOf(low); first < BitsOf(high); first += kChunk) {
    bool any = false;
    for (uint32_t i = 0; i < kChunk; ++i) {
      any |= is_candidate(FromBits(first + i));
    }
    for (uint32_t i = 0; any && i < kChunk; ++i) {
      const float v = FromBits(first + i);
      if (is_candidate(v)) check(v);
    }
  }
}

// Half-way between two floats.
bool IsTie(double v) {
  uint64_t bits;
  std::memcpy(&bits, &v, sizeof(bits));
  return (bits & 0x1FFFFFFF) == 0x10000000;
}

// The steps of SoftmaxExp in ../lib/arith/exp-inl.h.
double NearZero(float x) {
  const double product = double{x} * internal::kLog2EHigh;
  const double k = product + internal::kWideMagic;
  return k - internal::kWideMagic - product;
}
double Rest(float x) {
  const float near = static_cast<float>(NearZero(x));
  return double{near} - double{x} * internal::kLog2ELow;
}

#ifdef SOFTLANE_FULL_TESTS
constexpr bool kIsFull = true;
constexpr float kLeastRest = 0x1p-140f;
constexpr float kLeastRise = 0x1p-27f;
#else
constexpr bool kIsFull = false;
constexpr float kLeastRest = 1.0f;
constexpr float kLeastRise = 0x1p-8f;
#endif

// x up to the direct limit and the lowest argument. Below, f is about x.
TEST_CASE(
    "the rest of softmax's exponential has no tie that is rounded wrong") {
  size_t ties = 0, wrong = 0;
  ForAll(
      kLeastRest, 4352.0f, [](float x) { return IsTie(Rest(x)); },
      [&](float x) {
        const float near = static_cast<float>(NearZero(x));
        ++ties;
        wrong += !SameBits(static_cast<float>(Rest(x)),
                           internal::SoftFma(-x, internal::kLog2ELow, near));
      });
  CHECK((ties == 2 || !kIsFull));
  CHECK(wrong == 0);
}

// Powers P and all p that 1 - 2^f can be. With a smaller p the result is P.
TEST_CASE("softmax's exp values have no tie that is rounded wrong") {
  size_t ties = 0, wrong = 0;
  for (const uint32_t bits : internal::kSoftmaxPowers) {
    for (const float sign : {1.0f, -1.0f}) {
      const float power = FromBits(bits);
      const auto result = [&](float size) {
        return double{power} - double{power} * double{sign * size};
      };
      ForAll(
          kLeastRise, 0.0547f, [&](float p) { return IsTie(result(p)); },
          [&](float p) {
            ++ties;
            wrong += !SameBits(static_cast<float>(result(p)),
                               internal::SoftFma(-power, sign * p, power));
          });
    }
  }
  CHECK((ties == 2 || !kIsFull));
  CHECK(wrong == 0);
}

// Found by a search of scales up to 13 for ties that are rounded wrong, and
// whose exp value shows it.
struct Witness {
  float scale, x, max;
  uint32_t of_two, of_many;  // the bits of its probability
};
constexpr Witness kWitnesses[] = {
    {0x1.364p+3f, -0x1.0508e6p+2f, -4.0f, 0x3EA2D878, 0x3C14E32B},
    {0x1.41cp+3f, 0x1.bd9c1cp-8f, 0.0625f, 0x3EBA2155, 0x3C2A2D1A},
    {0x1.60cp+3f, 0x1.9f33e4p+0f, 1.75f, 0x3E489421, 0x3BB762DD},
};

// Kills: no look at ties, in a row by itself, a batch of short rows, a block.
TEST_CASE("a tie of a scaled row") {
  ForEachTarget([](Target target) {
    for (const Witness& w : kWitnesses) {
      SoftmaxOptions options;
      options.scale = w.scale;
      const auto first_of = [&](size_t rows, size_t cols) {
        std::vector<float> x(rows * cols), y(rows * cols);
        for (size_t i = 0; i < x.size(); ++i) x[i] = i % 2 == 0 ? w.x : w.max;
        REQUIRE(Softmax({x.data(), rows, cols}, {y.data(), rows, cols}, options,
                        target) == Status::kOk);
        return BitsOf(y[0]);
      };
      CHECK(first_of(1, 2) == w.of_two);
      CHECK(first_of(3, 2) == w.of_two);
      CHECK(first_of(1, 70) == w.of_many);
      std::vector<float> y(70);  // in place
      for (size_t i = 0; i < y.size(); ++i) y[i] = i % 2 == 0 ? w.x : w.max;
      REQUIRE(Softmax({y.data(), 1, 70}, {y.data(), 1, 70}, options, target) ==
              Status::kOk);
      CHECK(BitsOf(y[0]) == w.of_many);
    }
  });
}

}  // namespace
}  // namespace softlane
