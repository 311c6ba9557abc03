// SPDX-License-Identifier: Apache-2.0
// Parts that begin anywhere, merges in any grouping, uses, and the bytes of
// states.

#include <cstdio>
#include <cstring>
#include <string>

#include "cases.h"
#include "states.h"

namespace softlane {
namespace {

// Kills: a head that is no block of its own; blocks that begin at the part and
// not at multiples of kStateCols.
TEST_CASE("states: parts that begin anywhere") {
  ForEachTarget([](Target target) {
    Cases cases("parts that begin anywhere", target);
    Random random(4);
    Worst worst, worst_log;
    for (int round = 0; round < 60; ++round) {
      const size_t n = 1 + random.Below(5 * kStateCols);
      const Floats x = MakeRow(kFamilies[random.Below(8)], n, random);
      const size_t first = random.Below(3 * kStateCols);
      const size_t left = (kStateCols - first % kStateCols) % kStateCols;
      const size_t head = left < n ? left : n;
      for (const StateOptions& options : {kOfSoftmax, kOfLog}) {
        const SoftmaxState whole = Read(x.data(), first, n, options, target);
        const SoftmaxState in_two =
            Merged(Read(x.data(), 0, head, options, target),
                   Read(x.data() + head, 0, n - head, options, target));
        cases.Expect(AreSame(whole, in_two), "head and rest", n, first);
      }
      // Any cuts at all: the error bounds hold.
      SoftmaxState state = {}, of_log = {};
      for (size_t begin = 0; begin < n;) {
        size_t count = 1 + random.Below(random.Below(2) == 0 ? 9 : 3000);
        if (count > n - begin) count = n - begin;
        state = Merged(
            state, Read(x.data() + begin, begin, count, kOfSoftmax, target));
        of_log = Merged(of_log,
                        Read(x.data() + begin, begin, count, kOfLog, target));
        begin += count;
      }
      const auto want = ReferenceSoftmax(x.data(), n, 1.0f);
      const auto want_logs = ReferenceLogSoftmax(x.data(), n, 1.0f);
      const Floats probs = ProbsOf(x, state, {}, target);
      const Floats logs = LogProbsOf(x, of_log, {}, target);
      const auto where = [&] { return "round " + std::to_string(round); };
      for (size_t i = 0; i < n; ++i) {
        if (want.probs[i] >= 0x1p-126) {
          worst.Offer(UlpError(probs[i], want.probs[i]), where);
        }
        if (x[i] != -kInf) {
          worst_log.Offer(LogError(logs[i], want_logs.log_probs[i]), where);
        }
      }
      for (const SoftmaxState& any : {state, of_log}) {
        worst_log.Offer(LogError(LogOf(any, 1.0f, target), want.logsumexp),
                        where);
      }
    }
    std::printf("%-9s %.2f ULP, logs %.2f of the bound\n", TargetName(target),
                worst.value, worst_log.value / kLogSoftmaxMaxError);
    INFO(worst.where);
    CHECK(worst.value <= kSoftmaxMaxUlp);
    INFO(worst_log.where);
    CHECK(worst_log.value <= kLogSoftmaxMaxError);
  });
}

// Kills: a row that is added to the state of another.
TEST_CASE("states: several rows") {
  ForEachTarget([](Target target) {
    Random random(9);
    constexpr size_t kRows = 4, kStride = 2 * kStateCols;
    const Floats x = MakeLogits(kRows * kStride, random);
    for (const size_t n : {size_t{3}, kStateCols + 1}) {
      for (const size_t first : {size_t{0}, size_t{1}, kStateCols - 1}) {
        SoftmaxState states[kRows] = {};
        REQUIRE(UpdateStates({x.data(), kRows, n, kStride}, first, states, {},
                             target) == Status::kOk);
        for (size_t r = 0; r < kRows; ++r) {
          CHECK(AreSame(states[r], Read(x.data() + r * kStride, first, n,
                                        kOfSoftmax, target)));
        }
      }
    }
  });
}

// Kills: a merge whose limbs are cut before all are added; a window that comes
// from the maximum and not from the sum.
TEST_CASE("states: any grouping of merges gives the same bytes") {
  Random random(5);
  for (int round = 0; round < 3000; ++round) {
    constexpr size_t kCount = 6;
    SoftmaxState states[kCount];
    const StateOptions options = round % 2 == 0 ? kOfSoftmax : kOfLog;
    for (SoftmaxState& state : states) {
      Floats x = MakeLogits(1 + random.Below(20), random);
      const float level = random.Uniform(-100.0f, 100.0f);
      for (float& v : x) v = random.Below(30) == 0 ? -kInf : v + level;
      state = Read(x, options, Target::kAuto);
    }
    SoftmaxState in_order = states[0];
    for (size_t i = 1; i < kCount; ++i) in_order = Merged(in_order, states[i]);
    SoftmaxState backward = states[kCount - 1];
    for (size_t i = kCount - 1; i-- > 0;) {
      backward = Merged(states[i], backward);
    }
    SoftmaxState pairs[kCount / 2];
    for (size_t i = 0; i < kCount / 2; ++i) {
      pairs[i] = Merged(states[2 * i], states[2 * i + 1]);
    }
    const SoftmaxState by_pairs = Merged(Merged(pairs[2], pairs[0]), pairs[1]);
    REQUIRE(AreSame(in_order, backward));
    REQUIRE(AreSame(in_order, by_pairs));
    // All at once, as rows.
    SoftmaxState rows[kCount] = {};
    REQUIRE(MergeStates(rows, states, kCount) == Status::kOk);
    for (size_t i = 0; i < kCount; ++i) REQUIRE(AreSame(rows[i], states[i]));
  }
}

// Kills: a use that is looked at in the first row only, or after rows have been
// written; a use that a state without a sum has.
TEST_CASE("states: uses do not mix") {
  ForEachTarget([](Target target) {
    Random random(6);
    constexpr size_t kRows = 3, kN = 10;
    const Floats x = MakeLogits(kRows * kN, random);
    const Rows<const float> logits(x.data(), kRows, kN);
    Floats y(x.size(), 1234.5f);
    const Floats untouched = y;
    for (const StateUse use : {StateUse::kSoftmax, StateUse::kLogSoftmax}) {
      const bool is_log = use == StateUse::kLogSoftmax;
      const StateOptions options = is_log ? kOfLog : kOfSoftmax;
      const StateOptions other = is_log ? kOfSoftmax : kOfLog;
      for (size_t odd = 0; odd < kRows; ++odd) {
        SoftmaxState states[kRows] = {};
        for (size_t r = 0; r < kRows; ++r) {
          states[r] =
              Read(logits.Row(r), 0, kN, r == odd ? other : options, target);
        }
        SoftmaxState before[kRows];
        std::memcpy(before, states, sizeof(states));
        const auto expect = [&](Status status) {
          CHECK(status == Status::kBadOption);
          CHECK(std::memcmp(states, before, sizeof(states)) == 0);
          CHECK(y == untouched);
        };
        expect(UpdateStates(logits, 0, states, options, target));
        SoftmaxState good[kRows] = {};
        CHECK(UpdateStates(logits, 0, good, options, target) == Status::kOk);
        expect(MergeStates(states, good, kRows));
        SoftmaxState kept[kRows];
        std::memcpy(kept, good, sizeof(good));
        expect(MergeStates(good, states, kRows));
        CHECK(std::memcmp(kept, good, sizeof(good)) == 0);
        const Rows<float> out(y.data(), kRows, kN);
        expect(is_log ? LogSoftmaxFromStates(logits, states, out, {}, target)
                      : SoftmaxFromStates(logits, states, out, {}, target));
        // Without a sum a state has no use.
        for (const float special : {-kInf, kInf, kNan}) {
          states[odd] = Read({special}, other, target);
          CHECK(states[odd].window == 0);
          CHECK(MergeStates(states, good, kRows) == Status::kOk);
          CHECK((states[odd].window & 1) ==
                (special == -kInf && is_log ? 1 : 0));
        }
      }
    }
  });
}

// Kills: an option or a target that is looked at only where there is something
// to do.
TEST_CASE("states: bad options of calls that have nothing to do") {
  const float x[1] = {1.0f};
  const auto no_target = static_cast<Target>(200);
  SoftmaxState state = {};
  for (const size_t n : {0, 1}) {
    const Rows<const float> logits(x, 1, n);
    for (const int use : {2, 3, 255}) {
      const StateOptions options{1.0f, static_cast<StateUse>(use)};
      CHECK(UpdateStates(logits, 0, &state, options) == Status::kBadOption);
    }
    CHECK(UpdateStates(logits, 0, &state, {0.0f}) == Status::kBadOption);
    CHECK(UpdateStates(logits, 0, &state, {}, no_target) ==
          Status::kTargetUnavailable);
    float y[1];
    CHECK(SoftmaxFromStates(logits, &state, {y, 1, n}, {}, no_target) ==
          Status::kTargetUnavailable);
    CHECK(SoftmaxFromStates(logits, &state, {y, 1, n}, {0.0f}) ==
          Status::kBadOption);
  }
  CHECK(LogSumExp(nullptr, 0, nullptr, 1.0f, no_target) ==
        Status::kTargetUnavailable);
  CHECK(AreSame(state, SoftmaxState()));
}

// The bytes cross wires, so they are a promise. Kills: another window, other
// limbs, another order of the members.
TEST_CASE("states: the bytes") {
  static_assert(sizeof(SoftmaxState) == 48);
  ForEachTarget([](Target target) {
    Random random(8);
    uint64_t digest = 0xCBF29CE484222325u;
    for (int round = 0; round < 200; ++round) {
      const size_t n =
          1 + random.Below(round % 8 == 0 ? 6 * kStateCols : kStateCols);
      Floats x = MakeLogits(n, random);
      const float level = random.Uniform(-300.0f, 300.0f);
      for (size_t i = 0; i < n; ++i) {
        x[i] += static_cast<float>(i / kStateCols) * level;
        if (random.Below(50) == 0) x[i] = -kInf;
      }
      for (const float scale : {1.0f, 0.37f}) {
        for (const StateUse use : {StateUse::kSoftmax, StateUse::kLogSoftmax}) {
          const SoftmaxState state = Read(x, {scale, use}, target);
          uint8_t bytes[sizeof(state)];
          std::memcpy(bytes, &state, sizeof(state));
          for (const uint8_t byte : bytes) {
            digest = (digest ^ byte) * 0x100000001B3u;
          }
        }
      }
    }
    std::printf("%-9s states: %016llx\n", TargetName(target),
                static_cast<unsigned long long>(digest));
    CHECK(digest == 0x84c9dba02751d4b1u);
  });
}

}  // namespace
}  // namespace softlane
