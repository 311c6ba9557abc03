// SPDX-License-Identifier: Apache-2.0
// The place of rows in memory must not matter: stride, alignment, calls in
// place, slices.

#include <algorithm>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "part_operations.h"
#include "reference.h"

namespace softlane {
namespace {

struct Results {
  std::vector<float> y, per_row;

  bool operator==(const Results& other) const {
    return SameBits(y, other.y) && SameBits(per_row, other.per_row);
  }
};

// Inputs for all operations: rows of all families, probabilities where it
// matters only that they are numbers.
struct Inputs {
  Inputs(size_t rows, size_t cols, uint64_t seed)
      : x(rows * cols), second(rows * cols), rows(rows), cols(cols) {
    Random random(seed);
    for (size_t r = 0; r < rows; ++r) {
      const Family family = kFamilies[(r + cols) % 8];
      const auto row = MakeRow(family, cols, random);
      const auto other = MakeRow(Family::kGaussian, cols, random);
      std::copy(row.begin(), row.end(), x.begin() + r * cols);
      std::copy(other.begin(), other.end(), second.begin() + r * cols);
    }
  }
  std::vector<float> x, second;
  size_t rows, cols;
};

// Row r by itself. Gives whether the call was good.
bool RunRow(const Operation& operation, const Inputs& inputs, size_t r,
            Target target, Results& results) {
  const size_t at = r * inputs.cols;
  const Operands o{Rows<const float>(inputs.x.data() + at, 1, inputs.cols),
                   Rows<const float>(inputs.second.data() + at, 1, inputs.cols),
                   Rows<float>(results.y.data() + at, 1, inputs.cols),
                   results.per_row.data() + r};
  return operation.run(o, target) == Status::kOk;
}

// Each row by itself, contiguous: what every other layout must give.
Results RowByRow(const Operation& operation, const Inputs& inputs,
                 Target target) {
  Results results{std::vector<float>(inputs.x.size()),
                  std::vector<float>(inputs.rows)};
  bool are_good = true;
  for (size_t r = 0; r < inputs.rows; ++r) {
    are_good = RunRow(operation, inputs, r, target, results) && are_good;
  }
  REQUIRE(are_good);
  return results;
}

// All rows at once.
Results Batch(const Operation& operation, const Inputs& inputs, Target target) {
  Results results{std::vector<float>(inputs.x.size()),
                  std::vector<float>(inputs.rows)};
  const Operands o{
      Rows<const float>(inputs.x.data(), inputs.rows, inputs.cols),
      Rows<const float>(inputs.second.data(), inputs.rows, inputs.cols),
      Rows<float>(results.y.data(), inputs.rows, inputs.cols),
      results.per_row.data()};
  REQUIRE(operation.run(o, target) == Status::kOk);
  return results;
}

constexpr float kCanary = 1234.5f;

// A copy of a matrix with a stride and an offset, canaries all around.
class Strided {
 public:
  Strided(const std::vector<float>& from, const Inputs& inputs, size_t stride,
          size_t offset)
      : buffer_(offset + inputs.rows * stride + 64, kCanary),
        rows_(buffer_.data() + offset, inputs.rows, inputs.cols, stride) {
    for (size_t r = 0; r < inputs.rows; ++r) {
      std::copy_n(from.begin() + r * inputs.cols, inputs.cols, rows_.Row(r));
    }
  }
  Rows<float> rows() { return rows_; }

  // The matrix; the canaries are checked on the way.
  std::vector<float> Take() {
    std::vector<float> result;
    for (size_t r = 0; r < rows_.rows; ++r) {
      result.insert(result.end(), rows_.Row(r), rows_.Row(r) + rows_.cols);
      std::fill_n(rows_.Row(r), rows_.cols, kCanary);
    }
    bool intact = true;
    for (const float f : buffer_) intact = intact && f == kCanary;
    CHECK(intact);
    return result;
  }

 private:
  std::vector<float> buffer_;
  Rows<float> rows_;
};

TEST_CASE("layout: stride, alignment, in place") {
  const size_t step = Amount("SOFTLANE_LAYOUT_STEP", 1, 3);
  ForEachTarget([=](Target target) {
    Random random(1);
    for (const Operation& operation : AllOperations()) {
      size_t wrong = 0;
      for (size_t cols = 1; cols <= 140; cols += step) {
        const Inputs inputs(3, cols, cols);
        const Results want = RowByRow(operation, inputs, target);
        for (int variant = 0; variant < 4; ++variant) {
          const size_t stride = cols + random.Below(20);
          Strided x(inputs.x, inputs, stride, random.Below(16));
          Strided second(inputs.second, inputs, cols + random.Below(20),
                         random.Below(16));
          Strided y(inputs.x, inputs, cols + random.Below(20),
                    random.Below(16));
          Results got{{}, std::vector<float>(inputs.rows)};
          Operands o{x.rows(), second.rows(), y.rows(), got.per_row.data()};
          Strided* out = &y;
          if (variant == 1) out = &x;  // in place of the first input
          const bool may_replace = operation.has_second && !operation.is_loss;
          if (variant == 2 && may_replace) out = &second;
          o.y = out->rows();
          wrong += operation.run(o, target) != Status::kOk;
          if (operation.has_rows) {
            got.y = out->Take();
          } else {
            got.y = want.y;
          }
          wrong += !(got == want);
        }
      }
      INFO(std::string(operation.name));
      CHECK(wrong == 0);
    }
  });
}

// Kills: a write of a whole vector at the end of a row, while another batch is
// summed.
TEST_CASE("layout: the gaps between the rows of several batches") {
  ForEachTarget([](Target target) {
    constexpr size_t kRows = 40;
    for (const Operation& operation : AllOperations()) {
      size_t wrong = 0;
      for (const size_t cols : {9, 24, 50, 64, 65, 115, 120, 127, 128, 190}) {
        const Inputs inputs(kRows, cols, cols);
        const Results want = RowByRow(operation, inputs, target);
        const size_t stride = cols + 13;
        Strided x(inputs.x, inputs, stride, 1);
        Strided second(inputs.second, inputs, stride, 1);
        Strided y(inputs.x, inputs, stride, 1);
        Results got{{}, std::vector<float>(kRows)};
        const Operands o{x.rows(), second.rows(), y.rows(), got.per_row.data()};
        wrong += operation.run(o, target) != Status::kOk;
        got.y = operation.has_rows ? y.Take() : want.y;
        wrong += !(got == want);
      }
      INFO(std::string(operation.name));
      CHECK(wrong == 0);
    }
  });
}

// Kills: a schedule for several rows that lets one disturb another, or
// overlooks that one needs more than the others.
TEST_CASE("layout: one special row among others") {
  ForEachTarget([](Target target) {
    constexpr size_t kRows = 35;
    for (const Operation& operation : AllOperations()) {
      size_t wrong = 0;
      for (const size_t cols : {1, 3, 4, 5, 8, 15, 31, 64, 65, 100, 128, 129}) {
        const Inputs usual(kRows, cols, cols);
        Results want = RowByRow(operation, usual, target);
        for (size_t special = 0; special < kRows; ++special) {
          for (const float value : {kNan, kInf, -kInf, -0.0f, 3e38f, 5000.0f}) {
            Inputs inputs = usual;
            if (value == -kInf || value == 0.0f) {  // nothing else in the row
              std::fill_n(inputs.x.begin() + special * cols, cols, -kInf);
            }
            inputs.x[special * cols + special % cols] = value;
            wrong += !RunRow(operation, inputs, special, target, want) ||
                     !(Batch(operation, inputs, target) == want);
          }
          Inputs inputs = usual;  // products that are all -0
          std::fill_n(inputs.x.begin() + special * cols, cols, 1.0f);
          std::fill_n(inputs.second.begin() + special * cols, cols, -0.0f);
          wrong += !RunRow(operation, inputs, special, target, want) ||
                   !(Batch(operation, inputs, target) == want);
          // The next special row is beside this one as it was.
          wrong += !RunRow(operation, usual, special, target, want);
        }
      }
      INFO(std::string(operation.name));
      CHECK(wrong == 0);
    }
  });
}

// Kills: a schedule for rows without tiny exp values that takes another row for
// one, or looks for their elements in the wrong places.
TEST_CASE("layout: elements of every depth and place in a batch") {
  ForEachTarget([](Target target) {
    for (const Operation& operation : AllOperations()) {
      size_t wrong = 0;
      Random random(2);
      for (const size_t cols : {8, 21, 32, 47, 64, 100, 128, 130, 199}) {
        Inputs inputs(cols + 16, cols, cols);
        for (int round = 0; round < 12; ++round) {
          for (size_t r = 0; r < inputs.rows; ++r) {
            float* const row = inputs.x.data() + r * cols;
            const auto logits = MakeRow(Family::kGaussian, cols, random);
            const float shift = random.Uniform(-60.0f, 60.0f);
            for (size_t i = 0; i < cols; ++i) row[i] = shift + logits[i];
            if (random.Below(3) == 0) continue;
            row[r % cols] = random.Below(8) == 0
                                ? -kInf
                                : shift - random.Uniform(50.0f, 110.0f);
          }
          wrong += !(Batch(operation, inputs, target) ==
                     RowByRow(operation, inputs, target));
        }
      }
      INFO(std::string(operation.name));
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("layout: slices of a batch") {
  ForEachTarget([](Target target) {
    for (const Operation& operation : AllOperations()) {
      for (const size_t cols : {5, 64, 131}) {
        const Inputs inputs(23, cols, cols);
        const Results want = RowByRow(operation, inputs, target);
        Results got{std::vector<float>(inputs.x.size()),
                    std::vector<float>(inputs.rows)};
        const Rows<const float> x(inputs.x.data(), 23, cols);
        const Rows<const float> second(inputs.second.data(), 23, cols);
        const Rows<float> y(got.y.data(), 23, cols);
        for (size_t first = 0, count = 0; first < 23; first += count, ++count) {
          count = std::min(count, 23 - first);
          const Operands o{x.Slice(first, count), second.Slice(first, count),
                           y.Slice(first, count), got.per_row.data() + first};
          CHECK(operation.run(o, target) == Status::kOk);
        }
        if (!operation.has_rows) got.y = want.y;
        INFO(std::string(operation.name));
        CHECK(got == want);
      }
    }
  });
}

}  // namespace
}  // namespace softlane
