// SPDX-License-Identifier: Apache-2.0
// Logsumexp along an axis, alone and beside softmax, has the bits of the
// functions of rows on the transposed tensor.

#include <string>
#include <vector>

#include "axis_tensor.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// A matrix with gaps between rows, and canaries in them and around it.
class Logs {
 public:
  Logs(const Shape& shape, Random& random, bool dense) {
    const size_t stride = shape.inner + (dense ? 0 : random.Below(5));
    const size_t before = dense ? 0 : random.Below(17);
    buffer_.assign(before + (shape.outer - 1) * stride + shape.inner, kCanary);
    view =
        Rows<float>(buffer_.data() + before, shape.outer, shape.inner, stride);
  }
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;

  std::vector<float> Get() const {
    std::vector<float> all;
    for (size_t o = 0; o < view.rows; ++o) {
      all.insert(all.end(), view.Row(o), view.Row(o) + view.cols);
    }
    return all;
  }
  // Last: it writes the elements.
  bool HasCanaries() {
    for (size_t o = 0; o < view.rows; ++o) {
      for (size_t i = 0; i < view.cols; ++i) view.Row(o)[i] = kCanary;
    }
    for (const float v : buffer_) {
      if (v != kCanary) return false;
    }
    return true;
  }

  Rows<float> view;

 private:
  std::vector<float> buffer_;
};

// What differs from the functions of rows, or null.
const char* Difference(const Shape& shape, const std::vector<float>& rows,
                       const SoftmaxOptions& options, Target target,
                       Random& random) {
  const size_t count = shape.outer * shape.inner;
  const Rows<const float> x(rows.data(), count, shape.axis);
  std::vector<float> probs(rows.size()), with_probs(count), alone(count);
  REQUIRE(SoftmaxWithLogSumExp(x, Rows<float>(probs.data(), count, shape.axis),
                               with_probs.data(), options,
                               target) == Status::kOk);
  REQUIRE(LogSumExp(x, alone.data(), options.scale, target) == Status::kOk);
  AxisTensor logits(shape, random, random.Below(2) == 0);
  AxisTensor y(shape, random, random.Below(2) == 0);
  logits.Set(rows);
  Logs logs(shape, random, random.Below(2) == 0);
  REQUIRE(LogSumExpAxis(logits.view, logs.view, options.scale, target) ==
          Status::kOk);
  if (!SameBits(logs.Get(), alone)) return "logsumexp alone";
  Logs more_logs(shape, random, random.Below(2) == 0);
  AxisTensor& out = random.Below(2) == 0 ? logits : y;
  REQUIRE(SoftmaxWithLogSumExpAxis(logits.view, out.view, more_logs.view,
                                   options, target) == Status::kOk);
  if (!SameBits(out.Get(), probs)) return "probabilities";
  if (!SameBits(more_logs.Get(), with_probs)) return "logsumexp beside";
  const bool has_all = logits.HasCanaries() && y.HasCanaries() &&
                       logs.HasCanaries() && more_logs.HasCanaries();
  return has_all ? nullptr : "canaries";
}

void ExpectSame(const std::vector<Shape>& shapes, Target target, bool mixed,
                uint64_t seed) {
  Random random(seed);
  size_t count = 0;
  std::string first;
  for (const Shape& shape : shapes) {
    std::vector<float> rows;
    const Family family = kFamilies[random.Below(8)];
    for (size_t k = 0; k < shape.outer * shape.inner; ++k) {
      std::vector<float> row = MakeRow(family, shape.axis, random);
      if (mixed) {
        MakeSpecial(random.Below(2 * kSpecials), row.data(), shape.axis,
                    random);
      }
      rows.insert(rows.end(), row.begin(), row.end());
    }
    constexpr float kScales[] = {1.0f, 1.0f, 0.37f, 700.0f, 1e-20f};
    const SoftmaxOptions options = {
        kScales[random.Below(5)],
        random.Below(2) == 0 ? EmptyRow::kNan : EmptyRow::kZero};
    const char* const what = Difference(shape, rows, options, target, random);
    if (what != nullptr && count++ == 0) {
      first = std::string(what) + ", " + shape.Text();
    }
  }
  INFO(count << " of " << shapes.size() << " differ, the first: " << first);
  CHECK(count == 0);
}

// Kills: a sum in float or in double where the function of rows has the other;
// a shift that is left out; -0 for +0; the logsumexp of a neighbour.
TEST_CASE("logsumexp_axis: the bits of rows") {
  ForEachTarget([](Target target) {
    std::vector<Shape> shapes;
    Random random(7);
    for (size_t axis = 1; axis <= 70; ++axis) shapes.push_back({2, axis, 5});
    for (size_t inner = 1; inner <= 140; ++inner) {
      shapes.push_back({1, 9, inner});
    }
    for (size_t k = 0; k < 100; ++k) {
      shapes.push_back(
          {1 + random.Below(3), 1 + random.Below(200), 1 + random.Below(70)});
    }
    for (const size_t axis : {127, 128, 129, 257, 700, 1025, 2049}) {
      for (const size_t inner : {1, 3, 16, 65}) {
        shapes.push_back({1, axis, inner});
      }
    }
    shapes.push_back({150, 3, 1});  // a column of logsumexp, maybe with gaps
    // Narrow planes, of which a tile has many.
    for (size_t inner = 2; inner <= 9; ++inner) {
      for (const size_t axis : {2, 3, 9, 17, 40}) {
        shapes.push_back({2 * inner + 1, axis, inner});
        shapes.push_back({45, axis, inner});
      }
    }
    ExpectSame(shapes, target, false, 1);
    ExpectSame(shapes, target, true, 2);
  });
}

// Kills: a block's maximum or offset for the column's; NaN looked for where exp
// values stand in the place of the logits.
TEST_CASE("logsumexp_axis: long columns") {
  ForEachTarget([](Target target) {
    const std::vector<Shape> shapes = {
        {1, 4097, 3}, {1, 9000, 5}, {2, 8192, 2}, {1, 5000, 17}};
    ExpectSame(shapes, target, false, 3);
    ExpectSame(shapes, target, true, 4);
    ExpectSame(shapes, target, true, 5);
  });
}

// Kills: +inf beside NaN that gives +inf; a NaN that the maximum loses; a
// column that a neighbour's kind changes.
TEST_CASE("logsumexp_axis: special columns, of all types") {
  ForEachTarget([](Target target) {
    for (const size_t n : {2, 5, 64, 4100}) {
      constexpr size_t kCols = 7;
      std::vector<float> x(n * kCols, 1.0f);
      const auto at = [&](size_t k, size_t c) -> float& {
        return x[k * kCols + c];
      };
      for (size_t k = 0; k < n; ++k) at(k, 0) = -kInf;
      at(n - 1, 1) = kInf;
      at(0, 2) = kInf, at(n - 1, 2) = kNan;
      at(0, 3) = kNan, at(n - 1, 3) = kInf;
      for (size_t k = 0; k < n; ++k) at(k, 4) = k == n / 2 ? kNan : -kInf;
      for (size_t k = 0; k < n; ++k) at(k, 5) = k == n / 2 ? -0.0f : -kInf;
      const float want[] = {-kInf, kInf, kNan, kNan, kNan, 0.0f};
      const auto check = [&](const float* logs) {
        for (size_t c = 0; c < 6; ++c) {
          INFO("column " << c << ", " << n);
          const bool is_nan = want[c] != want[c];
          CHECK((is_nan ? logs[c] != logs[c]
                        : BitsOf(logs[c]) == BitsOf(want[c])));
        }
      };
      float logs[kCols];
      const auto of_type = [&](auto zero) {
        using T = decltype(zero);
        std::vector<T> narrow;
        for (const float v : x) narrow.push_back(T(v));
        const Planes<T> planes(narrow.data(), 1, n, kCols);
        const Rows<float> out(logs, 1, kCols);
        CHECK(LogSumExpAxis(planes, out, 1.0f, target) == Status::kOk);
        check(logs);
        CHECK(SoftmaxWithLogSumExpAxis(planes, planes, out, {}, target) ==
              Status::kOk);
        check(logs);
      };
      of_type(0.0f);
      of_type(BFloat16());
      of_type(Float16());
    }
  });
}

// Kills: a buffer for some rows of which one is written to all.
TEST_CASE("logsumexp_axis: rows whose results have gaps") {
  ForEachTarget([](Target target) {
    constexpr size_t kRows = 150, kCols = 3, kGap = 2;
    Random random(6);
    std::vector<float> x(kRows * kCols), y(x.size()), want(kRows);
    for (float& v : x) v = random.Uniform(-9.0f, 9.0f);
    const Planes<const float> planes(x.data(), kRows, kCols, 1);
    const Rows<const float> rows(x.data(), kRows, kCols);
    std::vector<float> logs(kRows * kGap, kCanary);
    const Rows<float> out(logs.data(), kRows, 1, kGap);
    const auto expect = [&](Status status) {
      CHECK(status == Status::kOk);
      size_t different = 0;
      for (size_t r = 0; r < kRows; ++r) {
        different += BitsOf(logs[r * kGap]) != BitsOf(want[r]);
        different += logs[r * kGap + 1] != kCanary;
      }
      CHECK(different == 0);
      logs.assign(logs.size(), kCanary);
    };
    REQUIRE(LogSumExp(rows, want.data(), 1.0f, target) == Status::kOk);
    expect(LogSumExpAxis(planes, out, 1.0f, target));
    REQUIRE(SoftmaxWithLogSumExp(rows, Rows<float>(y.data(), kRows, kCols),
                                 want.data(), {}, target) == Status::kOk);
    expect(SoftmaxWithLogSumExpAxis(
        planes, Planes<float>(y.data(), kRows, kCols, 1), out, {}, target));
  });
}

// Kills: a column of logsumexp that is left as it was, or another number of
// them.
TEST_CASE("logsumexp_axis: an axis without elements, and shapes") {
  ForEachTarget([](Target target) {
    for (const size_t inner : {1, 4}) {
      std::vector<float> logs(200 * 7, kCanary);
      const Rows<float> out(logs.data(), 200, inner, 7);
      const Planes<float> none(nullptr, 200, 0, inner);
      CHECK(LogSumExpAxis(none, out, 0.0f, target) == Status::kBadOption);
      CHECK(logs[0] == kCanary);
      CHECK(LogSumExpAxis(none, out, 1.0f, target) == Status::kOk);
      CHECK(logs[199 * 7 + inner - 1] == -kInf);
      CHECK(logs[199 * 7 + inner] == kCanary);
      logs.assign(logs.size(), kCanary);
      CHECK(SoftmaxWithLogSumExpAxis(none, none, out, {}, target) ==
            Status::kOk);
      CHECK(logs[199 * 7 + inner - 1] == -kInf);
      CHECK(logs[199 * 7 + inner] == kCanary);
      logs.assign(logs.size(), kCanary);
      const Planes<BFloat16> halves(nullptr, 200, 0, inner);
      CHECK(LogSumExpAxis(halves, out, 1.0f, target) == Status::kOk);
      CHECK(logs[199 * 7 + inner - 1] == -kInf);
      CHECK(logs[199 * 7 + inner] == kCanary);
    }
    float x[12] = {}, logs[6];
    const Planes<float> planes(x, 2, 2, 3);
    const auto expect = [&](const Rows<float>& out, Status want) {
      CHECK(LogSumExpAxis(planes, out, 1.0f, target) == want);
      CHECK(SoftmaxWithLogSumExpAxis(planes, planes, out, {}, target) == want);
    };
    expect({logs, 1, 3}, Status::kBadShape);
    expect({logs, 2, 2}, Status::kBadShape);
    expect({logs, 2, 3, 2}, Status::kBadShape);
    expect({nullptr, 2, 3}, Status::kNullPointer);
    expect({x, 2, 3}, Status::kOverlap);
    expect({logs, 2, 3}, Status::kOk);
  });
}

}  // namespace
}  // namespace softlane
