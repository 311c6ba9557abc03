// SPDX-License-Identifier: Apache-2.0
// A stride of 0 repeats the first row of an input, and is wrong for an output.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "operand_fixture.h"
#include "operand_tally.h"

namespace softlane {
namespace operands {
namespace {

bool CanBroadcast(const Operand& operand) {
  return IsView(operand.shape) && operand.role != Role::kWritten;
}

// The outputs must be what they are with rows that are copies.
void ExpectBroadcast(const Operation& operation, size_t twin, Target target,
                     const Sizes& sizes, bool is_packed, Tally& tally) {
  Fixture f(operation, sizes, is_packed);
  Call all = f.good;
  for (const Operand& operand : operation.operands) {
    if (!CanBroadcast(operand)) continue;
    Fixture g(operation, sizes, is_packed);
    g.Repeat(operand);
    const Bytes want = Expected(operation, twin, target, g, g.good, tally);
    Call one = g.good;
    one[operand.id].stride = 0;
    const std::string name = operand.name;
    ExpectBytes(operation, twin, target, g, one, want, name, tally);
    for (const Operand& other : operation.operands) {
      if (other.role != Role::kReplaceable || other.id == operand.id) continue;
      Call in_place = one;
      in_place[kY] = in_place[other.id];
      ExpectBytes(operation, twin, target, g, in_place, want,
                  name + ", in place of " + other.name, tally);
    }
    f.Repeat(operand);
    all[operand.id].stride = 0;
  }
  const Bytes want = Expected(operation, twin, target, f, f.good, tally);
  ExpectBytes(operation, twin, target, f, all, want, "all", tally);
}

// Kills: a kernel that takes a stride of 0 for one without gaps.
TEST_CASE("broadcast: the bits of copies") {
  ForEachFunction(
      "broadcast, the bits of copies",
      [](const Operation& operation, size_t twin, Target target, Tally& tally) {
        const bool is_slow = target == Target::kBaseline;
        const auto run = [&](const Sizes& sizes) {
          const size_t elements = sizes.rows * sizes.axis * sizes.cols;
          const size_t most = is_slow            ? 200
                              : operation.is_any ? 2000
                              : kFullTests       ? SIZE_MAX
                                                 : 20000;
          if (elements > most) return;
          for (const bool is_packed : {false, true}) {
            ExpectBroadcast(operation, twin, target, sizes, is_packed, tally);
          }
        };
        if (Has(operation, Shape::kSquare)) return;
        if (Has(operation, Shape::kPlanes)) {
          for (const size_t inner : {1, 3, 16, 50, 300}) {
            for (const size_t axis : {1, 2, 7, 40}) {
              run({2, axis, inner});
              run({5, axis, inner});
            }
          }
          run({3, 40, 33});
          run({20, 300, 1});
          if (twin == 0) run({4, 300, 300});
          return;
        }
        for (const Sizes sizes :
             {Sizes{2, 1, 1}, Sizes{40, 1, 2}, Sizes{37, 1, 3}, Sizes{40, 1, 4},
              Sizes{5, 1, 7}, Sizes{50, 1, 8}, Sizes{70, 1, 16},
              Sizes{40, 1, 33}, Sizes{100, 1, 64}, Sizes{36, 1, 130},
              Sizes{20, 1, 300}, Sizes{9, 1, 1100}, Sizes{3, 1, 5000}}) {
          Sizes with_k = sizes;
          with_k.k = sizes.cols < 4 ? 1 : 4;
          run(with_k);
        }
      });
}

// A call of many rows that are all the row of another call.
class ManyRows {
 public:
  ManyRows(const Operation& operation, const Call& one, size_t rows)
      : call(one) {
    call.sizes.rows = rows;
    for (const Operand& operand : operation.operands) {
      View& v = call[operand.id];
      const size_t bytes = SizeOf(operand.element);
      if (operand.shape == Shape::kPerRow) {
        v.data = Copies(v.data, bytes, rows);
        v.cols = rows;
      } else if (IsView(operand.shape)) {
        v.rows = rows;
        v.stride = 0;
        if (operand.role != Role::kWritten) continue;
        v.data = Copies(v.data, v.cols * bytes, rows);
        v.stride = v.cols;
      }
    }
  }
  // Whether each row has the results that the other call has.
  bool IsEach(const Operation& operation, const Call& one) const {
    for (const Operand& operand : operation.operands) {
      if (!IsOutput(operand.role) || operand.shape == Shape::kOne) {
        continue;
      }
      const View& v = one[operand.id];
      const size_t bytes = v.cols * SizeOf(operand.element);
      const uint8_t* got = call[operand.id].As<const uint8_t>();
      for (size_t r = 0; r < call.sizes.rows; ++r, got += bytes) {
        if (std::memcmp(got, v.data, bytes) != 0) return false;
      }
    }
    return true;
  }

  Call call;

 private:
  void* Copies(const void* from, size_t bytes, size_t rows) {
    buffers_.emplace_back(bytes * rows);
    for (size_t r = 0; r < rows; ++r) {
      std::memcpy(&buffers_.back()[r * bytes], from, bytes);
    }
    return buffers_.back().data();
  }

  std::vector<Bytes> buffers_;
};

// Kills: a kernel for results beyond the caches that steps through an input.
TEST_CASE("broadcast: more results than the caches hold") {
  ForEachFunction(
      "more results than the caches hold",
      [](const Operation& operation, size_t twin, Target target, Tally& tally) {
        const Settings& settings = operation.settings;
        const bool is_reduced =
            operation.options == Options::kLoss && settings.reduction != 0;
        if (target == Target::kBaseline || twin == 1 || is_reduced ||
            settings.causal || operation.is_any ||
            Has(operation, Shape::kPlanes) || Has(operation, Shape::kSquare)) {
          return;
        }
        for (const Sizes sizes :
             {Sizes{5300, 1, 400}, Sizes{520, 1, 4100}, Sizes{36, 1, 60000}}) {
          Fixture f(operation, {1, 1, sizes.cols, 4});
          ManyRows rows(operation, f.good, sizes.rows);
          const Status status = operation.run[twin](f.good, target);
          tally.Expect(status == Status::kOk &&
                           operation.run[twin](rows.call, target) == status &&
                           rows.IsEach(operation, f.good),
                       [&] {
                         return Describe(operation, rows.call, "other bits",
                                         status);
                       });
        }
      });
}

constexpr size_t kRows = 3, kAxis = 3, kCols = 6;

Sizes SizesOf(const Operation& operation) {
  Sizes sizes{kRows, 1, kCols, 4};
  if (Has(operation, Shape::kPlanes)) sizes.axis = kAxis;
  return sizes;
}

// Kills: a stride of 0 that an output or an axis may have, too.
TEST_CASE("broadcast: strides that are too small") {
  ForEachFunction("strides that are too small", [](const Operation& operation,
                                                   size_t twin, Target target,
                                                   Tally& tally) {
    Fixture f(operation, SizesOf(operation));
    const auto expect = [&](const Call& call, Status want, const char* what) {
      ExpectStatus(operation, twin, target, f, call, want, what, tally);
    };
    for (const Operand& operand : operation.operands) {
      if (!IsView(operand.shape)) continue;
      Call call = f.good;
      View& v = call[operand.id];
      const bool is_planes = HasAxis(operand.shape);
      const size_t least =
          is_planes ? (v.axis - 1) * v.axis_stride + v.cols : v.cols;
      const bool is_input = operand.role != Role::kWritten;
      for (v.stride = is_input ? 1 : 0; v.stride < least; ++v.stride) {
        expect(call, Status::kBadShape, operand.name);
      }
      expect(call, StatusElsewhere(operand), operand.name);
      if (!is_planes) continue;
      for (const size_t stride : {size_t{0}, f.good[operand.id].stride}) {
        if (stride == 0 && !is_input) continue;
        v.stride = stride;
        for (v.axis_stride = 0; v.axis_stride < v.cols; ++v.axis_stride) {
          expect(call, Status::kBadShape, operand.name);
        }
        expect(call, Status::kOk, operand.name);
      }
    }
  });
}

// Kills: "the same view" by its data alone, a column window of stride 0.
TEST_CASE("broadcast: a repeated row in an output") {
  ForEachFunction(
      "a repeated row in an output",
      [](const Operation& operation, size_t twin, Target target, Tally& tally) {
        Fixture f(operation, SizesOf(operation));
        for (const Operand& in : operation.operands) {
          if (!CanBroadcast(in)) continue;
          for (const Operand& out : operation.operands) {
            if (out.role != Role::kWritten) continue;
            const std::string what =
                std::string(out.name) + " over " + std::string(in.name);
            Call call = f.good;
            View& x = call[in.id];
            View& y = call[out.id];
            x.stride = 0;
            const auto expect = [&](Status want, const char* where) {
              ExpectStatus(operation, twin, target, f, call, want, what + where,
                           tally);
            };
            x.data = y.data;
            expect(Status::kOverlap, ", the same data");
            if (!IsView(out.shape)) continue;
            x.data = At(out, y, y.rows - 1, 0, 0);
            expect(Status::kOverlap, ", its last row");
            x.data = At(out, y, y.rows - 1, y.axis - 1, y.cols - 1);
            expect(Status::kOverlap, ", its last element");
            // Where there is room: between two rows, and outside.
            y.stride *= 3;
            y.data = At(out, View{f.spare, 0, 0, 0, y.stride}, 1, 0, 0);
            x.data = At(out, y, 0, y.axis, y.cols);
            expect(Status::kOverlap, ", between its rows");
            x.data = f.spare;
            expect(StatusElsewhere(in), ", before it");
            x.data = At(out, y, y.rows, 0, 0);
            expect(StatusElsewhere(in), ", behind it");
          }
        }
      });
}

}  // namespace
}  // namespace operands
}  // namespace softlane
