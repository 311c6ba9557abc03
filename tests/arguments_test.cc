// SPDX-License-Identifier: Apache-2.0
// Bad arguments: the documented status, and no byte written.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "operations.h"
#include "reference.h"

namespace softlane {
namespace {

constexpr size_t kRows = 3;
constexpr size_t kCols = 20;
constexpr size_t kStride = 24;

// One buffer that holds all operands, so that "no byte written" is one
// comparison.
class Fixture {
 public:
  Fixture() : buffer_(8 * kRows * kStride, 0.25f), before_(buffer_) {
    good.x = Rows<const float>(At(0), kRows, kCols, kStride);
    good.second = Rows<const float>(At(2), kRows, kCols, kStride);
    good.y = Rows<float>(At(4), kRows, kCols, kStride);
    good.row_results = At(6);
  }
  float* At(size_t block) { return buffer_.data() + block * kRows * kStride; }

  bool IsUntouched() const {
    return std::memcmp(buffer_.data(), before_.data(),
                       buffer_.size() * sizeof(float)) == 0;
  }

  Operands good;

 private:
  std::vector<float> buffer_, before_;
};

// Gives all views this shape and stride.
void Shape(size_t rows, size_t cols, size_t stride, Operands* operands) {
  operands->x = Rows<const float>(operands->x.data, rows, cols, stride);
  operands->second =
      Rows<const float>(operands->second.data, rows, cols, stride);
  operands->y = Rows<float>(operands->y.data, rows, cols, stride);
}

void Expect(const Operation& operation, Fixture& fixture,
            const Operands& operands, Target target, Status want,
            const char* what) {
  INFO(std::string(operation.name));
  INFO(std::string(what));
  CHECK(operation.run(operands, target) == want);
  CHECK(fixture.IsUntouched());
}

TEST_CASE("arguments: null, shapes and sizes") {
  ForEachTarget([](Target target) {
    for (const Operation& operation : kOperations) {
      Fixture f;
      const auto expect = [&](Status want, const char* what, auto change) {
        Operands bad = f.good;
        change(bad);
        Expect(operation, f, bad, target, want, what);
      };
      using O = Operands;
      constexpr Status kNull = Status::kNullPointer, kShape = Status::kBadShape;
      expect(kNull, "x null", [](O& o) { o.x.data = nullptr; });
      expect(kShape, "x stride", [](O& o) { o.x.stride = kCols - 1; });
      for (const size_t huge : {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4 + 2,
                                size_t{PTRDIFF_MAX} / 4 + 1}) {
        expect(kShape, "huge cols", [&](O& o) { Shape(1, huge, huge, &o); });
        expect(kShape, "huge stride", [&](O& o) { Shape(2, 1, huge, &o); });
        expect(kShape, "huge rows", [&](O& o) { Shape(huge, 2, 2, &o); });
      }
      if (operation.has_rows) {
        if (!operation.is_loss) {
          expect(kNull, "y null", [](O& o) { o.y.data = nullptr; });
        }
        expect(kShape, "y stride", [](O& o) { o.y.stride = kCols - 1; });
        expect(kShape, "y cols", [](O& o) { o.y.cols = kCols - 1; });
        expect(kShape, "y rows", [](O& o) { o.y.rows = kRows - 1; });
      }
      if (operation.has_second) {
        expect(kNull, "second null", [](O& o) { o.second.data = nullptr; });
        expect(kShape, "second cols", [](O& o) { o.second.cols = kCols + 1; });
        expect(kShape, "second rows", [](O& o) { o.second.rows = kRows - 1; });
      }
      if (operation.has_row_results) {
        // Losses may be null, unless nothing else is wanted.
        const bool is_loss = operation.is_loss;
        expect(kNull, "results null", [is_loss](O& o) {
          o.row_results = nullptr;
          if (is_loss) o.y.data = nullptr;
        });
        expect(kNull, "results null without columns", [is_loss](O& o) {
          o.row_results = nullptr;
          if (is_loss) o.y.data = nullptr;
          o.x.cols = o.second.cols = o.y.cols = 0;
        });
      }
    }
  });
}

TEST_CASE("arguments: overlap") {
  ForEachTarget([](Target target) {
    for (const Operation& operation : kOperations) {
      if (operation.has_rows) {
        for (const ptrdiff_t shift :
             {1, -1, 4, int{kCols} - 1, 1 - int{kCols}, int{kStride},
              int{kStride} + 3, -int{kStride}, 2 * int{kStride} + 1}) {
          Fixture f;
          Operands bad = f.good;
          bad.x.data = f.At(2);
          bad.second.data = f.At(2);
          bad.y.data = f.At(2) + shift;
          Expect(operation, f, bad, target, Status::kOverlap, "shifted");
        }
        Fixture f;
        Operands bad = f.good;
        bad.y = Rows<float>(f.At(0), kRows, kCols, kStride + 1);
        Expect(operation, f, bad, target, Status::kOverlap, "other stride");
        if (operation.has_second) {
          bad = f.good;
          bad.y.data = f.At(2) + 1;
          Expect(operation, f, bad, target, Status::kOverlap, "second");
        }
      }
      if (operation.has_row_results) {
        Fixture f;
        Operands bad = f.good;
        for (const size_t block : {0, 2, 4}) {  // x, second, y
          if (block == 2 && !operation.has_second) continue;
          if (block == 4 && !operation.has_rows) continue;
          bad.row_results = f.At(block) + 5;
          Expect(operation, f, bad, target, Status::kOverlap, "results");
        }
      }
    }
  });
}

TEST_CASE("arguments: what is no overlap") {
  ForEachTarget([](Target target) {
    for (const Operation& operation : kOperations) {
      if (!operation.has_rows) continue;
      INFO(std::string(operation.name));
      std::vector<float> buffer(kRows * 3 * kCols + 100, 0.25f);
      std::vector<float> results(kRows);
      // Three column windows of one buffer, in any order.
      for (const size_t y : {0, 1, 2}) {
        const size_t stride = 3 * kCols;
        Operands o;
        o.x = Rows<const float>(buffer.data() + (y + 1) % 3 * kCols, kRows,
                                kCols, stride);
        o.second = Rows<const float>(buffer.data() + (y + 2) % 3 * kCols, kRows,
                                     kCols, stride);
        o.y = Rows<float>(buffer.data() + y * kCols, kRows, kCols, stride);
        o.row_results = results.data();
        CHECK(operation.run(o, target) == Status::kOk);
      }
      // One row in place: its stride does not matter, not even one that
      // overflows.
      Operands o;
      o.x = Rows<const float>(buffer.data(), 1, kCols);
      o.second = o.x;
      if (operation.is_loss) o.second.data += kCols;
      o.y = Rows<float>(buffer.data(), 1, kCols, kStride);
      o.row_results = results.data();
      CHECK(operation.run(o, target) == Status::kOk);
    }
  });
}

// A stride of one row is never used; 2^62 * sizeof(float) is 0.
TEST_CASE("arguments: any stride of a single row") {
  ForEachTarget([](Target target) {
    for (const Operation& operation : kOperations) {
      Fixture f;
      Operands o = f.good;
      Shape(1, 4, size_t{1} << 62, &o);
      o.y.data = f.At(0) + 1;
      if (operation.has_rows) {
        Expect(operation, f, o, target, Status::kOverlap, "huge strides");
      }
      o.y.data = f.At(4);
      CHECK(operation.run(o, target) == Status::kOk);
    }
  });
}

// The largest shapes that are legal, and one float more.
TEST_CASE("arguments: shapes at the limit") {
  ForEachTarget([](Target target) {
    constexpr size_t kMax = PTRDIFF_MAX / sizeof(float);
    float* const high = reinterpret_cast<float*>(UINTPTR_MAX - 31);
    for (const Operation& operation : kOperations) {
      if (!operation.has_rows) continue;
      Fixture f;
      // Legal, but it overlaps: so nothing is read or written.
      Operands o = f.good;
      Shape(3, 2, (kMax - 2) / 2, &o);
      o.second.data = o.x.data;
      o.y.data = f.At(0) + 1;
      Expect(operation, f, o, target, Status::kOverlap, "the largest");
      Shape(3, 2, (kMax - 2) / 2 + 1, &o);
      Expect(operation, f, o, target, Status::kBadShape, "one more");
      o.x = Rows<const float>(high, 1, 16);
      o.second = o.x;
      o.y = Rows<float>(f.At(0), 1, 16);
      Expect(operation, f, o, target, Status::kBadShape, "past the end");
    }
  });
}

TEST_CASE("arguments: options") {
  ForEachTarget([](Target target) {
    Fixture f;
    const Operands& o = f.good;
    const auto expect_bad = [&](float scale, EmptyRow empty) {
      CAPTURE(scale);
      for (const Status status :
           {Softmax(o.x, o.y, {scale, empty}, target),
            SoftmaxWithLogSumExp(o.x, o.y, o.row_results, {scale, empty},
                                 target),
            LogSoftmax(o.x, o.y, {scale, empty}, target)}) {
        CHECK(status == Status::kBadOption);
      }
    };
    for (const float scale : {0.0f, -0.0f, -1.0f, kInf, -kInf, kNan, -1e-45f}) {
      expect_bad(scale, EmptyRow::kNan);
      for (const Status status :
           {SoftmaxBackward(o.x, o.second, o.y, scale, target),
            LogSumExp(o.x, o.row_results, scale, target),
            LogSoftmaxBackward(o.x, o.second, o.y, scale, target)}) {
        CHECK(status == Status::kBadOption);
      }
    }
    expect_bad(1.0f, static_cast<EmptyRow>(2));
    CHECK(f.IsUntouched());
  });
}

TEST_CASE("arguments: targets that are not there") {
  for (int value = 0; value < 256; ++value) {
    const Target target = static_cast<Target>(value);
    if (IsAvailable(target)) continue;
    CAPTURE(value);
    for (const Operation& operation : kOperations) {
      Fixture f;
      Expect(operation, f, f.good, target, Status::kTargetUnavailable,
             "target");
    }
  }
}

TEST_CASE("arguments: nothing to do") {
  ForEachTarget([](Target target) {
    for (const Operation& operation : kOperations) {
      Fixture f;
      Expect(operation, f, Operands{}, target, Status::kOk, "no rows, null");
      Operands o = f.good;
      o.x.rows = o.second.rows = o.y.rows = 0;
      Expect(operation, f, o, target, Status::kOk, "no rows");
      Operands wide = o;  // products of cols are 0
      wide.x.cols = wide.second.cols = wide.y.cols = size_t{1} << 63;
      wide.x.stride = wide.second.stride = wide.y.stride = size_t{1} << 63;
      Expect(operation, f, wide, target, Status::kOk, "no rows, wide");
      // Views without elements do not overlap, and do not use their strides.
      o.y.data = f.At(0) + 1;
      Expect(operation, f, o, target, Status::kOk, "no rows, overlapping");
      o.x.stride = kCols - 1;
      Expect(operation, f, o, target, Status::kOk, "no rows, stride");
      if (operation.has_row_results) continue;
      o = f.good;
      o.x.cols = o.second.cols = o.y.cols = 0;
      Expect(operation, f, o, target, Status::kOk, "no columns");
      o.x.data = o.second.data = nullptr;
      o.y.data = nullptr;
      Expect(operation, f, o, target, Status::kOk, "no columns, null");
      o.x.rows = o.second.rows = o.y.rows = SIZE_MAX;  // and no time
      Expect(operation, f, o, target, Status::kOk, "no columns, many rows");
    }
  });
}

}  // namespace
}  // namespace softlane
