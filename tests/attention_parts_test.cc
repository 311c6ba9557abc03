// SPDX-License-Identifier: Apache-2.0
// What is done with the accumulators of attention's tiles: they are scaled,
// merged and finished.

#include <cmath>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "flash.h"
#include "long_rows.h"
#include "softlane/attention_tile.h"

namespace softlane {
namespace {

Rows<float> RowOf(std::vector<float>& values) {
  return {values.data(), 1, values.size()};
}

// Kills: a factor that is rounded; a shift that wraps; a row without a shift
// that is written.
TEST_CASE("scaled rows are exact, and rounded once below the normal floats") {
  const float x[] = {1.0f, -0x1.fffffep127f, 0x1p-126f, 0x1.8p-149f, -0.0f};
  for (int32_t shift = -320; shift <= 320; ++shift) {
    std::vector<float> got(std::begin(x), std::end(x));
    REQUIRE(ScaleRows(RowOf(got), &shift) == Status::kOk);
    for (size_t i = 0; i < got.size(); ++i) {
      CHECK(SameBits(got[i],
                     static_cast<float>(std::ldexp(double{x[i]}, shift))));
    }
  }
  for (const int32_t shift : {INT32_MIN, INT32_MIN + 7, -2000, -1022, -1023}) {
    std::vector<float> got = {3e38f, -1.0f};
    REQUIRE(ScaleRows(RowOf(got), &shift) == Status::kOk);
    CHECK(SameBits(got, {0.0f, -0.0f}));
  }
  for (const int32_t shift : {INT32_MAX, 2000, 1023, 1024}) {
    std::vector<float> got = {0x1p-149f, -1.0f, 0.0f};
    REQUIRE(ScaleRows(RowOf(got), &shift) == Status::kOk);
    CHECK(SameBits(got, {kInf, -kInf, 0.0f}));
  }
  // Rows by a stride; what is between them stays.
  std::vector<float> rows(3 * 5, 2.0f);
  const float signaling = FromBits(0x7FA00000);
  rows[5] = signaling;
  const int32_t shifts[] = {-8, 0, 16};
  REQUIRE(ScaleRows({rows.data(), 3, 4, 5}, shifts) == Status::kOk);
  for (size_t i = 0; i < rows.size(); ++i) {
    const float want = i % 5 == 4 ? 2.0f
                       : i < 5    ? 0x1p-7f
                       : i < 10   ? 2.0f
                                  : 0x1p17f;
    CHECK(BitsOf(rows[i]) == BitsOf(i == 5 ? signaling : want));
  }
}

std::vector<SoftmaxState> StatesOf(const std::vector<float>& z, Target target) {
  std::vector<SoftmaxState> states(1);
  REQUIRE(UpdateStates({z.data(), 1, z.size()}, 0, states.data(), {}, target) ==
          Status::kOk);
  return states;
}

// Kills: a sink in other units; a row that is empty only for one of the two;
// special rows that are not found in both.
TEST_CASE("finished rows: sinks, empty rows, special rows, element types") {
  ForEachTarget([](Target target) {
    const float kValues[] = {kNan,  kInf, -kInf, 3.0f,   -100.0f,
                             90.0f, 6e3f, -6e3f, -3e38f, 3e38f};
    for (const float z : kValues) {
      for (const float sink : kValues) {
        for (const EmptyRow empty_row : {EmptyRow::kNan, EmptyRow::kZero}) {
          const std::vector<SoftmaxState> states = StatesOf({z}, target);
          // The accumulator of one key whose value is 2.
          float e = 0.0f;
          int32_t shift;
          SoftmaxState same = {};
          REQUIRE(AttentionTile({&z, 1, 1}, &same, Rows<float>(&e, 1, 1),
                                &shift, {}, target) == Status::kOk);
          REQUIRE(AreSame({same}, states));
          std::vector<float> x = {2.0f * e}, y = {7.0f};
          float log = 7.0f;
          REQUIRE(FinishRows(RowOf(x), states.data(), &sink, RowOf(y), &log,
                             empty_row, target) == Status::kOk);
          const double max = std::fmax(z, sink);
          const double p = 1.0 / (1.0 + std::exp(double{sink} - z));
          INFO(z << ", " << sink);
          if (z != z || sink != sink) {
            CHECK(y[0] != y[0]);
            CHECK(log != log);
          } else if (max == HUGE_VAL) {
            CHECK(y[0] != y[0]);
            CHECK(log == kInf);
          } else if (max == -HUGE_VAL) {
            CHECK(SameBits(y[0], empty_row == EmptyRow::kZero ? 0.0f : kNan));
            CHECK(log == -kInf);
          } else if (z == -kInf) {
            CHECK(BitsOf(y[0]) == 0);
            CHECK(BitsOf(log) == BitsOf(sink));
          } else {
            CHECK(std::abs(y[0] - 2.0 * p) <= 8.0 * 0x1p-24 * p + 0x1p-140);
            const double want =
                max + std::log1p(std::exp(std::fmin(z, sink) - max));
            CHECK(std::abs(log - want) <=
                  kLogSumExpMaxError * std::max(1.0, std::abs(want)));
          }
        }
      }
    }
    // Other types, and in place; longer rows than a chunk.
    Random random(1);
    const std::vector<SoftmaxState> one = StatesOf({1.0f, 2.0f}, target);
    const std::vector<SoftmaxState> states = {one[0], SoftmaxState{}, one[0]};
    const size_t cols = 1100;
    std::vector<float> x(3 * cols), floats(3 * cols);
    for (float& value : x) value = 1e4f * random.Normal();
    REQUIRE(FinishRows({x.data(), 3, cols}, states.data(), nullptr,
                       Rows<float>(floats.data(), 3, cols), nullptr,
                       EmptyRow::kNan, target) == Status::kOk);
    for (const ElementType type : kHalfTypes) {
      AnyMatrix halves(type, 3, cols);
      REQUIRE(FinishRows({x.data(), 3, cols}, states.data(), nullptr,
                         halves.View(), nullptr, EmptyRow::kNan,
                         target) == Status::kOk);
      size_t wrong = 0;
      for (size_t i = 0; i < floats.size(); ++i) {
        const float want = Widened(type, NarrowedBits(type, floats[i]));
        if (!SameBits(halves.At(i / cols, i % cols), want)) ++wrong;
      }
      CHECK(wrong == 0);
    }
    const Rows<float> view(x.data(), 3, cols);
    REQUIRE(FinishRows(view, states.data(), nullptr, view, nullptr,
                       EmptyRow::kNan, target) == Status::kOk);
    CHECK(SameBits(x, floats));
    CHECK(x[cols] != x[cols]);
  });
}

// Kills: the logsumexp of another use; a sum in units that lose bits.
TEST_CASE("the logsumexp is that of one call") {
  Random random(2);
  Differences differences;
  for (size_t k = 0; k < 2000; ++k) {
    const LongShape shape = kLongShapes[random.Below(std::size(kLongShapes))];
    const std::vector<float> z =
        MakeLongRow(shape, 1 + random.Below(6000), random);
    std::vector<float> probs(z.size()), none(1);
    float want, got;
    REQUIRE(SoftmaxWithLogSumExp({z.data(), 1, z.size()}, RowOf(probs), &want,
                                 {}, AnyTarget(random)) == Status::kOk);
    REQUIRE(FinishRows(RowOf(none), StatesOf(z, AnyTarget(random)).data(),
                       nullptr, RowOf(none), &got, EmptyRow::kZero,
                       AnyTarget(random)) == Status::kOk);
    differences.Check(SameBits(got, want), std::to_string(k));
  }
  differences.Report();
}

// Rows of four parts of keys, each by tiles of its own.
std::vector<Flash> PartsOf(const AttentionCase& c, const std::vector<float>& v,
                           size_t dims, Random& random) {
  std::vector<Flash> parts;
  std::vector<size_t> cuts = {0};
  for (size_t k = 0; k < 3; ++k) cuts.push_back(random.Below(c.cols + 1));
  cuts.push_back(c.cols);
  std::sort(cuts.begin(), cuts.end());
  for (size_t k = 0; k < 4; ++k) {
    parts.emplace_back(c.rows, dims);
    if (cuts[k] == cuts[k + 1]) continue;
    parts[k].Read(Tile(c, cuts[k], cuts[k + 1]), v, ElementType::kFloat32,
                  AnyTarget(random));
  }
  return parts;
}
void MergeInto(Flash& into, const Flash& from) {
  REQUIRE(MergeAttention(into.Accumulators(), into.states.data(),
                         {from.accumulators.data(), from.rows, from.dims},
                         from.states.data()) == Status::kOk);
}

// The outputs of a part, and its logsumexp.
struct Finished {
  std::vector<float> out, logsumexp;
};
Finished FinishPart(Flash& part, const float* sinks, Target target) {
  Finished f{std::vector<float>(part.accumulators.size()),
             std::vector<float>(part.rows)};
  REQUIRE(FinishRows(part.Accumulators(), part.states.data(), sinks,
                     Rows<float>(f.out.data(), part.rows, part.dims),
                     f.logsumexp.data(), EmptyRow::kZero,
                     target) == Status::kOk);
  return f;
}

// Kills: parts added in different units; a part that has read nothing and is
// read; a merge that depends on the order; weights that do not add to 1.
TEST_CASE("merged parts: states in any order, two parts in both, full rows") {
  Random random(3);
  Differences states, two, full;
  for (size_t k = 0; k < 3000; ++k) {
    AttentionCase c = MakeAttentionCase(random.Below(1024), random);
    const float height = (k % 2 == 0 ? 200.0f : 10.0f) / c.options.scale;
    const size_t step = 1 + random.Below(30);
    for (size_t i = 0; i < c.scores.size(); ++i) {
      const size_t key = i % c.cols / step;
      c.scores[i] += height * static_cast<float>(key * 5 % 7) / 7.0f;
    }
    c.options.softcap = 0.0f;
    const size_t dims = 3;
    std::vector<float> v(c.cols * dims);
    for (float& value : v) value = random.Normal();
    std::vector<Flash> parts = PartsOf(c, v, dims, random);
    // Accumulators of rows that have read nothing are not read.
    for (Flash& part : parts) {
      for (size_t r = 0; r < c.rows; ++r) {
        if (part.states[r].max_key == 0) {
          part.accumulators[r * dims] = kNan;
        }
      }
    }
    Flash ab = parts[0], ba = parts[1];
    MergeInto(ab, parts[1]);
    MergeInto(ba, parts[0]);
    bool are_same = AreSame(ab.states, ba.states);
    for (size_t i = 0; i < ab.accumulators.size(); ++i) {
      // Accumulators of a row without a sum have no meaning.
      const bool has_sum = ab.states[i / dims].max_key > 0x007FFFFF;
      are_same = are_same &&
                 (!has_sum || SameBits(ab.accumulators[i], ba.accumulators[i]));
    }
    two.Check(are_same, std::to_string(k));
    // ((3 2) 0) 1 and (0 1) (2 3).
    Flash tree = parts[3], cd = parts[2];
    MergeInto(tree, parts[2]);
    MergeInto(tree, parts[0]);
    MergeInto(tree, parts[1]);
    MergeInto(cd, parts[3]);
    MergeInto(ab, cd);
    states.Check(AreSame(tree.states, ab.states), std::to_string(k));
    const Finished got = FinishPart(tree, c.options.sinks, AnyTarget(random));
    // The sink is in the first part.
    Finished merged = FinishPart(parts[0], c.options.sinks, AnyTarget(random));
    for (size_t i = 1; i < 4; ++i) {
      const Finished part = FinishPart(parts[i], nullptr, AnyTarget(random));
      REQUIRE(MergeAttention(
                  {merged.out.data(), c.rows, dims}, merged.logsumexp.data(),
                  {part.out.data(), c.rows, dims}, part.logsumexp.data(),
                  AnyTarget(random)) == Status::kOk);
    }
    bool ok = true;
    for (size_t r = 0; r < c.rows; ++r) {
      const AttentionReference want = ReferenceAttention(c, r);
      const bool is_empty = want.logsumexp == -HUGE_VAL;
      const double allowed =
          kLogSumExpMaxError * std::max(1.0, std::abs(want.logsumexp));
      ok = ok &&
           (is_empty ? got.logsumexp[r] == -kInf && merged.logsumexp[r] == -kInf
                     : std::abs(got.logsumexp[r] - want.logsumexp) <= allowed &&
                           std::abs(merged.logsumexp[r] - want.logsumexp) <=
                               4.0 * allowed);
      for (size_t d = 0; d < dims; ++d) {
        double sum = 0.0, size = 0.0;
        for (size_t i = 0; i < c.cols; ++i) {
          const double p = is_empty ? 0.0 : want.probs[i];
          sum += p * v[i * dims + d];
          size += p * std::abs(v[i * dims + d]);
        }
        const size_t i = r * dims + d;
        ok = ok &&
             std::abs(got.out[i] - sum) <= 12.0 * 0x1p-24 * size + 0x1p-100 &&
             std::abs(merged.out[i] - sum) <=
                 (30.0 + (is_empty ? 0.0 : 8.0 * std::abs(want.logsumexp))) *
                         0x1p-24 * size +
                     0x1p-100;
      }
    }
    full.Check(ok, std::to_string(k));
  }
  states.Report();
  two.Report();
  full.Report();
}

// Kills: a special row that is merged as a number; a row that is not there and
// is read.
TEST_CASE("merged parts of special values") {
  ForEachTarget([](Target target) {
    const auto merge = [&](float x, float log, float y, float from_log,
                           float want, float want_log) {
      REQUIRE(MergeAttention(Rows<float>(&x, 1, 1), &log, {&y, 1, 1}, &from_log,
                             target) == Status::kOk);
      CHECK(SameBits(x, want));
      CHECK(SameBits(log, want_log));
    };
    merge(3.0f, 2.0f, kNan, -kInf, 3.0f, 2.0f);
    merge(kNan, -kInf, 3.0f, 2.0f, 3.0f, 2.0f);
    merge(kNan, -kInf, 0.0f, -kInf, kNan, -kInf);
    merge(3.0f, 2.0f, 1.0f, kInf, kNan, kInf);
    merge(3.0f, kInf, 1.0f, 1.0f, kNan, kInf);
    merge(3.0f, kNan, 1.0f, kInf, kNan, kNan);
    merge(3.0f, kInf, 1.0f, kNan, kNan, kNan);
    merge(3.0f, 1e30f, 1.0f, -1e30f, 3.0f, 1e30f);
    merge(3.0f, -2e30f, 1.0f, -1e30f, 1.0f, -1e30f);
    merge(1.0f, 5.0f, 3.0f, 5.0f, 2.0f, 5.6931471f);
  });
}

// Kills: an operand that is not looked at; a state of another use.
TEST_CASE("errors: nothing is written") {
  std::vector<float> x = {1.0f, 2.0f}, y = {3.0f, 4.0f}, logs = {5.0f, 6.0f};
  const std::vector<float> old_x = x, old_y = y, old_logs = logs;
  const Rows<float> a(x.data(), 2, 1), b(y.data(), 2, 1);
  const int32_t shifts[] = {8, 8};
  std::vector<SoftmaxState> states(2), others(2);
  const float z[] = {1.0f, 2.0f};
  REQUIRE(UpdateStates({z, 2, 1}, 0, others.data(),
                       {1.0f, StateUse::kLogSoftmax}) == Status::kOk);
  const Target none = static_cast<Target>(77);
  const auto empty = static_cast<EmptyRow>(2);
  CHECK(ScaleRows(a, nullptr) == Status::kNullPointer);
  CHECK(ScaleRows({x.data(), 2, 1, 0}, shifts) == Status::kBadShape);
  CHECK(ScaleRows(a, reinterpret_cast<int32_t*>(x.data())) == Status::kOverlap);
  CHECK(MergeAttention(a, nullptr, b, states.data()) == Status::kNullPointer);
  CHECK(MergeAttention(a, states.data(), {y.data(), 1, 2}, states.data()) ==
        Status::kBadShape);
  CHECK(MergeAttention(a, states.data(), b, states.data()) == Status::kOverlap);
  CHECK(MergeAttention(a, states.data(), b, others.data()) ==
        Status::kBadOption);
  CHECK(MergeAttention(a, others.data(), b, states.data()) ==
        Status::kBadOption);
  CHECK(MergeAttention(a, logs.data(), b, x.data()) == Status::kOverlap);
  CHECK(MergeAttention(a, logs.data(), b, z, none) ==
        Status::kTargetUnavailable);
  CHECK(FinishRows(a, nullptr, nullptr, b, nullptr) == Status::kNullPointer);
  CHECK(FinishRows(a, states.data(), nullptr, b, y.data()) == Status::kOverlap);
  CHECK(FinishRows(a, others.data(), nullptr, b, nullptr) ==
        Status::kBadOption);
  CHECK(FinishRows(a, states.data(), nullptr, b, nullptr, empty) ==
        Status::kBadOption);
  CHECK(FinishRows(a, states.data(), nullptr, b, nullptr, EmptyRow::kNan,
                   none) == Status::kTargetUnavailable);
  CHECK(SameBits(x, old_x));
  CHECK(SameBits(y, old_y));
  CHECK(SameBits(logs, old_logs));
}

}  // namespace
}  // namespace softlane
