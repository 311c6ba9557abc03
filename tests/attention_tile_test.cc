// SPDX-License-Identifier: Apache-2.0
// Attention by tiles against full rows.

#include "softlane/attention_tile.h"

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "amount.h"
#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "flash.h"
#include "long_rows.h"

namespace softlane {
namespace {

constexpr size_t kCombinations = 1024;
constexpr ElementType kTypes[] = {ElementType::kFloat32, ElementType::kBFloat16,
                                  ElementType::kFloat16};

// A case whose maxima rise and fall from tile to tile by up to `octaves`.
AttentionCase MakeCase(size_t which, float octaves, Random& random) {
  AttentionCase c = MakeAttentionCase(which, random);
  const size_t step = 1 + random.Below(40);
  const float height = octaves * 0.6931472f / c.options.scale;
  for (size_t begin = 0; begin < c.cols; begin += step) {
    const float add = random.Uniform(-height, height);
    for (size_t r = 0; r < c.rows; ++r) {
      for (size_t k = begin; k < std::min(c.cols, begin + step); ++k) {
        c.scores[r * c.cols + k] += add;
      }
    }
  }
  return c;
}

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
          MakeCase(random.Below(kCombinations), octaves, random);
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

// What a row that has read everything by tiles gives.
struct TileBits {
  std::vector<float> exps;
  std::vector<SoftmaxState> states;
  std::vector<int32_t> shifts;
};
TileBits ReadTile(const Tile& tile, size_t rows, ElementType type,
                  std::vector<SoftmaxState> states, Target target) {
  TileBits bits{{}, std::move(states), std::vector<int32_t>(rows)};
  AnyMatrix exps(type, rows, tile.cols);
  REQUIRE(AttentionTile({tile.scores.data(), rows, tile.cols},
                        bits.states.data(), exps.View(), bits.shifts.data(),
                        tile.options, target) == Status::kOk);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t k = 0; k < tile.cols; ++k) bits.exps.push_back(exps.At(r, k));
  }
  return bits;
}

// Kills: a flush or a sum that follows the running maximum; a merge that
// depends on the order; bits that depend on the target.
TEST_CASE("tiles commute, on all targets") {
  Random random(2);
  Differences states, exps;
  const size_t count = Amount("SOFTLANE_FLASH_ORDERS", 1500, 200);
  for (size_t k = 0; k < count; ++k) {
    AttentionCase c = MakeCase(random.Below(kCombinations),
                               k % 2 == 0 ? 150.0f : 12.0f, random);
    if (k % 5 == 0) {
      const float specials[] = {kInf, -kInf, kNan, 3e38f, -3e38f, 1e5f};
      c.scores[random.Below(c.scores.size())] = specials[random.Below(6)];
    }
    const ElementType type = kTypes[random.Below(3)];
    const bool is_rounded =
        type != ElementType::kFloat16 && random.Below(2) == 0;
    std::vector<Part> parts = SplitKeys(c.cols, 1 + random.Below(90), random);
    std::vector<SoftmaxState> first;
    for (size_t order = 0; order < 3; ++order) {
      std::vector<SoftmaxState> got(c.rows);
      for (const Part& part : parts) {
        Tile tile(c, part.begin, part.end);
        tile.options.round_exps = is_rounded;
        const TileBits one =
            ReadTile(tile, c.rows, type, got, AnyTarget(random));
        const TileBits other =
            ReadTile(tile, c.rows, type, got, AnyTarget(random));
        exps.Check(SameBits(one.exps, other.exps) &&
                       one.shifts == other.shifts &&
                       AreSame(one.states, other.states),
                   std::to_string(k));
        got = one.states;
      }
      if (order == 0) first = got;
      states.Check(AreSame(first, got), std::to_string(k));
      Shuffle(parts, random);
    }
  }
  states.Report();
  exps.Report();
}

// Kills: a block that is not summed in the order of one call, or by another
// maximum than its own; tiles that are not split at multiples of kStateCols.
TEST_CASE("tiles of kStateCols keys have the states of UpdateStates") {
  Random random(3);
  Differences differences;
  const size_t count = Amount("SOFTLANE_FLASH_BLOCKS", 1500, 150);
  for (size_t k = 0; k < count; ++k) {
    const LongShape shape = kLongShapes[random.Below(std::size(kLongShapes))];
    const size_t n = random.Below(3) == 0 ? 1 + random.Below(4 * kStateCols)
                                          : 1 + random.Below(300);
    std::vector<float> x = MakeLongRow(shape, n, random);
    if (random.Below(4) == 0) MakeFarBlocks(x, random);
    const float scale = random.Below(2) == 0 ? 1.0f : 0.125f;
    std::vector<float> z = x;
    for (float& value : z) value *= scale;
    SoftmaxState want = {}, got = {};
    REQUIRE(UpdateStates({z.data(), 1, n}, 0, &want, {}, AnyTarget(random)) ==
            Status::kOk);
    std::vector<Part> parts = SplitRow(n, random);
    Shuffle(parts, random);
    const ElementType type = kTypes[random.Below(3)];
    for (const Part& part : parts) {
      const size_t cols = part.end - part.begin;
      AnyMatrix exps(type, 1, cols);
      AttentionTileOptions options;
      options.attention.scale = scale;
      options.first_key = part.begin;
      int32_t shift;
      REQUIRE(AttentionTile({x.data() + part.begin, 1, cols}, &got, exps.View(),
                            &shift, options, AnyTarget(random)) == Status::kOk);
      for (size_t c = 0; c < cols && got.max_key < 0xFF800000u; ++c) {
        const bool is_masked = x[part.begin + c] == -kInf;
        differences.Check(!is_masked || BitsOf(exps.At(0, c)) == 0, "not +0");
      }
    }
    differences.Check(std::memcmp(&got, &want, sizeof(got)) == 0,
                      std::to_string(k) + ", " + std::to_string(n) + " keys");
    // A tile that begins anywhere is split where UpdateStates splits it.
    AttentionTileOptions options;
    options.first_key = 1 + random.Below(kStateCols);
    AnyMatrix exps(type, 1, n);
    int32_t shift;
    want = got = {};
    REQUIRE(UpdateStates({z.data(), 1, n}, options.first_key, &want, {},
                         AnyTarget(random)) == Status::kOk);
    REQUIRE(AttentionTile({z.data(), 1, n}, &got, exps.View(), &shift, options,
                          AnyTarget(random)) == Status::kOk);
    differences.Check(std::memcmp(&got, &want, sizeof(got)) == 0, "split");
  }
  differences.Report();
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

// A logit that is usual in most rows, or a special one.
float AnyScore(size_t kind, Random& random) {
  const float specials[] = {kNan, kInf, -kInf, 3e38f, -3e38f, 5e3f, -5e3f};
  if (kind == 0 && random.Below(30) == 0) return specials[random.Below(7)];
  return (kind == 1 ? -kInf : 0.0f) + 9.0f * random.Normal();
}

// Kills: a group of rows that takes another row's maximum, sum, limbs or shift;
// rows that are not done; a block that is not full and is summed or stored
// otherwise; bits that depend on strides, or on exps in the place of scores.
TEST_CASE("a row of many has the bits of the row alone") {
  ForEachTarget([](Target target) {
    Random random(6);
    Differences differences;
    const size_t count = Amount("SOFTLANE_FLASH_GROUPS", 1200, 150);
    for (size_t k = 0; k < count; ++k) {
      const size_t rows = 1 + random.Below(40), cols = 1 + random.Below(300);
      const ElementType type = kTypes[random.Below(3)];
      const bool in_place = type == ElementType::kFloat32 && k % 2 == 0;
      const size_t stride = cols + random.Below(5);
      std::vector<float> scores(rows * stride, 77.0f);
      std::vector<SoftmaxState> states(rows);
      for (size_t r = 0; r < rows; ++r) {
        const size_t kind = random.Below(8);
        const float height = 40.0f * random.Normal();
        for (size_t c = 0; c < cols; ++c) {
          scores[r * stride + c] = height + AnyScore(kind, random);
        }
        if (random.Below(3) == 0) continue;
        const float up = random.Below(4) == 0 ? 300.0f : 5.0f * random.Normal();
        const float before[] = {height + up, AnyScore(random.Below(4), random)};
        REQUIRE(UpdateStates({before, 1, 2}, 0, &states[r], {}, target) ==
                Status::kOk);
      }
      AttentionTileOptions options;
      const float scales[] = {1.0f, 0.125f, 0.0884f, 0x1p50f};
      options.attention.scale = scales[random.Below(4)];
      options.first_key = random.Below(2) == 0 ? 0 : 4000;
      std::vector<int32_t> lengths(rows);
      for (int32_t& length : lengths) {
        length = static_cast<int32_t>(options.first_key + random.Below(cols));
      }
      if (random.Below(2) == 0) options.attention.lengths = lengths.data();
      std::vector<float> bias(rows * cols);
      std::vector<uint16_t> halves(rows * cols);
      const ElementType half =
          type == ElementType::kFloat32 ? kHalfTypes[random.Below(2)] : type;
      std::vector<uint8_t> keep(rows * cols, 1);
      if (random.Below(3) == 0) {
        for (float& b : bias) b = random.Normal();
        for (uint8_t& b : keep) b = random.Below(4) != 0;
        for (size_t i = 0; i < bias.size(); ++i) {
          halves[i] = NarrowedBits(half, bias[i]);
        }
        options.attention.bias = Rows<const float>(bias.data(), rows, cols);
        if (random.Below(2) == 0) {
          options.attention.bias = {halves.data(), half, rows, cols};
        }
        options.attention.keep = {keep.data(), rows, cols};
      }
      // Rows alone.
      std::vector<SoftmaxState> want_states = states;
      std::vector<int32_t> want_shifts(rows), shifts(rows, 7);
      std::vector<float> want;
      for (size_t r = 0; r < rows; ++r) {
        AttentionTileOptions alone = options;
        if (alone.attention.lengths != nullptr) alone.attention.lengths += r;
        alone.attention.bias = options.attention.bias.Slice(r, 1);
        alone.attention.keep = options.attention.keep.Slice(r, 1);
        AnyMatrix exps(type, 1, cols);
        REQUIRE(AttentionTile({scores.data() + r * stride, 1, cols},
                              &want_states[r], exps.View(), &want_shifts[r],
                              alone, Target::kBaseline) == Status::kOk);
        for (size_t c = 0; c < cols; ++c) want.push_back(exps.At(0, c));
      }
      AnyMatrix exps(type, rows, cols);
      const Rows<float> view(scores.data(), rows, cols, stride);
      REQUIRE(AttentionTile(view, states.data(),
                            in_place ? AnyRows(view) : exps.View(),
                            shifts.data(), options, target) == Status::kOk);
      bool ok = AreSame(states, want_states) && shifts == want_shifts;
      for (size_t i = 0; i < rows * cols; ++i) {
        const size_t r = i / cols, c = i % cols;
        ok = ok && SameBits(in_place ? view.Row(r)[c] : exps.At(r, c), want[i]);
      }
      for (size_t i = 0; in_place && i < scores.size(); ++i) {
        if (i % stride >= cols) ok = ok && scores[i] == 77.0f;
      }
      differences.Check(ok, std::to_string(k));
    }
    differences.Report();
  });
}

// Kills: a window of a new state that is not that of its first sum.
TEST_CASE("first sums at the borders of windows") {
  ForEachTarget([](Target target) {
    Differences differences;
    for (int octave = -300; octave <= 300; ++octave) {
      for (int eighth = -5; eighth <= 5; ++eighth) {
        for (const size_t n : {1, 2, 40}) {
          const float x =
              (static_cast<float>(octave) + static_cast<float>(eighth) / 8.0f) *
              0.6931472f;
          const std::vector<float> z(n, x);
          SoftmaxState want = {}, got = {};
          REQUIRE(UpdateStates({z.data(), 1, n}, 0, &want, {}, target) ==
                  Status::kOk);
          std::vector<float> exps(n);
          int32_t shift;
          REQUIRE(AttentionTile({z.data(), 1, n}, &got,
                                Rows<float>(exps.data(), 1, n), &shift, {},
                                target) == Status::kOk);
          differences.Check(std::memcmp(&got, &want, sizeof(got)) == 0,
                            std::to_string(octave));
        }
      }
    }
    // -0 is +0. A state of another use is none of attention's.
    const float zero = -0.0f;
    float e;
    int32_t shift;
    SoftmaxState want = {}, got = {}, other = {};
    const Rows<const float> x(&zero, 1, 1);
    REQUIRE(UpdateStates(x, 0, &want, {}, target) == Status::kOk);
    REQUIRE(AttentionTile(x, &got, Rows<float>(&e, 1, 1), &shift, {}, target) ==
            Status::kOk);
    differences.Check(std::memcmp(&got, &want, sizeof(got)) == 0, "-0");
    REQUIRE(UpdateStates(x, 0, &other, {1.0f, StateUse::kLogSoftmax}, target) ==
            Status::kOk);
    CHECK(AttentionTile(x, &other, Rows<float>(&e, 1, 1), &shift, {}, target) ==
          Status::kBadOption);
    differences.Report();
  });
}

uint64_t AddWord(uint64_t word, uint64_t digest) {
  return (digest ^ word) * 0x100000001B3u;
}

// Kills: bits that no target has by chance, but another machine.
TEST_CASE("digests of tiles") {
  ForEachTarget([](Target target) {
    Random random(7);
    uint64_t digest = 0xCBF29CE484222325u;
    for (size_t k = 0; k < 400; ++k) {
      const AttentionCase c = MakeCase(random.Below(kCombinations),
                                       k % 2 == 0 ? 90.0f : 6.0f, random);
      const ElementType type = kTypes[random.Below(3)];
      std::vector<SoftmaxState> states(c.rows);
      for (const Part& part : SplitKeys(c.cols, 100, random)) {
        Tile tile(c, part.begin, part.end);
        tile.options.round_exps = k % 3 == 0;
        const TileBits bits = ReadTile(tile, c.rows, type, states, target);
        states = bits.states;
        for (const float e : bits.exps) digest = AddWord(BitsOf(e), digest);
        for (const int32_t shift : bits.shifts) {
          digest = AddWord(static_cast<uint32_t>(shift), digest);
        }
      }
      for (const SoftmaxState& state : states) {
        digest = AddWord(state.max_key, digest);
        digest = AddWord(static_cast<uint32_t>(state.window), digest);
        for (const int64_t limb : state.limbs) {
          digest = AddWord(static_cast<uint64_t>(limb), digest);
        }
      }
    }
    std::printf("%-9s %016llx\n", TargetName(target),
                static_cast<unsigned long long>(digest));
    CHECK(digest == 0x53dfad618d9ddb9bu);
  });
}

}  // namespace
}  // namespace softlane
