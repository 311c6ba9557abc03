// SPDX-License-Identifier: Apache-2.0
// Attention by tiles against full rows: values, units, special values.

#include "softlane/attention_tile.h"

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "flash.h"
#include "long_rows.h"
#include "tile_case.h"

namespace softlane {
namespace {

std::vector<float> MakeValues(size_t n, Random& random) {
  std::vector<float> values(n);
  for (float& v : values) v = random.Normal();
  return values;
}

// The error of a result relative to sum_k p_k |v_k|, in units of 2^-24: of an
// exp value and of the sum, 1.5 + 3.5; of the accumulator, which rounds once a
// tile; and of the last product. A capped logit errs by kSoftcapMaxUlp.
double AllowedU(const AttentionOptions& options, size_t tiles,
                ElementType type) {
  double u = 5.0 + static_cast<double>(tiles) + 1.0;
  u += 2.0 * 2.0 * kSoftcapMaxUlp * double{options.softcap};
  if (type == ElementType::kBFloat16) u += 0x1p16;
  if (type == ElementType::kFloat16) u += 0x1p13;
  return u;
}

struct Tally {
  Worst worst, worst_log;
  int64_t most_shift = 0;
};

void Compare(const AttentionCase& c, Flash& flash, const std::vector<float>& v,
             size_t tiles, ElementType type, bool is_rounded, Target target,
             const std::string& name, Tally& tally) {
  std::vector<float> out(flash.rows * flash.dims), log(flash.rows);
  REQUIRE(FinishRows(flash.Accumulators(), flash.states.data(), c.options.sinks,
                     Rows<float>(out.data(), c.rows, flash.dims), log.data(),
                     c.options.empty_row, target) == Status::kOk);
  const auto describe = [&] { return name; };
  double u = AllowedU(c.options, tiles, type);
  if (is_rounded) u *= 2.0;
  for (size_t r = 0; r < c.rows; ++r) {
    const AttentionReference want = ReferenceAttention(c, r);
    const double log_allowed =
        kLogSumExpMaxError * std::max(1.0, std::abs(want.logsumexp)) +
        c.options.softcap * kSoftcapMaxUlp * 0x1p-23 +
        (is_rounded ? u * 0x1p-24 : 0.0);
    tally.worst_log.Offer(want.logsumexp == -HUGE_VAL
                              ? (log[r] == -kInf ? 0.0 : HUGE_VAL)
                              : std::abs(log[r] - want.logsumexp) / log_allowed,
                          describe);
    for (size_t d = 0; d < flash.dims; ++d) {
      const float got = out[r * flash.dims + d];
      double sum = 0.0, size = 0.0;
      for (size_t k = 0; k < c.cols; ++k) {
        sum += want.probs[k] * v[k * flash.dims + d];
        size += want.probs[k] * std::abs(v[k * flash.dims + d]);
      }
      // What is below 2^-126, or below half a unit of a Float16.
      const double flushed =
          static_cast<double>(c.cols) *
          (type == ElementType::kFloat16 ? 0x1p-29 : 0x1p-110);
      tally.worst.Offer(std::isnan(sum) ? (got != got ? 0.0 : HUGE_VAL)
                                        : std::abs(got - sum) /
                                              (u * 0x1p-24 * size + flushed),
                        describe);
    }
  }
}

// Kills: options that count from the tile's first key where they count from the
// row's; units that do not fit the shifts; a sum that is not that of the exp
// values; a sink that joins twice, or in other units.
TEST_CASE("tiles against full rows") {
  const size_t count = Amount("SOFTLANE_FLASH_CASES", 5000, 300);
  ForEachTarget([&](Target target) {
    Random random(1);
    Tally tally;
    for (size_t k = 0; k < count; ++k) {
      const float octaves = k % 3 == 0 ? 200.0f : k % 3 == 1 ? 20.0f : 0.0f;
      const AttentionCase c =
          MakeTileCase(random.Below(kCombinations), octaves, random);
      const ElementType type = kTypes[random.Below(3)];
      Flash flash(c.rows, 1 + random.Below(5));
      const std::vector<float> v = MakeValues(c.cols * flash.dims, random);
      std::vector<Part> parts =
          SplitKeys(c.cols, 1 + random.Below(c.cols), random);
      if (k % 2 == 0) Shuffle(parts, random);
      const bool is_rounded = random.Below(3) == 0;
      for (const Part& part : parts) {
        Tile tile(c, part.begin, part.end);
        tile.options.round_exps = is_rounded;
        flash.Read(tile, v, type, target);
      }
      Compare(c, flash, v, parts.size(), type, is_rounded, target,
              std::to_string(k), tally);
      tally.most_shift = std::max(tally.most_shift, flash.most_shift);
    }
    std::printf("%-9s worst %.2f and %.2f of the bounds, shifts of up to %d\n",
                TargetName(target), tally.worst.value, tally.worst_log.value,
                static_cast<int>(tally.most_shift));
    INFO("case " << tally.worst.where << ", logsumexp: case "
                 << tally.worst_log.where);
    CHECK(tally.worst.value <= 1.0);
    CHECK(tally.worst_log.value <= 1.0);
    CHECK(tally.most_shift > 150);
  });
}

// The reference octave of a maximum, from the header.
int64_t UnitOf(float max) {
  const double octave = std::nearbyint(double{max} * 1.4426950408889634);
  return static_cast<int64_t>(std::ceil(octave / 8.0) * 8.0) - 15;
}

// Kills: exp values in other units; a shift that is not the difference of the
// units; +0 for a value that is not tiny, and a subnormal value.
TEST_CASE("exp values and shifts have the units of the header") {
  constexpr double kFactor = 1.0877;  // a factor that all exp values have
  ForEachTarget([&](Target target) {
    Random random(4);
    size_t wrong = 0, wrong_shifts = 0, subnormal = 0;
    for (size_t k = 0; k < 2000; ++k) {
      const size_t n = 1 + random.Below(200);
      const float height = random.Uniform(-90.0f, 90.0f);
      std::vector<float> x(n);
      for (float& value : x) value = height + random.Uniform(-95.0f, 0.0f);
      const float before = random.Uniform(-90.0f, 90.0f);
      SoftmaxState state = {};
      REQUIRE(UpdateStates({&before, 1, 1}, 0, &state, {}, target) ==
              Status::kOk);
      std::vector<float> exps(n);
      int32_t shift = 1;
      REQUIRE(AttentionTile({x.data(), 1, n}, &state,
                            Rows<float>(exps.data(), 1, n), &shift, {},
                            target) == Status::kOk);
      const float own = *std::max_element(x.begin(), x.end());
      const int64_t unit = UnitOf(std::max(own, before));
      if (shift != UnitOf(before) - unit) ++wrong_shifts;
      for (size_t i = 0; i < n; ++i) {
        const double want = kFactor * std::exp(double{x[i]}) *
                            std::exp2(-static_cast<double>(unit));
        const bool is_tiny =
            want < 0x1.1p-126 || (own - x[i]) * 1.4426950 > 129.2;
        if (exps[i] == 0.0f ? !is_tiny
                            : std::abs(exps[i] / want - 1.0) > 0x1p-14) {
          ++wrong;
        }
        if (exps[i] != 0.0f && exps[i] < 0x1p-126f) ++subnormal;
      }
    }
    CHECK(wrong == 0);
    CHECK(wrong_shifts == 0);
    CHECK(subnormal == 0);
  });
}

// Kills: a masked key that is read into the maximum, or is not +0; NaN that is
// lost; a tile without keys that changes something.
TEST_CASE("special values in masked and unmasked places") {
  ForEachTarget([](Target target) {
    Differences cases;
    Random random(5);
    const float specials[] = {kNan, kInf, -kInf, 3e38f, -3e38f};
    for (size_t k = 0; k < 3000; ++k) {
      AttentionCase c =
          MakeAttentionCase(16 | (random.Below(kCombinations) & ~2u), random);
      const size_t at = random.Below(c.cols);
      const AttentionReference clean = ReferenceAttention(c, 0);
      c.scores[at] = specials[k % 5];
      const float special = c.options.scale * c.scores[at];  // may overflow
      const ElementType type = kTypes[random.Below(3)];
      const Tile tile(c, 0, c.cols);
      const TileBits got = ReadTile(tile, c.rows, type,
                                    std::vector<SoftmaxState>(c.rows), target);
      const bool by_bias =
          c.options.bias.data != nullptr && c.bias[at] == -kInf;
      const bool masked = clean.outside[at] || c.options.keep.data[at] == 0 ||
                          (by_bias && special == special && special != kInf);
      float log;
      std::vector<float> accumulator = {1.0f}, out = {7.0f};
      REQUIRE(FinishRows({accumulator.data(), 1, 1}, got.states.data(), nullptr,
                         Rows<float>(out.data(), 1, 1), &log, EmptyRow::kZero,
                         target) == Status::kOk);
      const bool is_special = !masked && !(special < kInf);  // NaN or +inf
      bool ok = is_special ? out[0] != out[0] && !(log < kInf)
                           : out[0] == out[0] && log < kInf;
      if (is_special)
        ok = ok && (special == kInf && !by_bias ? log == kInf : log != log);
      for (size_t i = 0; i < c.cols; ++i) {
        const bool is_masked =
            clean.outside[i] || c.options.keep.data[i] == 0 ||
            (c.options.bias.data != nullptr && c.bias[i] == -kInf && i != at);
        if (is_masked) ok = ok && BitsOf(got.exps[i]) == 0;
        if (is_special && !is_masked) ok = ok && got.exps[i] != got.exps[i];
      }
      cases.Check(ok, std::to_string(k));
    }
    // Nothing read: nothing changes, and the exp values are +0.
    float x = kNan, e = 7.0f;
    SoftmaxState state = {}, before = {};
    int32_t shift = 7;
    AttentionTileOptions options;
    options.attention.causal = true;
    options.first_key = 1;
    const Rows<float> exps(&e, 1, 1);
    REQUIRE(AttentionTile({&x, 1, 1}, &state, exps, &shift, options, target) ==
            Status::kOk);
    cases.Check(std::memcmp(&state, &before, sizeof(state)) == 0 &&
                    BitsOf(e) == 0 && shift == 0,
                "no key");
    cases.Report();
  });
}

// Kills: units or shifts that overflow where scores are huge.
TEST_CASE("far rows: shifts saturate, and lower rows vanish") {
  ForEachTarget([](Target target) {
    SoftmaxState state = {};
    const auto read = [&](float x, float& e) {
      int32_t shift = 7;
      REQUIRE(AttentionTile({&x, 1, 1}, &state, Rows<float>(&e, 1, 1), &shift,
                            {}, target) == Status::kOk);
      return shift;
    };
    float e;
    CHECK(read(-3e38f, e) == 0);
    const float peak = e;
    CHECK(peak >= 0x1p7f);
    CHECK(peak < 0x1p16f);
    CHECK(read(-1e30f, e) == INT32_MIN);
    CHECK(read(-5000.0f, e) == INT32_MIN);
    CHECK(read(-4990.0f, e) == -16);
    CHECK(read(5000.0f, e) == -14408);
    CHECK(read(-5000.0f, e) == 0);
    CHECK(BitsOf(e) == 0);
    CHECK(read(3e38f, e) == INT32_MIN);
    CHECK(read(5000.0f, e) == 0);
    CHECK(BitsOf(e) == 0);
  });
}

}  // namespace
}  // namespace softlane
