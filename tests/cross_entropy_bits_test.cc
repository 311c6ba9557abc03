// SPDX-License-Identifier: Apache-2.0
// The losses and gradients of labels have the same bits on every target, as the
// digest below shows. They depend on the row and the options only: not on the
// type of the labels, other rows, strides, calls in place, or whether there is
// a gradient. same_bits_test shows the same for probability targets.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "cross_entropy_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"

namespace softlane {
namespace {

constexpr size_t kCalls = 3000;
// Changes with the arithmetic only; a commit that changes it says why.
constexpr uint64_t kDigest = 0xf012a01f8dff4073;

// FNV-1a over words; every NaN counts as the same.
void AddToDigest(const std::vector<float>& values, uint64_t* digest) {
  for (const float value : values) {
    const uint32_t bits = value != value ? 0x7FC00000u : BitsOf(value);
    *digest = (*digest ^ bits) * 0x100000001B3u;
  }
}

LossCase RandomCase(Random& random) {
  const size_t rows = 1 + random.Below(random.Below(3) == 0 ? 40 : 5);
  const size_t cols =
      random.Below(100) == 0 ? 1 + random.Below(20000) : RandomCols(random);
  LossCase c = MakeCase(random, rows, cols, false, true);
  c.settings.reduction = static_cast<Reduction>(random.Below(3));
  if (random.Below(3) == 0) c.settings.label_smoothing = random.Unit();
  if (random.Below(4) == 0) c.settings.z_loss = 0.1f * random.Unit();
  if (random.Below(3) == 0) c.settings.scale = random.Uniform(1e-3f, 4.0f);
  if (random.Below(3) == 0) c.settings.upstream = random.Uniform(-9.0f, 9.0f);
  if (random.Below(3) == 0) {
    for (size_t k = 0; k < cols; ++k) {
      c.class_weights.push_back(random.Uniform(0.0f, 3.0f));
    }
  }
  for (size_t r = 0; r < rows; ++r) {
    const size_t at = r * cols + random.Below(cols);
    switch (random.Below(12)) {
      case 0:
        c.labels[r] = c.settings.ignore_index;
        break;
      case 1:
        c.logits[at] = random.Below(2) == 0 ? kNan : kInf;
        break;
      case 2:  // beyond the limit for logits that are split as they are
        for (size_t k = 0; k < cols; ++k) c.logits[r * cols + k] += 5000.0f;
        break;
      default:
        break;
    }
  }
  return c;
}

// In place, with a stride and an offset.
LossResults RunStrided(const LossCase& c, Target target, Random& random) {
  const size_t stride = c.cols + random.Below(20);
  const size_t offset = random.Below(16);
  std::vector<float> buffer(offset + c.rows * stride, 0.5f);
  const Rows<float> x(buffer.data() + offset, c.rows, c.cols, stride);
  for (size_t r = 0; r < c.rows; ++r) {
    std::copy_n(c.logits.data() + r * c.cols, c.cols, x.Row(r));
  }
  LossResults results;
  results.loss.resize(c.settings.reduction == Reduction::kNone ? c.rows : 1);
  REQUIRE(CrossEntropy(x, c.labels.data(), results.loss.data(), x, c.Options(),
                       &results.divisor, target) == Status::kOk);
  for (size_t r = 0; r < c.rows; ++r) {
    results.gradient.insert(results.gradient.end(), x.Row(r),
                            x.Row(r) + c.cols);
  }
  return results;
}

LossCase OneRow(const LossCase& c, size_t r) {
  LossCase row(1, c.cols);
  row.logits.assign(c.logits.data() + r * c.cols,
                    c.logits.data() + (r + 1) * c.cols);
  row.labels = {c.labels[r]};
  row.class_weights = c.class_weights;
  if (!c.upstream_rows.empty()) row.upstream_rows = {c.upstream_rows[r]};
  row.settings = c.settings;
  return row;
}

// Kills: another order of additions, a schedule with roundings of its own, a
// label that is handled in a vector here and in a tail there.
TEST_CASE("cross_entropy: same bits") {
  ForEachTarget([](Target target) {
    Random random(1);
    Random layouts(2);
    uint64_t digest = 0xCBF29CE484222325u;
    size_t different = 0;
    std::string where = "nowhere";
    for (size_t call = 0; call < kCalls; ++call) {
      const LossCase c = RandomCase(random);
      LossResults want, got;
      REQUIRE(RunLossCase(c, Gradient::kSeparate, false, target, &want) ==
              Status::kOk);
      const auto expect = [&](bool same, const char* what) {
        if (same) return;
        ++different;
        where = std::string(what) + ", call " + std::to_string(call);
      };
      const auto expect_same = [&](const char* what) {
        expect(SameBits(got.loss, want.loss) &&
                   SameBits(got.gradient, want.gradient) &&
                   SameBits(got.divisor, want.divisor),
               what);
      };
      REQUIRE(RunLossCase(c, Gradient::kInPlace, true, target, &got) ==
              Status::kOk);
      expect_same("in place, int32_t");
      got = RunStrided(c, target, layouts);
      expect_same("strided");
      REQUIRE(RunLossCase(c, Gradient::kNone, false, target, &got) ==
              Status::kOk);
      expect(SameBits(got.loss, want.loss), "without a gradient");
      const auto in_place =
          call % 2 == 0 ? Gradient::kSeparate : Gradient::kInPlace;
      REQUIRE(RunLossCase(c, in_place, call % 3 == 0, target, &got, false) ==
              Status::kOk);
      expect(SameBits(got.gradient, want.gradient) &&
                 SameBits(got.divisor, want.divisor),
             "without a loss");
      REQUIRE(RunLossCase(c, Gradient::kNone, false, target, &got, false) ==
              Status::kOk);
      expect(SameBits(got.divisor, want.divisor), "the divisor alone");
      if (c.settings.reduction == Reduction::kNone) {
        const size_t r = layouts.Below(c.rows);
        REQUIRE(RunLossCase(OneRow(c, r), Gradient::kSeparate, false, target,
                            &got) == Status::kOk);
        const float* const row = want.gradient.data() + r * c.cols;
        expect(
            SameBits(got.loss[0], want.loss[r]) &&
                SameBits(got.gradient, std::vector<float>(row, row + c.cols)),
            "a row alone");
      }
      AddToDigest(want.loss, &digest);
      AddToDigest(want.gradient, &digest);
      AddToDigest({want.divisor}, &digest);
    }
    std::printf("%-9s cross_entropy, labels, %zu calls: %016llx\n",
                TargetName(target), kCalls,
                static_cast<unsigned long long>(digest));
    CHECK(digest == kDigest);
    INFO(different << " differ, the last: " << where);
    CHECK(different == 0);
  });
}

// Kills: a schedule for several rows that takes an unusual scale, or a class
// without weight for one whose NaN does not matter, or a factor of the gradient
// that is no float.
TEST_CASE("cross_entropy: extreme scales and weights, in batches and alone") {
  ForEachTarget([](Target target) {
    Random random(3);
    size_t different = 0, numbers = 0;
    std::string where = "nowhere";
    for (const float scale : {1e-25f, 1e-19f, 1.0f, 1e19f, 1e25f}) {
      for (const size_t cols : {4, 9, 40, 100}) {
        LossCase c = MakeCase(random, 20, cols, false, true);
        c.settings.reduction = Reduction::kNone;
        c.settings.scale = scale;
        for (float& logit : c.logits) logit /= scale;
        for (size_t k = 0; k < cols; ++k) {
          c.class_weights.push_back(k % 2 == 0 ? 0.0f : 0.5f);
        }
        c.logits[3 * cols + 1] = kNan;
        c.labels[3] = 2;
        c.logits[5 * cols] = c.logits[17 * cols + 3] = -kInf;
        for (size_t r = 0; r < c.rows; ++r) {
          // The last three: gradients are subnormal, or their factors are.
          const float upstream[] = {1.0f,      kNan,      kInf,      -3e38f,
                                    0x1p-120f, 0x1p-140f, -0x1p-146f};
          c.upstream_rows.push_back(upstream[(r + cols) % 7]);
        }
        LossResults batch, alone, baseline;
        REQUIRE(RunLossCase(c, Gradient::kSeparate, false, target, &batch) ==
                Status::kOk);
        REQUIRE(RunLossCase(c, Gradient::kSeparate, false, Target::kBaseline,
                            &baseline) == Status::kOk);
        if (!SameBits(batch.gradient, baseline.gradient)) {
          ++different;
          where = std::to_string(scale) + ", " + std::to_string(cols) +
                  " columns, from the baseline";
        }
        for (size_t r = 0; r < c.rows; ++r) {
          REQUIRE(RunLossCase(OneRow(c, r), Gradient::kSeparate, false, target,
                              &alone) == Status::kOk);
          const float* const row = batch.gradient.data() + r * cols;
          numbers += batch.loss[r] == batch.loss[r];
          if (SameBits(alone.loss[0], batch.loss[r]) &&
              SameBits(alone.gradient, std::vector<float>(row, row + cols))) {
            continue;
          }
          ++different;
          where = std::to_string(scale) + ", " + std::to_string(cols) +
                  " columns, row " + std::to_string(r);
        }
      }
    }
    INFO(different << " differ, the last: " << where);
    CHECK(different == 0);
    CHECK(numbers == 5 * 4 * 19);
  });
}

}  // namespace
}  // namespace softlane
