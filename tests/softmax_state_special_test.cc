// SPDX-License-Identifier: Apache-2.0
// What softmax_state.h says of special values, and of empty and padded rows.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cases.h"
#include "states.h"

namespace softlane {
namespace {

// Kills: keys in another order than NaN, +inf, finite, -inf, nothing; a sum
// that a part of -inf or NaN changes; the wrong value for an empty row.
TEST_CASE("states: special values in any part") {
  ForEachTarget([](Target target) {
    Cases cases("special values", target);
    Random random(1);
    const Floats usual = MakeLogits(kCols, random);
    const auto expect = [&](const Floats& x, const char* what, size_t at) {
      cases.Expect(AreOfOneCall(x, ReadParts(x, kOfSoftmax, target),
                                ReadParts(x, kOfLog, target), 1.0f, target),
                   what, kCols, at);
    };
    expect(usual, "usual", 0);
    constexpr struct {
      float value;
      const char* name;
    } kSpecial[] = {
        {kNan, "NaN"}, {-kNan, "-NaN"}, {kInf, "+inf"}, {-kInf, "-inf"}};
    for (const auto& special : kSpecial) {
      for (size_t part = 0; part < 3; ++part) {
        for (const size_t at :
             {kCuts[part], (kCuts[part] + kCuts[part + 1]) / 2,
              kCuts[part + 1] - 1}) {
          Floats x = usual;
          x[at] = special.value;
          expect(x, special.name, at);
          x.assign(kCols, -kInf);
          x[at] = special.value;
          expect(x, special.name, at);
          // NaN wins over +inf, from any other part.
          x[kCols - 1 - at] = kInf;
          expect(x, "+inf, too", at);
        }
      }
    }
    for (unsigned masked = 1; masked < 8; ++masked) {
      Floats x = usual;
      for (size_t part = 0; part < 3; ++part) {
        if ((masked >> part & 1) == 0) continue;
        std::fill(x.begin() + kCuts[part], x.begin() + kCuts[part + 1], -kInf);
      }
      expect(x, "parts of -inf", masked);
    }
  });
}

// Kills: a state that says nothing and is no empty row; a loop over rows that
// begins at the second; columns that are read where there are none.
TEST_CASE("states: nothing to read") {
  ForEachTarget([](Target target) {
    const SoftmaxState nothing = {};
    for (const StateOptions& options : {kOfSoftmax, kOfLog}) {
      CHECK(AreSame(Read(nullptr, 0, 0, options, target), nothing));
      const Floats masked(5, -kInf);
      const SoftmaxState all_masked = Read(masked, options, target);
      CHECK(all_masked.max_key == 0x007FFFFF);
      CHECK(!AreSame(all_masked, nothing));
      Random random(2);
      const SoftmaxState usual = Read(MakeLogits(9, random), options, target);
      CHECK(AreSame(Merged(nothing, usual), usual));
      CHECK(AreSame(Merged(usual, nothing), usual));
      CHECK(AreSame(Merged(usual, all_masked), usual));
      CHECK(AreSame(Merged(all_masked, usual), usual));
      for (const SoftmaxState& state : {nothing, all_masked}) {
        CHECK(LogOf(state, 1.0f, target) == -kInf);
        CHECK(
            All(ProbsOf(masked, state, {1.0f, EmptyRow::kNan}, target), IsNan));
        CHECK(All(ProbsOf(masked, state, {1.0f, EmptyRow::kZero}, target),
                  IsPlusZero));
        CHECK(All(LogProbsOf(masked, state, {1.0f, EmptyRow::kNan}, target),
                  IsNan));
        const Floats logs =
            LogProbsOf(masked, state, {1.0f, EmptyRow::kZero}, target);
        for (const float log : logs) CHECK(log == -kInf);
      }
      // An empty part changes no state, wherever it begins.
      SoftmaxState state = usual;
      CHECK(UpdateStates({nullptr, 1, 0}, 12345, &state, options, target) ==
            Status::kOk);
      CHECK(AreSame(state, usual));
    }
    // No rows: null pointers are good.
    CHECK(UpdateStates({nullptr, 0, 7}, 0, nullptr, {}, target) == Status::kOk);
    CHECK(MergeStates(nullptr, nullptr, 0) == Status::kOk);
    CHECK(LogSumExp(nullptr, 0, nullptr, 1.0f, target) == Status::kOk);
    CHECK(SoftmaxFromStates({nullptr, 0, 7}, nullptr, {nullptr, 0, 7}, {},
                            target) == Status::kOk);
    CHECK(LogSoftmaxFromStates({nullptr, 0, 7}, nullptr, {nullptr, 0, 7}, {},
                               target) == Status::kOk);
  });
}

// Kills: a key of the bits of -0; a key that is not in the order of floats.
TEST_CASE("states: the keys of maxima") {
  ForEachTarget([](Target target) {
    const auto key = [&](float max) {
      return Read({-kInf, max}, kOfSoftmax, target).max_key;
    };
    CHECK(key(1.5f) == 0xBFC00000u);
    CHECK(key(-1.5f) == 0x403FFFFFu);
    CHECK(key(0.0f) == 0x80000000u);
    CHECK(key(-0.0f) == 0x80000000u);
    CHECK(key(kInf) == 0xFF800000u);
    CHECK(key(kNan) == 0xFFFFFFFFu);
    CHECK(key(-kNan) == 0xFFFFFFFFu);
    const SoftmaxState zeros = Read(Floats(10, 0.0f), kOfLog, target);
    const SoftmaxState minus_zeros = Read(Floats(10, -0.0f), kOfLog, target);
    CHECK(AreSame(zeros, minus_zeros));
    CHECK(AreSame(Merged(zeros, zeros), Merged(minus_zeros, zeros)));
    CHECK(BitsOf(LogOf(Read({-0.0f}, kOfLog, target), 1.0f, target)) == 0);
    CHECK(BitsOf(LogOf(Read({-0.0f}, kOfSoftmax, target), 1.0f, target)) == 0);
  });
}

// Kills: a sum that counts the columns, or blocks that are all -inf.
TEST_CASE("states: a tail of -inf changes no byte") {
  ForEachTarget([](Target target) {
    Cases cases("padded rows", target);
    Random random(3);
    for (const size_t n : {size_t{1}, size_t{70}, kStateCols - 1, kStateCols,
                           kStateCols + 1, 3 * kStateCols - 5}) {
      const Floats x = MakeLogits(n, random);
      for (const size_t tail :
           {size_t{1}, size_t{5}, size_t{63}, kStateCols, 2 * kStateCols + 3}) {
        Floats padded = x;
        padded.resize(n + tail, -kInf);
        for (const StateOptions& options : {kOfSoftmax, kOfLog}) {
          const SoftmaxState want = Read(x, options, target);
          cases.Expect(AreSame(Read(padded, options, target), want),
                       "in one part", n, tail);
          const SoftmaxState of_tail =
              Read(padded.data() + n, n, tail, options, target);
          cases.Expect(AreSame(Merged(want, of_tail), want), "as a part", n,
                       tail);
        }
        // The results of the columns are those of the row without a tail.
        const SoftmaxState state = Read(padded, kOfSoftmax, target);
        Floats probs = ProbsOf(padded, state, {}, target);
        const Floats of_tail(probs.begin() + n, probs.end());
        probs.resize(n);
        cases.Expect(SameBits(probs, ProbsOf(x, state, {}, target)) &&
                         All(of_tail, IsPlusZero),
                     "the probabilities", n, tail);
      }
    }
  });
}

// Kills: exp values of logits that are not multiplied by the unit.
TEST_CASE("states: scales that have a unit") {
  ForEachTarget([](Target target) {
    Cases cases("scales that have a unit", target);
    Random random(7);
    for (const float scale :
         {0x1p-126f, 1e-44f, 1e-30f, 0x1p-61f, 0x1p61f, 0x1p100f}) {
      Floats x = MakeLogits(kCols, random);
      for (float& v : x) v = static_cast<float>(v / double{scale});
      for (const float size : {1.0f, 0x1p-20f, 0x1p5f}) {
        Floats sized = x;
        for (float& v : sized) v *= size;
        if (All(sized, [](float v) { return std::abs(v) < kInf; })) {
          cases.Expect(
              AreOfOneCall(
                  sized, ReadParts(sized, {scale}, target),
                  ReadParts(sized, {scale, StateUse::kLogSoftmax}, target),
                  scale, target),
              "a scale", kCols);
        }
      }
    }
  });
}

// Kills: a division by the sum of a state that no row has.
TEST_CASE("states: a state without limbs gives NaN") {
  ForEachTarget([](Target target) {
    const Floats x = {1.0f, 2.0f, -kInf};
    SoftmaxState state = Read(x, kOfSoftmax, target);
    std::memset(state.limbs, 0, sizeof(state.limbs));
    CHECK(All(ProbsOf(x, state, {}, target), IsNan));
    CHECK(IsNan(LogOf(state, 1.0f, target)));
    state.limbs[3] = -1;
    CHECK(All(ProbsOf(x, state, {}, target), IsNan));
    CHECK(IsNan(LogOf(state, 1.0f, target)));
  });
}

}  // namespace
}  // namespace softlane
