// SPDX-License-Identifier: Apache-2.0
// The rows before a row must not change its result, even if their logits are
// far from its own. The exponent of its maximum is predicted from these rows.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "amount.h"
#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr float kInf = __builtin_inff();

// Nepers between rows: none, inside the range of a guess, at its ends, beyond,
// around and beyond the limit up to which logits are split as they are.
float MakeShift(Random& random) {
  switch (random.Below(8)) {
    case 0:
      return random.Uniform(-25.0f, 25.0f);
    case 1:
      return random.Uniform(-120.0f, 120.0f);
    case 2:
      return random.Uniform(2500.0f, 2900.0f);
    case 3:
      return random.Uniform(-4200.0f, -4000.0f);
    default:
      return 0.0f;
  }
}

// Elements as masks make them, and such as are next to 0 in the row.
void MakeLow(std::vector<float>& x, float shift, Random& random) {
  const float lows[] = {-kInf, -1e4f, -1e9f, -3.4e38f};
  const size_t kind = random.Below(8);
  for (float& v : x) {
    if (random.Below(3) != 0) continue;
    if (kind < 4) v = lows[kind];
    // 60 to 180 octaves below the largest.
    if (kind == 4) v = shift - random.Uniform(40.0f, 125.0f);
  }
  x[random.Below(x.size())] = shift + random.Uniform(-2.0f, 6.0f);
}

// All rows are unlike each other, or one is unlike the others: then only that
// one shows in what a group of rows has in common.
struct Batch {
  Batch(size_t rows, size_t cols, Random& random) : rows(rows), cols(cols) {
    const size_t odd = random.Below(rows);
    const size_t kind = random.Below(3);
    for (size_t r = 0; r < rows; ++r) {
      const bool is_odd = kind == 0 || r == odd;
      const Family family =
          is_odd ? kFamilies[random.Below(8)] : Family::kGaussian;
      const float shift = is_odd ? MakeShift(random) : 0.0f;
      std::vector<float> row = MakeRow(family, cols, random);
      for (float& v : row) v += shift;
      if (is_odd ? random.Below(2) == 0 : kind == 1) {
        MakeLow(row, shift, random);
      }
      if (is_odd) AddSpecial(row, random);
      x.insert(x.end(), row.begin(), row.end());
    }
  }
  static void AddSpecial(std::vector<float>& row, Random& random) {
    const size_t at = random.Below(row.size());
    if (random.Below(4) == 0) row[at] += random.Uniform(10.0f, 400.0f);
    if (random.Below(40) == 0) row[at] = __builtin_nanf("");
    if (random.Below(40) == 0) row[at] = kInf;
    if (random.Below(40) == 0) row.assign(row.size(), -kInf);
    // A maximum of -inf that may have lost the NaN.
    if (random.Below(40) == 0) {
      row.assign(row.size(), -kInf);
      row[at] = __builtin_nanf("");
    }
  }
  Rows<const float> Row(size_t r) const { return {&x[r * cols], 1, cols}; }
  // The same rows with gaps that look like rows.
  std::vector<float> Apart(size_t stride) const {
    std::vector<float> apart(rows * stride, 0.0f);
    for (size_t r = 0; r < rows; ++r) {
      std::copy_n(&x[r * cols], cols, &apart[r * stride]);
    }
    return apart;
  }

  size_t rows, cols;
  std::vector<float> x;
};

// SOFTLANE_ORDERS=200 runs the first 200 batches: for slow machines.
size_t NumBatches() { return Amount("SOFTLANE_ORDERS", 3000, 1000); }

// Kills: a guess that is not checked, or at one end only; a masked element that
// counts; a probability that is no normal number; a row that fails and is not
// done again from its logits, in place too; a sum that is not scaled as its
// maximum.
TEST_CASE("softmax of a row after any others") {
  ForEachTarget([](Target target) {
    Random random(1);
    Cases cases("softmax, any order of rows", target);
    const size_t batches = NumBatches();
    for (size_t k = 0; k < batches; ++k) {
      const size_t cols =
          1 + random.Below(k % 8 == 0 ? 800 : 200) + (k % 250 == 0 ? 1280 : 0);
      const Batch batch(2 + random.Below(k % 3 == 0 ? 50 : 12), cols, random);
      const SoftmaxOptions options = {
          random.Below(3) == 0 ? 0.37f : 1.0f,
          random.Below(2) == 0 ? EmptyRow::kNan : EmptyRow::kZero};
      std::vector<float> probs(batch.x.size()), in_place = batch.x;
      std::vector<float> with_log(batch.x.size()), log(batch.rows);
      const Rows<const float> x(batch.x.data(), batch.rows, cols);
      REQUIRE(Softmax(x, {probs.data(), batch.rows, cols}, options, target) ==
              Status::kOk);
      const Rows<float> same(in_place.data(), batch.rows, cols);
      REQUIRE(Softmax(same, same, options, target) == Status::kOk);
      const size_t stride = cols + 1 + random.Below(20);
      const std::vector<float> gaps = batch.Apart(stride);
      std::vector<float> of_gaps(batch.x.size());
      REQUIRE(Softmax({gaps.data(), batch.rows, cols, stride},
                      {of_gaps.data(), batch.rows, cols}, options,
                      target) == Status::kOk);
      REQUIRE(SoftmaxWithLogSumExp(x, {with_log.data(), batch.rows, cols},
                                   log.data(), options, target) == Status::kOk);
      for (size_t r = 0; r < batch.rows; ++r) {
        // Less than 512 elements: by the maximum. Else by a guess of its own.
        std::vector<float> want(cols);
        float want_log;
        REQUIRE(SoftmaxWithLogSumExp(batch.Row(r), {want.data(), 1, cols},
                                     &want_log, options,
                                     target) == Status::kOk);
        cases.Expect(IsRow(probs, r, want), "apart", cols, r);
        cases.Expect(IsRow(in_place, r, want), "in place", cols, r);
        cases.Expect(IsRow(of_gaps, r, want), "of rows with gaps", cols, r);
        cases.Expect(IsRow(with_log, r, want), "with logsumexp", cols, r);
        cases.Expect(SameBits(log[r], want_log), "logsumexp", cols, r);
      }
    }
  });
}

// All numbers of rows, two batches of 16 and more, of all lengths of up to
// three vectors of four. Kills: the last rows of a batch in a schedule that has
// no room for them.
TEST_CASE("softmax and log-softmax of any number of short rows") {
  ForEachTarget([](Target target) {
    Random random(3);
    Cases cases("any number of short rows", target);
    for (size_t cols = 1; cols <= 12; ++cols) {
      for (size_t rows = 1; rows <= 36; ++rows) {
        std::vector<float> x = MakeRow(Family::kGaussian, rows * cols, random);
        for (size_t r = 1; r < rows; r += 3) {
          for (size_t i = 1; i < cols; ++i) x[r * cols + i] = -kInf;
        }
        const Rows<const float> in(x.data(), rows, cols);
        std::vector<float> probs(x.size()), logs(x.size());
        REQUIRE(Softmax(in, {probs.data(), rows, cols}, {}, target) ==
                Status::kOk);
        REQUIRE(LogSoftmax(in, {logs.data(), rows, cols}, {}, target) ==
                Status::kOk);
        for (size_t r = 0; r < rows; ++r) {
          std::vector<float> want(cols);
          const Rows<float> out(want.data(), 1, cols);
          REQUIRE(Softmax(in.Slice(r, 1), out, {}, target) == Status::kOk);
          cases.Expect(IsRow(probs, r, want), "softmax", cols, r);
          REQUIRE(LogSoftmax(in.Slice(r, 1), out, {}, target) == Status::kOk);
          cases.Expect(IsRow(logs, r, want), "log-softmax", cols, r);
          if (r % 3 != 1) continue;
          cases.Expect(SameBits(want[0], 0.0f), "one finite logit", cols, r);
        }
      }
    }
  });
}

// The same with a bias, a boolean mask, both dense or one row for all, rows of
// different lengths, and a sink; most rows alone are too short for a guess.
// Kills: a division by the sum of another row, or of too many of its elements;
// a sink far from the row; a mask of another row.
TEST_CASE("attention of a row after any others") {
  ForEachTarget([](Target target) {
    Random random(2);
    Cases cases("attention, any order of rows", target);
    const size_t batches = NumBatches();
    for (size_t k = 0; k < batches; ++k) {
      const size_t cols = 1 + random.Below(k % 8 == 0 ? 600 : 64);
      const Batch batch(2 + random.Below(k % 4 == 1 ? 50 : 12), cols, random);
      const Batch bias(batch.rows, cols, random);
      std::vector<uint8_t> keep(batch.rows * cols);
      for (uint8_t& v : keep) v = random.Below(4) != 0;
      std::vector<float> sinks;
      std::vector<int32_t> lengths;
      for (size_t r = 0; r < batch.rows; ++r) {
        // Around both ends of a window, and inside.
        const float near = batch.x[r * cols + random.Below(cols)];
        sinks.push_back(near + random.Uniform(-130.0f, 40.0f));
        lengths.push_back(static_cast<int32_t>(random.Below(cols + 1)));
      }
      AttentionOptions options;
      if (k % 2 == 0)
        options.bias = Rows<const float>(bias.x.data(), batch.rows, cols);
      if (k % 3 == 0) options.sinks = sinks.data();
      if (k % 5 < 2) options.lengths = lengths.data();
      if (k % 7 < 2) options.keep = {keep.data(), batch.rows, cols};
      if (k % 4 >= 2) options.scale = 0.37f;
      if (k % 10 == 8) options.bias.stride = 0;
      if (k % 7 == 1) options.keep.stride = 0;
      std::vector<float> probs(batch.x.size()), in_place = batch.x;
      std::vector<float> log(batch.rows);
      REQUIRE(AttentionSoftmax({batch.x.data(), batch.rows, cols},
                               {probs.data(), batch.rows, cols}, options,
                               target) == Status::kOk);
      const Rows<float> same(in_place.data(), batch.rows, cols);
      REQUIRE(AttentionSoftmaxWithLogSumExp(same, same, log.data(), options,
                                            target) == Status::kOk);
      const size_t stride = cols + 1 + random.Below(20);
      const std::vector<float> gaps = batch.Apart(stride);
      std::vector<float> of_gaps(batch.x.size());
      REQUIRE(AttentionSoftmax({gaps.data(), batch.rows, cols, stride},
                               {of_gaps.data(), batch.rows, cols}, options,
                               target) == Status::kOk);
      std::vector<float> short_in_place = batch.x;
      const Rows<float> again(short_in_place.data(), batch.rows, cols);
      REQUIRE(AttentionSoftmax(again, again, options, target) == Status::kOk);
      for (size_t r = 0; r < batch.rows; ++r) {
        AttentionOptions alone = options;
        if (k % 2 == 0) alone.bias = options.bias.Slice(r, 1);
        if (k % 3 == 0) alone.sinks = &sinks[r];
        if (k % 5 < 2) alone.lengths = &lengths[r];
        if (k % 7 < 2) alone.keep = options.keep.Slice(r, 1);
        std::vector<float> want(cols);
        float want_log;
        REQUIRE(AttentionSoftmaxWithLogSumExp(batch.Row(r),
                                              {want.data(), 1, cols}, &want_log,
                                              alone, target) == Status::kOk);
        cases.Expect(IsRow(probs, r, want), "apart", cols, r);
        cases.Expect(IsRow(in_place, r, want), "in place, with logsumexp", cols,
                     r);
        cases.Expect(IsRow(short_in_place, r, want), "in place", cols, r);
        cases.Expect(IsRow(of_gaps, r, want), "of rows with gaps", cols, r);
        cases.Expect(SameBits(log[r], want_log), "logsumexp", cols, r);
      }
    }
  });
}

}  // namespace
}  // namespace softlane
