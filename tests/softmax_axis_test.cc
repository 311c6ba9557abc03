// SPDX-License-Identifier: Apache-2.0
// A function along an axis gives the bits of the function for rows on the
// transposed tensor, and writes no byte outside of the view.

#include "softlane/softmax_axis.h"

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

struct AxisOperation {
  const char* name;
  bool has_second;
  Status (*axis)(Planes<const float>, Planes<const float>, Planes<float>,
                 const SoftmaxOptions&, Target);
  Status (*rows)(Rows<const float>, Rows<const float>, Rows<float>,
                 const SoftmaxOptions&, Target);
};

const AxisOperation kAxisOperations[] = {
    {"softmax", false,
     [](Planes<const float> x, Planes<const float>, Planes<float> y,
        const SoftmaxOptions& o, Target t) { return SoftmaxAxis(x, y, o, t); },
     [](Rows<const float> x, Rows<const float>, Rows<float> y,
        const SoftmaxOptions& o, Target t) { return Softmax(x, y, o, t); }},
    {"log_softmax", false,
     [](Planes<const float> x, Planes<const float>, Planes<float> y,
        const SoftmaxOptions& o,
        Target t) { return LogSoftmaxAxis(x, y, o, t); },
     [](Rows<const float> x, Rows<const float>, Rows<float> y,
        const SoftmaxOptions& o, Target t) { return LogSoftmax(x, y, o, t); }},
    {"softmax_backward", true,
     [](Planes<const float> x, Planes<const float> z, Planes<float> y,
        const SoftmaxOptions& o,
        Target t) { return SoftmaxBackwardAxis(x, z, y, o.scale, t); },
     [](Rows<const float> x, Rows<const float> z, Rows<float> y,
        const SoftmaxOptions& o,
        Target t) { return SoftmaxBackward(x, z, y, o.scale, t); }},
    {"log_softmax_backward", true,
     [](Planes<const float> x, Planes<const float> z, Planes<float> y,
        const SoftmaxOptions& o,
        Target t) { return LogSoftmaxBackwardAxis(x, z, y, o.scale, t); },
     [](Rows<const float> x, Rows<const float> z, Rows<float> y,
        const SoftmaxOptions& o,
        Target t) { return LogSoftmaxBackward(x, z, y, o.scale, t); }},
};

// Runs the operation on tensors of `shape`, one row of which is one column of
// them. False if a bit differs or a canary is gone.
bool IsTransposed(const AxisOperation& operation, const Shape& shape,
                  const std::vector<float>& rows, const SoftmaxOptions& options,
                  Target target, Random& random) {
  std::vector<float> second(rows.size()), want(rows.size());
  for (float& v : second) v = random.Uniform(-4.0f, 4.0f);
  const auto as_rows = [&](auto* data) {
    return Rows(data, shape.outer * shape.inner, shape.axis);
  };
  REQUIRE(operation.rows(as_rows(rows.data()), as_rows(second.data()),
                         as_rows(want.data()), options, target) == Status::kOk);
  AxisTensor x(shape, random, random.Below(2) == 0);
  AxisTensor z(shape, random, random.Below(2) == 0);
  AxisTensor y(shape, random, random.Below(2) == 0);
  x.Set(rows);
  z.Set(second);
  const size_t in_place = random.Below(operation.has_second ? 4 : 3);
  AxisTensor& out = in_place == 2 ? x : in_place == 3 ? z : y;
  REQUIRE(operation.axis(x.view, z.view, out.view, options, target) ==
          Status::kOk);
  return SameBits(out.Get(), want) && x.HasCanaries() && y.HasCanaries() &&
         z.HasCanaries();
}

struct Failures {
  void Expect(bool ok, const AxisOperation& operation, const Shape& shape,
              size_t kind) {
    ++cases;
    if (ok) return;
    if (count++ == 0) {
      first = std::string(operation.name) + ", " + shape.Text() + ", kind " +
              std::to_string(kind);
    }
  }
  void Check(Target target) const {
    std::printf("%-9s %zu cases\n", TargetName(target), cases);
    INFO(count << " failures, the first: " << first);
    CHECK(count == 0);
  }
  size_t cases = 0, count = 0;
  std::string first;
};

SoftmaxOptions MakeOptions(Random& random) {
  constexpr float kScales[] = {1.0f, 1.0f, 0.37f, 700.0f, 1e-20f};
  return {kScales[random.Below(5)],
          random.Below(2) == 0 ? EmptyRow::kNan : EmptyRow::kZero};
}

// Kills: another order of additions, a tail or a tile that is left out, a
// column that gets what its neighbour's maximum decides, a chunk's lost rest,
// a write between the columns.
TEST_CASE("softmax_axis: the bits of rows") {
  ForEachTarget([](Target target) {
    Random random(1);
    Failures failures;
    std::vector<Shape> shapes;
    for (size_t axis = 1; axis <= 70; ++axis) shapes.push_back({2, axis, 5});
    for (size_t inner = 1; inner <= 140; ++inner) {
      shapes.push_back({1, 21, inner});
    }
    for (size_t k = 0; k < 150; ++k) {
      shapes.push_back(
          {1 + random.Below(3), 1 + random.Below(200), 1 + random.Below(70)});
    }
    // Narrow planes, of which a tile has many.
    for (size_t inner = 2; inner <= 9; ++inner) {
      for (const size_t axis : {2, 3, 4, 8, 9, 17, 31, 33, 64, 85}) {
        for (const size_t outer : {2 * inner, 2 * inner + 1, size_t{45}}) {
          shapes.push_back({outer, axis, inner});
        }
      }
    }
    shapes.push_back({150, 3, 2});
    // Around what fits the tile, and beyond.
    for (const size_t axis :
         {64, 65, 127, 128, 129, 192, 256, 257, 512, 700, 1023, 1025, 2049}) {
      for (const size_t inner : {1, 3, 8, 16, 17, 64, 65}) {
        if (axis * inner < 70000) shapes.push_back({1, axis, inner});
      }
    }
    shapes.push_back({1, 8200, 2});
    for (const AxisOperation& operation : kAxisOperations) {
      for (const Shape& shape : shapes) {
        std::vector<float> rows;
        // Half of the tensors have columns of all kinds.
        const bool mixed = random.Below(2) == 0;
        const Family family = kFamilies[random.Below(8)];
        for (size_t k = 0; k < shape.outer * shape.inner; ++k) {
          std::vector<float> row = MakeRow(family, shape.axis, random);
          const size_t kind = mixed ? random.Below(2 * kSpecials) : 0;
          MakeSpecial(kind, row.data(), shape.axis, random);
          rows.insert(rows.end(), row.begin(), row.end());
        }
        failures.Expect(IsTransposed(operation, shape, rows,
                                     MakeOptions(random), target, random),
                        operation, shape, mixed);
      }
    }
    failures.Check(target);
  });
}

// One special column, in every lane of a tile and of its tail. Kills: a lane
// that a mask leaves out, a special column that changes its neighbours.
TEST_CASE("softmax_axis: a special column beside usual ones") {
  ForEachTarget([](Target target) {
    Random random(2);
    Failures failures;
    for (const AxisOperation& operation : kAxisOperations) {
      for (const size_t axis : {1, 5, 130}) {
        const Shape shape{1, axis, axis == 130 ? size_t{17} : size_t{81}};
        for (size_t kind = 1; kind < kSpecials; ++kind) {
          for (size_t column = 0; column < shape.inner; ++column) {
            std::vector<float> rows(shape.Size());
            for (float& v : rows) v = random.Uniform(-9.0f, 9.0f);
            MakeSpecial(kind, rows.data() + column * axis, axis, random);
            SoftmaxOptions options = MakeOptions(random);
            options.scale = 1.0f;
            failures.Expect(
                IsTransposed(operation, shape, rows, options, target, random),
                operation, shape, kind);
          }
        }
      }
    }
    failures.Check(target);
  });
}

// The same on every machine: the digest. Kills: what rows and columns have in
// common and a target has alone.
TEST_CASE("softmax_axis: digest") {
  ForEachTarget([](Target target) {
    Random random(3);
    uint64_t digest = 0xCBF29CE484222325u;
    for (const AxisOperation& operation : kAxisOperations) {
      for (size_t k = 0; k < 40; ++k) {
        const Shape shape{2, 1 + random.Below(150), 1 + random.Below(50)};
        std::vector<float> x(shape.Size()), z(shape.Size()), y(shape.Size());
        for (float& v : x) v = random.Uniform(-20.0f, 20.0f);
        for (float& v : z) v = random.Uniform(-2.0f, 2.0f);
        const auto planes = [&](std::vector<float>& v) {
          return Planes<float>(v.data(), shape.outer, shape.axis, shape.inner);
        };
        REQUIRE(operation.axis(planes(x), planes(z), planes(y), {0.7f},
                               target) == Status::kOk);
        for (const float v : y) digest = (digest ^ BitsOf(v)) * 0x100000001B3u;
      }
    }
    CHECK(digest == 0x39667d37447df6b9u);
  });
}

}  // namespace
}  // namespace softlane
