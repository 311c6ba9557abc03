// SPDX-License-Identifier: Apache-2.0
// Rows in parts: any split at multiples of kStateCols, in any order, by any
// tree of merges, on any mix of targets, gives the bits of one call.

#include "softlane/softmax_state.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "long_rows.h"
#include "reference.h"
#include "row_parts.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

struct Row {
  std::vector<float> x;
  float scale;
  EmptyRow empty_row;
};

struct Results {
  std::vector<float> probs, logs;
  float of_softmax, of_log;  // logsumexp
};

Results InOneCall(const Row& row, Target target) {
  const size_t n = row.x.size();
  const Rows<const float> x(row.x.data(), 1, n);
  Results want{std::vector<float>(n), std::vector<float>(n), 0.0f, 0.0f};
  const SoftmaxOptions options{row.scale, row.empty_row};
  REQUIRE(SoftmaxWithLogSumExp(x, {want.probs.data(), 1, n}, &want.of_softmax,
                               options, target) == Status::kOk);
  REQUIRE(LogSoftmax(x, {want.logs.data(), 1, n}, options, target) ==
          Status::kOk);
  REQUIRE(LogSumExp(x, &want.of_log, row.scale, target) == Status::kOk);
  return want;
}

// Each part on a target of its own.
SoftmaxState StateInParts(const Row& row, const std::vector<Part>& parts,
                          StateUse use, Random& random) {
  return ReadParts(parts, random, [&](const Part& part, SoftmaxState& to) {
    const Rows<const float> x(row.x.data() + part.begin, 1,
                              part.end - part.begin);
    REQUIRE(UpdateStates(x, part.begin, &to, {row.scale, use},
                         AnyTarget(random)) == Status::kOk);
  });
}

Results InParts(const Row& row, Random& random) {
  const size_t n = row.x.size();
  std::vector<Part> parts = SplitRow(n, random);
  const auto shuffled = [&]() {
    for (size_t k = parts.size(); k > 1; --k) {
      std::swap(parts[k - 1], parts[random.Below(k)]);
    }
  };
  const SoftmaxOptions options{row.scale, row.empty_row};
  Results got{row.x, std::vector<float>(n), 0.0f, 0.0f};
  shuffled();
  const SoftmaxState of_softmax =
      StateInParts(row, parts, StateUse::kSoftmax, random);
  shuffled();
  const SoftmaxState of_log =
      StateInParts(row, parts, StateUse::kLogSoftmax, random);
  for (const Part& part : parts) {
    const size_t cols = part.end - part.begin;
    const Rows<const float> x(row.x.data() + part.begin, 1, cols);
    const Rows<float> probs(got.probs.data() + part.begin, 1, cols);
    REQUIRE(SoftmaxFromStates(probs, &of_softmax, probs, options,
                              AnyTarget(random)) == Status::kOk);
    REQUIRE(LogSoftmaxFromStates(x, &of_log,
                                 {got.logs.data() + part.begin, 1, cols},
                                 options, AnyTarget(random)) == Status::kOk);
  }
  REQUIRE(LogSumExp(&of_softmax, 1, &got.of_softmax, row.scale,
                    AnyTarget(random)) == Status::kOk);
  REQUIRE(LogSumExp(&of_log, 1, &got.of_log, row.scale, AnyTarget(random)) ==
          Status::kOk);
  return got;
}

void Compare(const Row& row, Target target, const std::string& what,
             Random& random, Differences& differences) {
  const Results want = InOneCall(row, target), got = InParts(row, random);
  differences.Check(SameBits(got.probs, want.probs), what + ", softmax");
  differences.Check(SameBits(got.logs, want.logs), what + ", log-softmax");
  differences.Check(SameBits(got.of_softmax, want.of_softmax),
                    what + ", logsumexp with softmax");
  differences.Check(SameBits(got.of_log, want.of_log), what + ", logsumexp");
}

// Kills: a merge that is not exact; a state with fewer limbs; a state whose sum
// has another order than its use says; a part that is summed by the maximum of
// the part and not of its blocks; a last step by another exponent.
TEST_CASE("rows in parts have the bits of one call") {
  const size_t count = Amount("SOFTLANE_STATE_ROWS", 20000, 300);
  Random random(1);
  Differences differences;
  size_t done = 0;
  while (done < count) {
    const LongShape shape = kLongShapes[random.Below(std::size(kLongShapes))];
    const size_t n =
        1 + (random.Below(4) == 0 ? random.Below(4 * kStateCols)
                                  : random.Below(40) * (kStateCols / 16));
    Row row{MakeLongRow(shape, n, random), 1.0f, EmptyRow::kNan};
    if (random.Below(3) == 0) row.scale = random.Uniform(0.01f, 2.0f);
    if (random.Below(4) == 0) MakeFarBlocks(row.x, random);
    if (random.Below(9) == 0) {
      row.scale = std::ldexp(1.0f, static_cast<int>(random.Below(160)) - 80);
    }
    const std::string name = std::to_string(n) + " columns, shape " +
                             std::to_string(static_cast<int>(shape));
    Compare(row, AnyTarget(random), name, random, differences);
    ++done;
    if (done % 8 != 0 || n < 64) continue;
    for (auto& x : RowsAtChange(row.x, row.scale, random)) {
      row.x = std::move(x);
      Compare(row, AnyTarget(random), name + ", at a change", random,
              differences);
      ++done;
    }
  }
  differences.Report();
}

// The maximum is 6 octaves above 0: then a state keeps the last bit of a block
// that is 41 octaves below another, as its limbs are not far below that bit.
constexpr float kMaxOctaves = 6.0f;

// The least logit above `octaves`, counted from the maximum, whose exp value
// `is_wanted`. The exp value of the maximum has the exponent 4. NaN if there is
// none within half an octave.
template <class IsWanted>
float FindLogit(float octaves, float scale, const IsWanted& is_wanted) {
  const internal::ScaleParts parts = internal::SplitScale(scale);
  const float octave = 0.6931472f / scale;
  const ModelExp exp(internal::PlanRow(kMaxOctaves * octave, parts), parts);
  float x = (kMaxOctaves + octaves) * octave;
  for (const float end = x + 0.5f * octave; x < end;) {
    if (is_wanted(exp(x))) return x;
    x = std::nextafter(x, kInf);
  }
  return std::nanf("");
}

SoftmaxState Read(const std::vector<float>& x, size_t begin, size_t n,
                  float scale, Target target) {
  SoftmaxState state = {};
  REQUIRE(UpdateStates({x.data() + begin, 1, n}, begin, &state, {scale},
                       target) == Status::kOk);
  return state;
}

// Of two elements the last bits are halves of the last bits of sums: t of its
// sum with the largest, and u, a power of two, of its sum with t. A term that
// is 110 or 129 octaves below the largest decides u's, and so t's, and the last
// bit of the block's sum. Random rows never do that. Kills: terms that are
// dropped by the row's maximum, or by an offset for all blocks of the row, and
// not by the block's.
TEST_CASE(
    "terms far below a block's maximum count, whatever the other blocks") {
  float scale = 1.0f, u = std::nanf("");
  for (; !(u == u); scale -= 0x1p-10f) {
    u = FindLogit(-83.3f, scale, [](float e) { return e == 0x1p-79f; });
    if (u == u) break;
  }
  const float t = FindLogit(-30.1f, scale, [](float e) {
    return std::ilogb(e) == -26 && (BitsOf(e) & 3) == 1;
  });
  REQUIRE(t == t);
  const float octave = 0.6931472f / scale;
  std::vector<float> x(kStateCols + 64, -kInf);
  // The lanes of sum-inl.h: t + (u + tiny), and then the largest.
  x[0] = t;
  x[1] = kMaxOctaves * octave;
  x[4] = u;
  ForEachTarget([&](Target target) {
    std::vector<float> row = x;
    const SoftmaxState without = Read(row, 0, kStateCols, scale, target);
    for (const float tiny : {-110.0f, -129.0f}) {
      row[68] = (kMaxOctaves + tiny) * octave;
      const SoftmaxState with = Read(row, 0, kStateCols, scale, target);
      CHECK(std::memcmp(&with, &without, sizeof(with)) != 0);
      size_t wrong = 0;
      for (int octaves = -60; octaves <= 90; ++octaves) {
        row[kStateCols + 7] =
            (kMaxOctaves + static_cast<float>(octaves)) * octave;
        const SoftmaxState in_one = Read(row, 0, row.size(), scale, target);
        SoftmaxState merged = with;
        const SoftmaxState other = Read(row, kStateCols, 64, scale, target);
        REQUIRE(MergeStates(&merged, &other, 1) == Status::kOk);
        if (std::memcmp(&in_one, &merged, sizeof(merged)) != 0) ++wrong;
      }
      CHECK(wrong == 0);
    }
  });
}

}  // namespace
}  // namespace softlane
