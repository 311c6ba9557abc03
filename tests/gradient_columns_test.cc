// SPDX-License-Identifier: Apache-2.0
// Gradients along an axis that go past the caches have the bits of rows. The
// cache is said to hold an element, so that small calls stream.

#include <string>
#include <vector>

#include "axis_tensor.h"
#include "cache_size.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

[[maybe_unused]] const bool kIsCacheSet = (internal::g_cached.store(1), true);

struct alignas(64) Line {
  float values[16];
};

// A tensor whose first element is `offset` floats behind a cache line.
class AlignedTensor {
 public:
  AlignedTensor(const Shape& shape, size_t gap, size_t offset)
      : lines_((shape.outer * shape.axis * (shape.inner + gap) + offset) / 16 +
               2) {
    view = Planes<float>(lines_[0].values + offset, shape.outer, shape.axis,
                         shape.inner, shape.axis * (shape.inner + gap),
                         shape.inner + gap);
  }
  float& At(size_t o, size_t a, size_t i) {
    return view.data[o * view.outer_stride + a * view.axis_stride + i];
  }

  Planes<float> view;

 private:
  std::vector<Line> lines_;
};

// place: 0 a tensor of its own, 1 in place of the first input, 2 of the second.
size_t CountDifferences(const Shape& shape, size_t gap, size_t offset,
                        size_t place, bool is_log, Target target) {
  AlignedTensor x(shape, gap, offset), z(shape, gap, offset);
  AlignedTensor y(shape, gap, offset);
  Random random(shape.inner);
  const size_t count = shape.outer * shape.inner;
  std::vector<float> rows(count * shape.axis), second(rows.size()),
      want(rows.size());
  size_t at = 0;
  for (size_t o = 0; o < shape.outer; ++o) {
    for (size_t i = 0; i < shape.inner; ++i) {
      for (size_t a = 0; a < shape.axis; ++a, ++at) {
        x.At(o, a, i) = rows[at] = random.Uniform(-4.0f, 0.0f);
        z.At(o, a, i) = second[at] = random.Uniform(-2.0f, 2.0f);
      }
    }
  }
  const Rows<const float> x_rows(rows.data(), count, shape.axis);
  const Rows<const float> z_rows(second.data(), count, shape.axis);
  const Rows<float> want_rows(want.data(), count, shape.axis);
  AlignedTensor& out = place == 0 ? y : place == 1 ? x : z;
  if (is_log) {
    REQUIRE(LogSoftmaxBackward(x_rows, z_rows, want_rows, 0.7f, target) ==
            Status::kOk);
    REQUIRE(LogSoftmaxBackwardAxis(x.view, z.view, out.view, 0.7f, target) ==
            Status::kOk);
  } else {
    REQUIRE(SoftmaxBackward(x_rows, z_rows, want_rows, 0.7f, target) ==
            Status::kOk);
    REQUIRE(SoftmaxBackwardAxis(x.view, z.view, out.view, 0.7f, target) ==
            Status::kOk);
  }
  size_t different = 0;
  at = 0;
  for (size_t o = 0; o < shape.outer; ++o) {
    for (size_t i = 0; i < shape.inner; ++i) {
      for (size_t a = 0; a < shape.axis; ++a, ++at) {
        different += BitsOf(out.At(o, a, i)) != BitsOf(want[at]);
      }
    }
  }
  return different;
}

// Kills: a store past the caches of a vector that is not aligned, or that a
// later vector reads; the columns of one chunk in another; a chunk's end.
TEST_CASE("gradient_columns: past the caches") {
  ForEachTarget([](Target target) {
    for (const Shape& shape :
         {Shape{2, 21, 1088}, Shape{1, 70, 320}, Shape{3, 5, 64},
          Shape{2, 12, 192}, Shape{1, 130, 512}, Shape{2, 3, 1032},
          Shape{1, 33, 1025}, Shape{1, 4, 2055}}) {
      for (const size_t gap : {0, 16, 3}) {
        for (const size_t offset : {0, 1, 8}) {
          for (size_t place = 0; place < 3; ++place) {
            for (const bool is_log : {false, true}) {
              INFO(shape.Text() << ", gap " << gap << ", offset " << offset
                                << ", place " << place << ", log " << is_log);
              CHECK(CountDifferences(shape, gap, offset, place, is_log,
                                     target) == 0);
            }
          }
        }
      }
    }
  });
}

// The gradients of 20 columns that all have the terms `d`, and those of a row.
void ExpectRow(const std::vector<float>& d, Target target) {
  constexpr size_t kCols = 20;
  const size_t n = d.size();
  std::vector<float> p(n, 1.0f), log_p(n, 0.0f), want(n);
  const auto wide = [&](const std::vector<float>& column) {
    std::vector<float> all(n * kCols);
    for (size_t k = 0; k < n * kCols; ++k) all[k] = column[k / kCols];
    return all;
  };
  const std::vector<float> d_all = wide(d), p_all = wide(p);
  const std::vector<float> log_all = wide(log_p);
  std::vector<float> y(n * kCols);
  const Planes<float> out(y.data(), 1, n, kCols);
  const auto planes = [&](const std::vector<float>& v) {
    return Planes<const float>(v.data(), 1, n, kCols);
  };
  const auto row = [&](const std::vector<float>& v) {
    return Rows<const float>(v.data(), 1, n);
  };
  const auto expect = [&](Status status) {
    CHECK(status == Status::kOk);
    size_t different = 0;
    for (size_t k = 0; k < n * kCols; ++k) {
      different += BitsOf(y[k]) != BitsOf(want[k / kCols]);
    }
    INFO(n << " rows");
    CHECK(different == 0);
  };
  const Rows<float> want_row(want.data(), 1, n);
  REQUIRE(SoftmaxBackward(row(p), row(d), want_row, 1.0f, target) ==
          Status::kOk);
  expect(SoftmaxBackwardAxis(planes(p_all), planes(d_all), out, 1.0f, target));
  REQUIRE(LogSoftmaxBackward(row(log_p), row(d), want_row, 1.0f, target) ==
          Status::kOk);
  expect(LogSoftmaxBackwardAxis(planes(log_all), planes(d_all), out, 1.0f,
                                target));
}

// Kills: a sum of -0 that stays -0; lanes of the sum in another order, which
// loses another of the small terms.
TEST_CASE("gradient_columns: the sum of zeros, and its order") {
  ForEachTarget([](Target target) {
    for (const size_t n : {2, 4, 8, 9, 16, 17, 40, 64, 65, 130}) {
      ExpectRow(std::vector<float>(n, -0.0f), target);
      for (size_t lost = 0; lost < n && lost < 8; ++lost) {
        for (size_t large = 0; large + 1 < n && large < 8; ++large) {
          std::vector<float> d(n, 0.0f);
          d[lost] = 1.0f;
          d[large] = 0x1p60f;
          d[large + 1] = -0x1p60f;
          ExpectRow(d, target);
        }
      }
    }
  });
}

}  // namespace
}  // namespace softlane
