// SPDX-License-Identifier: Apache-2.0
// A row of the result depends on the same row of the input and on the options
// only. Every target, compiler and build type gives the digests below, whatever
// the place of the row and its neighbours are.
//
// SOFTLANE_ROWS=1000000 same_bits_test runs more rows. Rows after those of the
// digests are compared over layouts, too, and their digest is printed. For slow
// machines, SOFTLANE_BATCH_STEP=16 compares every 16th row over layouts.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "part_operations.h"
#include "reference.h"
#include "same_bits_golden.h"

namespace softlane {
namespace {

// FNV-1a over words; every NaN counts as the same.
void AddToDigest(const std::vector<float>& values, uint64_t* digest) {
  for (const float value : values) {
    const uint32_t bits = value != value ? 0x7FC00000u : BitsOf(value);
    *digest = (*digest ^ bits) * 0x100000001B3u;
  }
}

struct Row {
  std::vector<float> x, second;
};

Row MakeTestRow(Random& random) {
  const size_t pick = random.Below(1000);
  const size_t max_cols = pick < 700   ? 128
                          : pick < 900 ? 2000
                          : pick < 999 ? 10000
                                       : 300000;
  const size_t n = 1 + random.Below(max_cols);
  Row row;
  row.x = MakeRow(kFamilies[random.Below(8)], n, random);
  row.second.resize(n);
  for (float& v : row.second) v = random.Uniform(-4.0f, 4.0f);
  switch (random.Below(16)) {
    case 0:  // huge, and beyond the largest float
      for (float& v : row.x) v *= 0x1p100f;
      break;
    case 1:  // beyond the limit for logits that are split as they are
      for (float& v : row.x) v += 5000.0f;
      break;
    case 2:
      row.x[random.Below(n)] = kNan;
      break;
    case 3:
      row.x[random.Below(n)] = kInf;
      break;
    case 4:
      row.x.assign(n, -kInf);
      break;
    default:
      break;
  }
  return row;
}

struct Results {
  std::vector<float> y, per_row;
};

Results RunAlone(const Operation& operation, const Row& row, Target target) {
  const size_t n = row.x.size();
  Results results{std::vector<float>(operation.has_rows ? n : 0),
                  std::vector<float>(operation.has_row_results ? 1 : 0)};
  const Operands o{Rows<const float>(row.x.data(), 1, n),
                   Rows<const float>(row.second.data(), 1, n),
                   Rows<float>(results.y.data(), 1, n), results.per_row.data()};
  REQUIRE(operation.run(o, target) == Status::kOk);
  return results;
}

// The row as one of some, half of the others without special values; strides,
// offsets, and an output of its own or in place are chosen at random.
Results RunInBatch(const Operation& operation, const Row& row, Target target,
                   Random& random) {
  const size_t n = row.x.size();
  // Short rows in more than two groups of 16.
  const size_t rows = 1 + random.Below(n <= 130 ? 40 : 9);
  const size_t at = random.Below(rows);
  const auto place = [&](const std::vector<float>& from, size_t stride,
                         size_t offset, std::vector<float>* buffer) {
    buffer->assign(offset + rows * stride, 0.5f);
    const Rows<float> view(buffer->data() + offset, rows, n, stride);
    for (size_t r = 0; r < rows; ++r) {
      float* const out = view.Row(r);
      if (r == at) {
        std::copy(from.begin(), from.end(), out);
        continue;
      }
      const size_t turn = 7 * r % n;  // the others are the row, turned
      for (size_t i = 0; i < n; ++i) {
        const float other = from[i < n - turn ? i + turn : i + turn - n] * 0.5f;
        const bool keep = r % 2 == 0 || std::abs(other) < 1000.0f;
        out[i] = keep ? other : 1.0f;
      }
    }
    return view;
  };
  std::vector<float> x, second, y, per_row(rows);
  Operands o;
  const Rows<float> in =
      place(row.x, n + random.Below(20), random.Below(16), &x);
  const Rows<float> in_second =
      place(row.second, n + random.Below(20), random.Below(16), &second);
  o.x = in;
  o.second = in_second;
  const bool may_replace = operation.has_second && !operation.is_loss;
  const size_t in_place = random.Below(may_replace ? 3 : 2);
  o.y = in_place == 0 ? place(row.x, n + random.Below(20), random.Below(16), &y)
        : in_place == 1 ? in
                        : in_second;
  o.row_results = per_row.data();
  REQUIRE(operation.run(o, target) == Status::kOk);
  Results results;
  if (operation.has_rows) results.y.assign(o.y.Row(at), o.y.Row(at) + n);
  if (operation.has_row_results) results.per_row.assign(1, per_row[at]);
  return results;
}

// The digest of an operation after some rows, and the digest that is expected.
struct Run {
  explicit Run(const Operation& o) : operation(o) {
    for (const Golden& g : kGolden) {
      if (std::string(g.operation) == o.name) golden = &g;
    }
  }

  const Operation& operation;
  const Golden* golden = nullptr;
  Random layouts{2};
  uint64_t digest = 0xCBF29CE484222325u;
};

// Kills: another order of additions, a contracted product, another tail, a
// threshold that one target has elsewhere, a schedule with roundings of its
// own.
TEST_CASE("same bits") {
  ForEachTarget([](Target target) {
    // The baseline is slow: by itself it does the first of them only.
    const size_t full = target == Target::kBaseline ? kFewRows : kManyRows;
    const size_t rows = Amount("SOFTLANE_ROWS", full, kFewRows);
    const size_t step = Amount("SOFTLANE_BATCH_STEP", 1, 1);
    size_t different = 0;
    std::string where = "nowhere";
    const std::vector<Operation> operations = AllOperations();
    std::vector<Run> runs;
    for (const Operation& operation : operations) runs.emplace_back(operation);
    Random random(1);
    for (size_t r = 1; r <= rows; ++r) {
      const Row row = MakeTestRow(random);
      for (Run& run : runs) {
        const Operation& operation = run.operation;
        const Results alone = RunAlone(operation, row, target);
        if (r % step == 0) {
          const Results batch = RunInBatch(operation, row, target, run.layouts);
          if (!SameBits(alone.y, batch.y) ||
              !SameBits(alone.per_row, batch.per_row)) {
            where = std::string(operation.name) + ", row " + std::to_string(r);
            ++different;
          }
        }
        AddToDigest(alone.y, &run.digest);
        AddToDigest(alone.per_row, &run.digest);
        if (r != kFewRows && r != kManyRows && r != rows) continue;
        std::printf("%-9s %-26s %7zu rows: %016llx\n", TargetName(target),
                    operation.name, r,
                    static_cast<unsigned long long>(run.digest));
        INFO(std::string(operation.name));
        CHECK(run.golden != nullptr);
        if (run.golden == nullptr) continue;
        if (r == kFewRows) CHECK(run.digest == run.golden->few);
        if (r == kManyRows) CHECK(run.digest == run.golden->many);
      }
    }
    INFO("rows that differ in a batch: " << different << ", last: " << where);
    CHECK(different == 0);
  });
}

}  // namespace
}  // namespace softlane
