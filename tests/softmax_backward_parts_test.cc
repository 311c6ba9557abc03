// SPDX-License-Identifier: Apache-2.0
// SoftmaxBackward of rows in parts.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

using Floats = std::vector<float>;

struct Matrix {
  Matrix(size_t its_rows, size_t its_cols, Random& random)
      : rows(its_rows), cols(its_cols), p(rows * cols), dp(p.size()) {
    for (float& v : p) v = random.Unit() / static_cast<float>(cols);
    for (float& v : dp) v = 3.0f * random.Normal();
  }
  Rows<const float> P() const { return {p.data(), rows, cols}; }
  Rows<const float> Dp() const { return {dp.data(), rows, cols}; }

  size_t rows, cols;
  Floats p, dp;
};

// Columns [begin, end) of a view.
template <typename T>
Rows<T> Columns(const Rows<T>& view, size_t begin, size_t end) {
  return {view.data + begin, view.rows, end - begin, view.stride};
}

// The gradients with the cuts, whose parts are read from the last to the first.
Floats InParts(const Matrix& m, const std::vector<size_t>& cuts, float scale,
               Target target) {
  std::vector<double> dots(m.rows, 0.0), of_part(m.rows);
  for (size_t i = cuts.size() - 1; i-- > 0;) {
    REQUIRE(SoftmaxBackwardDots(Columns(m.P(), cuts[i], cuts[i + 1]),
                                Columns(m.Dp(), cuts[i], cuts[i + 1]),
                                of_part.data(), target) == Status::kOk);
    for (size_t r = 0; r < m.rows; ++r) dots[r] += of_part[r];
  }
  Floats dx(m.p.size());
  const Rows<float> out(dx.data(), m.rows, m.cols);
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    REQUIRE(SoftmaxBackwardFromDots(Columns(m.P(), cuts[i], cuts[i + 1]),
                                    Columns(m.Dp(), cuts[i], cuts[i + 1]),
                                    dots.data(),
                                    Columns(out, cuts[i], cuts[i + 1]), scale,
                                    target) == Status::kOk);
  }
  return dx;
}

Floats InOneCall(const Matrix& m, float scale, Target target) {
  Floats dx(m.p.size());
  REQUIRE(SoftmaxBackward(m.P(), m.Dp(), {dx.data(), m.rows, m.cols}, scale,
                          target) == Status::kOk);
  return dx;
}

// Kills: dots of another order than SoftmaxBackward's, or of another row; a
// scale that is left out.
TEST_CASE("softmax backward in parts: one part has the bits of one call") {
  ForEachTarget([](Target target) {
    Cases cases("one part", target);
    Random random(1);
    for (const size_t cols :
         {1, 2, 7, 8, 33, 64, 65, 300, 1000, 4096, 4097, 70001}) {
      for (const size_t rows : {1, 2, 5, 40}) {
        if (rows * cols > 300000) continue;
        Matrix m(rows, cols, random);
        if (cols > 2) {
          m.p[rows / 2 * cols + 1] = 0.0f;
          m.dp[rows / 2 * cols + 2] = kNan;  // in one row
        }
        for (const float scale : {1.0f, 0.37f}) {
          cases.Expect(SameBits(InParts(m, {0, cols}, scale, target),
                                InOneCall(m, scale, target)),
                       "one part", cols, rows);
          cases.Expect(SameBits(InParts(m, {0, cols, cols}, scale, target),
                                InOneCall(m, scale, target)),
                       "one part and an empty one", cols, rows);
        }
      }
    }
    // A row beyond the caches, whose call has a schedule of its own.
    const Matrix m(1, kFullTests ? (size_t{9} << 19) + 5 : 70001, random);
    cases.Expect(SameBits(InParts(m, {0, m.cols}, 1.0f, target),
                          InOneCall(m, 1.0f, target)),
                 "one part", m.cols);
  });
}

// Kills: a part whose own dot is used.
TEST_CASE("softmax backward in parts: the error of many parts") {
  ForEachTarget([](Target target) {
    Random random(2);
    Worst worst;
    for (int round = 0; round < 60; ++round) {
      const size_t cols = 1 + random.Below(9000);
      Matrix m(1, cols, random);
      // Terms of both signs that nearly cancel.
      if (round % 2 == 0) {
        for (size_t i = 1; i < cols; i += 2) {
          m.p[i] = m.p[i - 1];
          m.dp[i] = -m.dp[i - 1] * (1.0f + 0x1p-20f);
        }
      }
      std::vector<size_t> cuts = {0, cols};
      for (size_t k = random.Below(40); k > 0; --k) {
        cuts.push_back(random.Below(cols + 1));
      }
      std::sort(cuts.begin(), cuts.end());
      const Floats got = InParts(m, cuts, 0.37f, target);
      const auto want = ReferenceBackward(m.p.data(), m.dp.data(), cols, 0.37f);
      for (size_t i = 0; i < cols; ++i) {
        if (want.magnitude[i] < 0x1p-100) continue;
        worst.Offer(
            std::abs(got[i] - want.dlogits[i]) /
                (kSoftmaxBackwardMaxError * 0x1p-24 * want.magnitude[i]),
            [&] { return "round " + std::to_string(round); });
      }
    }
    INFO(worst.value << " of the bound, " << worst.where);
    CHECK(worst.value <= 1.0);
  });
}

// Kills: dots of no columns that are not written; rows that are not looked at.
TEST_CASE("softmax backward in parts: nothing, NaN, and in place") {
  ForEachTarget([](Target target) {
    double dots[3] = {5.0, 5.0, 5.0};
    CHECK(SoftmaxBackwardDots({nullptr, 3, 0}, {nullptr, 3, 0}, dots, target) ==
          Status::kOk);
    for (const double dot : dots) CHECK(dot == 0.0);
    CHECK(SoftmaxBackwardDots({nullptr, 0, 3}, {nullptr, 0, 3}, nullptr,
                              target) == Status::kOk);
    CHECK(SoftmaxBackwardFromDots({nullptr, 0, 3}, {nullptr, 0, 3}, nullptr,
                                  {nullptr, 0, 3}, 1.0f,
                                  target) == Status::kOk);
    Random random(3);
    Matrix m(3, 50, random);
    m.dp[60] = kInf;
    m.p[140] = kNan;
    const Floats want = InOneCall(m, 1.0f, target);
    for (const Floats& got : {want, InParts(m, {0, 20, 50}, 1.0f, target)}) {
      CHECK(All({got.begin() + 100, got.end()}, IsNan));
      CHECK(!IsNan(got[0]));
    }
    CHECK(SoftmaxBackwardDots(m.P(), m.Dp(), dots, target) == Status::kOk);
    for (Floats* const of : {&m.p, &m.dp}) {
      Matrix copy = m;
      Floats& out = of == &m.p ? copy.p : copy.dp;
      CHECK(SoftmaxBackwardFromDots(copy.P(), copy.Dp(), dots,
                                    {out.data(), 3, 50}, 1.0f,
                                    target) == Status::kOk);
      CHECK(SameBits(out, want));
    }
  });
}

}  // namespace
}  // namespace softlane
