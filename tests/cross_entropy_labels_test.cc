// SPDX-License-Identifier: Apache-2.0
// Good, bad and ignored labels, and the reductions of the rows' losses.

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cases.h"
#include "cross_entropy_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "pages.h"

namespace softlane {
namespace {

// Rows of a page each, at its end; the page behind the last one faults.
class PageRows {
 public:
  PageRows(size_t rows, size_t cols) : pages_(rows + 1) {
    Protect(rows);
    const size_t stride = pages_.page_bytes() / sizeof(float);
    view = Rows<float>(reinterpret_cast<float*>(pages_.Page(0)) + stride - cols,
                       rows, cols, stride);
  }
  PageRows(const PageRows&) = delete;
  PageRows& operator=(const PageRows&) = delete;

  void Protect(size_t row) { REQUIRE(pages_.Protect(row, Access::kNone)); }

  Rows<float> view;

 private:
  Pages pages_;
};

// Kills: a schedule that reads the next row ahead, or a maximum taken before
// the label is looked at; 0 * gradient for +0, which is -0 or NaN.
TEST_CASE("cross_entropy: the logits of ignored rows are not read") {
  ForEachTarget([](Target target) {
    Random random(1);
    Cases cases("ignored rows between readable ones", target);
    for (const size_t cols : {1, 2, 5, 16, 31, 64, 100, 129, 1000}) {
      for (int trial = 0; trial < 12; ++trial) {
        const size_t rows = 1 + random.Below(20);
        LossCase c = MakeCase(random, rows, cols, false, true);
        c.settings.reduction = static_cast<Reduction>(trial % 3);
        c.settings.upstream = trial % 2 == 0 ? -1.0f : kNan;
        PageRows x(rows, cols);
        for (size_t r = 0; r < rows; ++r) {
          std::copy_n(c.logits.begin() + static_cast<ptrdiff_t>(r * cols), cols,
                      x.view.Row(r));
          if (random.Below(2) == 0) c.labels[r] = c.settings.ignore_index;
          if (!c.Counts(r)) x.Protect(r);
        }
        std::vector<float> loss(rows), dx(rows * cols, 123.0f);
        REQUIRE(CrossEntropy(x.view, c.labels.data(), loss.data(),
                             Rows<float>(dx.data(), rows, cols), c.Options(),
                             nullptr, target) == Status::kOk);
        for (size_t r = 0; r < rows; ++r) {
          if (c.Counts(r)) continue;
          bool zero =
              c.settings.reduction != Reduction::kNone || IsPlusZero(loss[r]);
          for (size_t k = 0; k < cols; ++k) {
            zero = zero && IsPlusZero(dx[r * cols + k]);
          }
          cases.Expect(zero, "+0", cols, r);
        }
      }
    }
  });
}

// In place the logits of an ignored row are NaN here. Kills: a gradient that is
// left as the logits were, a NaN that comes through.
TEST_CASE("cross_entropy: ignored rows in place, and what they leave alone") {
  ForEachTarget([](Target target) {
    Random random(2);
    Cases cases("ignored rows in place", target);
    for (size_t cols = 1; cols <= 140; ++cols) {
      LossCase all = MakeCase(random, 9, cols, false, true);
      all.settings.reduction = static_cast<Reduction>(cols % 3);
      LossCase counted(0, cols);  // the same without the ignored rows
      counted.settings = all.settings;
      for (size_t r = 0; r < all.rows; ++r) {
        const auto row = all.logits.begin() + static_cast<ptrdiff_t>(r * cols);
        if (r % 3 == 1) {
          all.labels[r] = all.settings.ignore_index;
          std::fill_n(row, cols, r == 4 ? kInf : kNan);
          continue;
        }
        ++counted.rows;
        counted.logits.insert(counted.logits.end(), row,
                              row + static_cast<ptrdiff_t>(cols));
        counted.labels.push_back(all.labels[r]);
      }
      LossResults with, without;
      REQUIRE(RunLossCase(all, Gradient::kInPlace, false, target, &with) ==
              Status::kOk);
      REQUIRE(RunLossCase(counted, Gradient::kInPlace, true, target,
                          &without) == Status::kOk);
      cases.Expect(with.divisor == without.divisor && with.divisor == 6.0f,
                   "divisor", cols);
      if (all.settings.reduction != Reduction::kNone) {
        cases.Expect(SameBits(with.loss, without.loss), "loss", cols);
      }
      auto next = without.gradient.begin();
      for (size_t i = 0; i < with.gradient.size(); ++i) {
        const bool same = all.Counts(i / cols)
                              ? SameBits(with.gradient[i], *next++)
                              : IsPlusZero(with.gradient[i]);
        cases.Expect(same, "gradient", cols, i);
      }
    }
  });
}

// Kills: a check that stops early, that comes after a write, that compares as
// unsigned or in 32 bits.
TEST_CASE("cross_entropy: bad labels, nothing written") {
  ForEachTarget([](Target target) {
    Cases cases("bad labels", target);
    constexpr size_t kRows = 19;
    for (const size_t cols : {1, 2, 7, 64, 130}) {
      const int64_t n = static_cast<int64_t>(cols);
      std::vector<int64_t> bad = {-1,
                                  n,
                                  n + 1,
                                  -99,
                                  -101,
                                  std::numeric_limits<int32_t>::max(),
                                  std::numeric_limits<int32_t>::min()};
      const size_t narrow = bad.size();  // these fit int32_t
      for (const int64_t wide :
           {int64_t{1} << 32, (int64_t{1} << 32) - 100, -(int64_t{1} << 32),
            std::numeric_limits<int64_t>::max(),
            std::numeric_limits<int64_t>::min()}) {
        bad.push_back(wide);
      }
      for (size_t at = 0; at < kRows; ++at) {
        for (size_t b = 0; b < bad.size(); ++b) {
          std::vector<int64_t> labels(kRows, 0);
          labels[(at + 1) % kRows] = -100;
          labels[at] = bad[b];
          const std::vector<int32_t> labels32(labels.begin(), labels.end());
          std::vector<float> buffer(2 * kRows * cols + kRows + 1, 0.25f);
          const std::vector<float> before = buffer;
          const Rows<float> x(buffer.data(), kRows, cols);
          const Rows<float> y(x.data + kRows * cols, kRows, cols);
          float* const loss = y.data + kRows * cols;
          CrossEntropyOptions options;
          options.reduction = static_cast<Reduction>(at % 3);
          for (const Rows<float>& dx : {x, y, Rows<float>()}) {
            cases.Expect(
                CrossEntropy(x, labels.data(), loss, dx, options, loss + kRows,
                             target) == Status::kBadLabel,
                "int64_t", cols, at);
            if (b >= narrow) continue;
            cases.Expect(
                CrossEntropy(x, labels32.data(), loss, dx, options,
                             loss + kRows, target) == Status::kBadLabel,
                "int32_t", cols, at);
          }
          cases.Expect(buffer == before, "written", cols, at);
        }
      }
    }
  });
}

// Kills: an ignore_index cut to the labels' type; one that is not compared
// because it lies in or out of range.
TEST_CASE("cross_entropy: any ignore_index") {
  ForEachTarget([](Target target) {
    Cases cases("any ignore_index", target);
    Random random(3);
    const LossCase usual = MakeCase(random, 2, 6, false, false);
    for (const int64_t index :
         {int64_t{0}, int64_t{5}, int64_t{6}, int64_t{-1}, int64_t{1} << 32,
          std::numeric_limits<int64_t>::min()}) {
      LossCase c = usual;
      c.settings.ignore_index = index;
      c.settings.reduction = Reduction::kNone;
      c.labels = {3, index};
      LossResults got;
      REQUIRE(RunLossCase(c, Gradient::kSeparate, false, target, &got) ==
              Status::kOk);
      cases.Expect(got.loss[0] > 0.0f && IsPlusZero(got.loss[1]), "ignored", 6);
      cases.Expect(got.divisor == 1.0f, "divisor", 6);
      if (index != static_cast<int32_t>(index)) {  // 0 as an int32_t
        c.labels = {3, static_cast<int32_t>(index)};
        REQUIRE(RunLossCase(c, Gradient::kSeparate, true, target, &got) ==
                Status::kOk);
        cases.Expect(got.loss[1] > 0.0f && got.divisor == 2.0f, "int32_t", 6);
      }
    }
  });
}

// Kills: 0 / 0 where 0 is asked for, and the reverse; 1 / 0 in a gradient.
TEST_CASE("cross_entropy: all rows ignored") {
  ForEachTarget([](Target target) {
    Cases cases("all rows ignored", target);
    for (const size_t cols : {1, 9, 64, 200}) {
      for (const Reduction reduction :
           {Reduction::kNone, Reduction::kSum, Reduction::kMean}) {
        for (const bool zero : {false, true}) {
          for (const float smoothing : {0.0f, 0.1f}) {
            LossCase c(5, cols);
            c.logits.assign(5 * cols, kNan);
            c.labels.assign(5, -100);
            c.settings.reduction = reduction;
            c.settings.zero_if_all_ignored = zero;
            c.settings.label_smoothing = smoothing;
            if (cols == 9) c.class_weights.assign(cols, 2.0f);
            LossResults got;
            REQUIRE(RunLossCase(c, Gradient::kInPlace, cols == 64, target,
                                &got) == Status::kOk);
            const bool nan = reduction == Reduction::kMean && !zero;
            cases.Expect(All(got.loss, nan ? IsNan : IsPlusZero), "loss", cols);
            cases.Expect(All(got.gradient, IsPlusZero), "gradient", cols);
            cases.Expect(IsPlusZero(got.divisor), "divisor", cols);
          }
        }
      }
    }
  });
}

// Kills: rounded losses added up in float, a mean over all rows, a divisor that
// depends on the reduction.
TEST_CASE("cross_entropy: a reduced loss is the sum of the rows") {
  ForEachTarget([](Target target) {
    Random random(4);
    Worst worst;
    for (int trial = 0; trial < 300; ++trial) {
      const size_t rows = 1 + random.Below(trial % 10 == 0 ? 5000 : 60);
      LossCase c = MakeCase(random, rows, 1 + random.Below(12), false, true);
      for (size_t r = 1; r < rows; ++r) {
        if (random.Below(3) == 0) c.labels[r] = c.settings.ignore_index;
      }
      if (trial % 2 == 0) {
        for (size_t k = 0; k < c.cols; ++k) {
          c.class_weights.push_back(0.5f + random.Unit());
        }
      }
      LossResults each, sum, mean;
      for (const auto& [reduction, results] :
           {std::pair<Reduction, LossResults*>{Reduction::kNone, &each},
            {Reduction::kSum, &sum},
            {Reduction::kMean, &mean}}) {
        c.settings.reduction = reduction;
        REQUIRE(RunLossCase(c, Gradient::kNone, false, target, results) ==
                Status::kOk);
      }
      CompensatedSum want;
      for (const float loss : each.loss) want.Add(loss);
      const auto where = [&] { return std::to_string(rows) + " rows"; };
      const double total = want.Total();
      worst.Offer(std::abs(sum.loss[0] - total) / total, where);
      worst.Offer(std::abs(mean.loss[0] * double{mean.divisor} - total) / total,
                  where);
      worst.Offer(each.divisor == sum.divisor && sum.divisor == mean.divisor
                      ? 0.0
                      : 1.0,
                  where);
    }
    INFO(worst.value << ", " << worst.where);
    CHECK(worst.value <= 0x1p-22);  // roundings of rows, sum and divisor
  });
}

}  // namespace
}  // namespace softlane
