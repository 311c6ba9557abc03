// SPDX-License-Identifier: Apache-2.0
// Top-k along an axis gives the bits of top-k of the rows of the transposed
// tensor, and writes no byte outside of its views.

#include <cstdio>
#include <string>
#include <vector>

#include "axis_tensor.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softmax_topk.h"

namespace softlane {
namespace {

// Kills: results of another column or in another order, an index that counts
// from a part of the axis, an element that is left out, a write between the
// columns.
bool HasBitsOfRows(const Shape& shape, size_t k, const std::vector<float>& rows,
                   const SoftmaxTopKOptions& options, Target target,
                   Random& random) {
  const size_t count = shape.outer * shape.inner;
  std::vector<float> want(count * k);
  std::vector<int32_t> want_indices(count * k);
  REQUIRE(SoftmaxTopK(Rows<const float>(rows.data(), count, shape.axis), k,
                      Rows<float>(want.data(), count, k),
                      Rows<int32_t>(want_indices.data(), count, k), options,
                      target) == Status::kOk);
  AxisTensor x(shape, random, random.Below(2) == 0);
  x.Set(rows);
  const Shape small{shape.outer, k, shape.inner};
  AxisTensor probs(small, random, random.Below(2) == 0);
  // Indices as the bits of floats, so that the same class shows the gaps.
  AxisTensor bits(small, random, random.Below(2) == 0);
  std::vector<int32_t> indices(shape.outer * bits.view.outer_stride +
                               k * bits.view.axis_stride);
  const Planes<int32_t> top(indices.data(), shape.outer, k, shape.inner,
                            bits.view.outer_stride, bits.view.axis_stride);
  for (int32_t& v : indices) v = 77777;
  const Planes<const float> in = x.view;
  REQUIRE(SoftmaxTopKAxis(in, k, probs.view, top, options, target) ==
          Status::kOk);
  bool is_good =
      SameBits(probs.Get(), want) && x.HasCanaries() && probs.HasCanaries();
  for (size_t r = 0; r < count; ++r) {
    for (size_t a = 0; a < k; ++a) {
      int32_t& got = indices[r / shape.inner * top.outer_stride +
                             a * top.axis_stride + r % shape.inner];
      is_good &= got == want_indices[r * k + a];
      got = 77777;
    }
  }
  for (const int32_t v : indices) is_good &= v == 77777;
  return is_good;
}

TEST_CASE("softmax_topk_axis: the bits of rows") {
  ForEachTarget([](Target target) {
    Random random(1);
    size_t cases = 0, failures = 0;
    std::string first;
    std::vector<Shape> shapes;
    for (size_t axis = 1; axis <= 70; ++axis) shapes.push_back({2, axis, 5});
    for (size_t inner = 1; inner <= 40; ++inner) {
      shapes.push_back({3, 7, inner});
    }
    for (size_t k = 0; k < 60; ++k) {
      shapes.push_back(
          {1 + random.Below(4), 1 + random.Below(300), 1 + random.Below(40)});
    }
    for (const size_t axis : {511, 512, 513, 4095, 4096, 4097, 8192, 9001}) {
      shapes.push_back({2, axis, 3});
    }
    for (const Shape& shape : shapes) {
      std::vector<float> rows;
      for (size_t r = 0; r < shape.outer * shape.inner; ++r) {
        std::vector<float> row =
            MakeRow(kFamilies[random.Below(8)], shape.axis, random);
        MakeSpecial(random.Below(2 * kSpecials), row.data(), shape.axis,
                    random);
        rows.insert(rows.end(), row.begin(), row.end());
      }
      const size_t most = shape.axis < kMaxTopK ? shape.axis : kMaxTopK;
      SoftmaxTopKOptions options;
      options.scale = random.Below(2) == 0 ? 1.0f : 0.37f;
      options.renormalize = random.Below(2) == 0;
      if (random.Below(2) == 0) options.empty_row = EmptyRow::kZero;
      ++cases;
      if (!HasBitsOfRows(shape, 1 + random.Below(most), rows, options, target,
                         random) &&
          failures++ == 0) {
        first = shape.Text();
      }
    }
    std::printf("%-9s %zu cases\n", TargetName(target), cases);
    INFO(failures << " failures, the first: " << first);
    CHECK(failures == 0);
  });
}

TEST_CASE("softmax_topk_axis: nothing to do") {
  ForEachTarget([](Target target) {
    const Planes<const float> none(nullptr, 3, 4, 0);
    CHECK(SoftmaxTopKAxis(none, 2, {nullptr, 3, 2, 0}, {nullptr, 3, 2, 0}, {},
                          target) == Status::kOk);
    const float x[6] = {};
    CHECK(SoftmaxTopKAxis(Planes<const float>(x, 1, 2, 3), 0,
                          {nullptr, 1, 0, 3}, {nullptr, 1, 0, 3}, {},
                          target) == Status::kOk);
  });
}

}  // namespace
}  // namespace softlane
