// SPDX-License-Identifier: Apache-2.0
// The backward pass of attention by tiles, against that of full rows.

#include "softlane/attention_tile_backward.h"

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "amount.h"
#include "attention_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "flash.h"
#include "half_bits.h"
#include "softlane/c.h"
#include "tile_backward_case.h"

namespace softlane {
namespace {

// Numbers that are infinite or NaN, that overflow, or whose exp values are far
// apart.
void Spoil(Floats& x, Random& random) {
  static const float kSpecial[] = {kNan,  kInf,   -kInf, 3e38f,   -3e38f, 1e5f,
                                   -1e5f, 1e-40f, -0.0f, -150.0f, 5000.0f};
  for (size_t k = 1 + random.Below(4); k-- > 0;) {
    x[random.Below(x.size())] = kSpecial[random.Below(std::size(kSpecial))];
  }
}

// The gradient of an empty row that is NaN is NaN outside of its keys, too.
bool AreSame(const BackwardCase& c, const Results& got, const Results& want) {
  const AttentionCase& f = c.forward;
  if (!SameBits(got.probs, want.probs)) return false;
  for (size_t i = 0; i < c.Size(); ++i) {
    if (SameBits(got.dscores[i], want.dscores[i])) continue;
    const SoftmaxState& state = c.states[i / f.cols];
    const bool is_empty = state.max_key <= 0x007FFFFF;
    if (!is_empty || f.options.empty_row == EmptyRow::kZero ||
        got.dscores[i] == got.dscores[i] || want.dscores[i] != 0.0f) {
      return false;
    }
  }
  return true;
}

// Kills: an option that does not reach the logits, or counts from the tile's
// first key; a sink that does not join the sum; a masked NaN or infinity that
// reaches a gradient; a part that is done twice, or not at all.
TEST_CASE("tiles have the bits of full rows") {
  const size_t count = Amount("SOFTLANE_FLASH_CASES", 6000, 1200);
  ForEachTarget([&](Target target) {
    Random random(1);
    size_t wrong = 0;
    std::string first;
    for (size_t k = 0; k < count; ++k) {
      BackwardCase c = MakeBackwardCase(k % kCombinations, random, target);
      if (k % 3 == 1) Spoil(c.forward.scores, random);
      if (k % 3 == 2) Spoil(c.dprobs, random);
      if (random.Below(8) == 0) {
        c.forward.sinks[0] = random.Below(2) == 0 ? kNan : 3000.0f;
      }
      ReadStates(c, {{0, c.forward.cols}}, target);
      const Results want = FullRows(c, target);
      std::vector<Part> parts =
          SplitKeys(c.forward.cols, 1 + random.Below(c.forward.cols), random);
      Shuffle(parts, random);
      if (AreSame(c, ByTiles(c, parts, target), want)) continue;
      if (wrong++ == 0) first = std::to_string(k);
    }
    INFO("first: case " << first);
    CHECK(wrong == 0);
  });
}

// Kills: a chain rule that lacks the scale, the softcap or the delta.
TEST_CASE("tiles against central differences") {
  ForEachTarget([](Target target) {
    Random random(2);
    Worst worst;
    for (size_t which = 0; which < 2 * kCombinations; ++which) {
      BackwardCase c = MakeBackwardCase(which % kCombinations, random, target);
      const AttentionCase& f = c.forward;
      FullRows(c, target);
      const Results got = ByTiles(c, {{0, f.cols}}, target);
      const size_t r = random.Below(f.rows);
      const AttentionReference masks = ReferenceAttention(f, r);
      if (masks.logsumexp == -HUGE_VAL) continue;
      const double sink =
          f.options.sinks == nullptr ? -HUGE_VAL : double{f.options.sinks[r]};
      std::vector<double> x;
      for (size_t i = 0; i < f.cols; ++i) {
        x.push_back(double{f.scores[r * f.cols + i]});
      }
      constexpr double kStep = 1e-4;
      for (size_t k = 0; k < 4; ++k) {
        const size_t i = random.Below(f.cols);
        std::vector<double> up = x, down = x;
        up[i] += kStep;
        down[i] -= kStep;
        const double want = (LossOf(f, r, up, sink, c.dprobs, masks) -
                             LossOf(f, r, down, sink, c.dprobs, masks)) /
                            (2.0 * kStep);
        worst.Offer(std::abs(got.dscores[r * f.cols + i] - want),
                    [&] { return std::to_string(which); });
      }
    }
    std::printf("%-9s worst %.1e\n", TargetName(target), worst.value);
    INFO("case " << worst.where);
    CHECK(worst.value <= 1e-5);
  });
}

// Kills: a state of other tiles that gives a wrong sum; a row whose plan is
// far; parts of long rows.
TEST_CASE("states of any tiles keep the bound") {
  ForEachTarget([](Target target) {
    Random random(3);
    Worst worst;
    for (size_t k = 0; k < 60; ++k) {
      BackwardCase c;
      AttentionCase& f = c.forward;
      f.rows = 2;
      f.cols = 1 + random.Below(9000);
      const float height = k % 3 == 0 ? 4.0f : k % 3 == 1 ? 60.0f : 9000.0f;
      for (size_t i = 0; i < f.rows * f.cols; ++i) {
        f.scores.push_back(height * random.Normal());
      }
      c.dprobs.assign(c.Size(), 1.0f);
      c.delta.assign(f.rows, 0.0);
      std::vector<Part> parts =
          SplitKeys(f.cols, 1 + random.Below(f.cols), random);
      Shuffle(parts, random);
      ReadStates(c, parts, target);
      const Results got = ByTiles(c, {{0, f.cols}}, target);
      for (size_t r = 0; r < f.rows; ++r) {
        const AttentionReference want = ReferenceAttention(f, r);
        for (size_t i = 0; i < f.cols; ++i) {
          const float p = got.probs[r * f.cols + i];
          if (want.probs[i] < 0x1p-125) {
            worst.Offer(p <= 0x1p-124f ? 0.0 : HUGE_VAL,
                        [&] { return std::to_string(k); });
            continue;
          }
          worst.Offer(UlpError(p, want.probs[i]),
                      [&] { return std::to_string(k); });
        }
      }
    }
    std::printf("%-9s worst %.2f ULP\n", TargetName(target), worst.value);
    INFO("case " << worst.where);
    CHECK(worst.value <= kSoftmaxMaxUlp);
  });
}

// Kills: a bias that is not widened, or beyond the buffer that it is widened
// in.
TEST_CASE("a bias of a half type, and rows of several parts") {
  ForEachTarget([](Target target) {
    Random random(5);
    size_t wrong = 0;
    for (size_t k = 0; k < 400; ++k) {
      const ElementType type = kHalfTypes[k % 2];
      BackwardCase c;
      AttentionCase& f = c.forward;
      f.rows = 1 + random.Below(3);
      f.cols = 1 + random.Below(k % 4 == 0 ? 3000 : 200);
      std::vector<uint16_t> halves;
      for (size_t i = 0; i < f.rows * f.cols; ++i) {
        f.scores.push_back(3.0f * random.Normal());
        c.dprobs.push_back(random.Normal());
        halves.push_back(NarrowedBits(type, random.Normal()));
        f.bias.push_back(Widened(type, halves.back()));
      }
      if (k % 3 == 0) f.options.softcap = 20.0f;
      f.options.bias = Rows<const float>(f.bias.data(), f.rows, f.cols);
      ReadStates(c, {{0, f.cols}}, target);
      c.delta.assign(f.rows, 0.25);
      const Part whole{0, f.cols};
      const Results want = ByTiles(c, {whole}, target);
      wrong +=
          !SameBits(ByTiles(c, SplitKeys(f.cols, 100, random), target).dscores,
                    want.dscores);
      f.options.bias = {halves.data(), type, f.rows, f.cols};
      const Results got = ByTiles(c, {whole}, target);
      wrong += !SameBits(got.dscores, want.dscores);
      wrong += !SameBits(got.probs, want.probs);
      AnyMatrix p(type, f.rows, f.cols), dx(type, f.rows, f.cols);
      REQUIRE(RunTile(c, whole, dx.View(), p.View(), target) == Status::kOk);
      for (size_t i = 0; i < c.Size(); ++i) {
        const uint16_t bits = NarrowedBits(type, want.dscores[i]);
        wrong += !SameBits(dx.At(i / f.cols, i % f.cols), Widened(type, bits));
      }
    }
    CHECK(wrong == 0);
  });
}

// Kills: an input that is written before it is read; a result of a half type
// that is rounded twice, or of rounded probabilities.
TEST_CASE("in place, without probabilities, and of half types") {
  ForEachTarget([](Target target) {
    Random random(4);
    size_t wrong = 0;
    for (size_t k = 0; k < 2000; ++k) {
      BackwardCase c =
          MakeBackwardCase(random.Below(kCombinations), random, target);
      if (k % 2 == 0) Spoil(c.forward.scores, random);
      ReadStates(c, {{0, c.forward.cols}}, target);
      FullRows(c, target);
      const AttentionCase& f = c.forward;
      const Part whole{0, f.cols};
      const Results want = ByTiles(c, {whole}, target);
      const auto check = [&](const AnyRows& dscores, const AnyRows& probs) {
        REQUIRE(RunTile(c, whole, dscores, probs, target) == Status::kOk);
      };
      Floats dscores(c.Size());
      check(Rows<float>(dscores.data(), f.rows, f.cols), {});
      wrong += !SameBits(dscores, want.dscores);
      for (const ElementType type : kHalfTypes) {
        AnyMatrix p(type, f.rows, f.cols), dx(type, f.rows, f.cols);
        check(dx.View(), p.View());
        for (size_t i = 0; i < c.Size(); ++i) {
          const size_t r = i / f.cols, col = i % f.cols;
          wrong += !SameBits(p.At(r, col),
                             Widened(type, NarrowedBits(type, want.probs[i])));
          wrong +=
              !SameBits(dx.At(r, col),
                        Widened(type, NarrowedBits(type, want.dscores[i])));
        }
      }
      // The last: the views are those of the case.
      Floats& x = c.forward.scores;
      Floats other(c.Size());
      Floats* const places[4][2] = {{&x, &c.dprobs},
                                    {&c.dprobs, &x},
                                    {&x, &other},
                                    {&other, k % 16 < 8 ? &x : &c.dprobs}};
      Floats* const* const place = places[k / 2 % 4];
      check(Rows<float>(place[0]->data(), f.rows, f.cols),
            Rows<float>(place[1]->data(), f.rows, f.cols));
      wrong += !SameBits(*place[0], want.dscores);
      wrong += !SameBits(*place[1], want.probs);
    }
    CHECK(wrong == 0);
  });
}

// Kills: an argument of the C twin in another's place.
TEST_CASE("the C twin of the backward pass") {
  ForEachTarget([](Target target) {
    Random random(6);
    size_t wrong = 0;
    for (size_t k = 0; k < kCombinations; ++k) {
      BackwardCase c = MakeBackwardCase(k, random, target);
      FullRows(c, target);
      const AttentionCase& f = c.forward;
      const Results want = ByTiles(c, {{0, f.cols}}, target);
      // From the second key on, if there is one.
      const size_t begin = f.cols > 1 ? 1 : 0, cols = f.cols - begin;
      const AttentionOptions o = Tile(f, begin, f.cols).options.attention;
      softlane_attention_tile_options options =
          SOFTLANE_ATTENTION_TILE_DEFAULTS;
      options.attention = {
          o.scale,       o.softcap,       o.alibi_slope,
          o.bias_scale,  o.bias.data,     SOFTLANE_F32,
          o.bias.stride, o.keep.data,     o.keep.stride,
          o.lengths,     o.causal,        o.first_query,
          o.window,      f.options.sinks, static_cast<int>(o.empty_row)};
      options.first_key = begin;
      std::vector<softlane_softmax_state> states(f.rows);
      std::memcpy(states.data(), c.states.data(), f.rows * sizeof(states[0]));
      Results got{Floats(c.Size()), Floats(c.Size())};
      AnyMatrix half(ElementType::kBFloat16, f.rows, f.cols);
      const auto run = [&](void* dscores, int type) {
        return softlane_attention_tile_backward(
            f.scores.data() + begin, f.cols, c.dprobs.data() + begin, f.cols,
            states.data(), c.delta.data(), dscores, type, f.cols,
            got.probs.data() + begin, SOFTLANE_F32, f.cols, f.rows, cols,
            &options, static_cast<int>(target));
      };
      REQUIRE(run(half.View().At(0, begin), SOFTLANE_BF16) == SOFTLANE_OK);
      REQUIRE(run(got.dscores.data() + begin, SOFTLANE_F32) == SOFTLANE_OK);
      for (size_t i = 0; i < c.Size(); ++i) {
        if (i % f.cols < begin) continue;
        const float rounded = static_cast<float>(BFloat16(want.dscores[i]));
        wrong += !SameBits(got.dscores[i], want.dscores[i]) ||
                 !SameBits(got.probs[i], want.probs[i]) ||
                 !SameBits(half.At(i / f.cols, i % f.cols), rounded);
      }
    }
    CHECK(wrong == 0);
  });
}

}  // namespace
}  // namespace softlane
