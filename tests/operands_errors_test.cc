// SPDX-License-Identifier: Apache-2.0
// Every pair of errors that a call can have at once gives the smallest status
// and writes no byte. Operands that seem to overlap and do not are no error.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "operand_errors.h"
#include "operand_fixture.h"
#include "operand_tally.h"

namespace softlane {
namespace operands {
namespace {

// Kills: a check that is left out, or comes before one of a smaller status; a
// pair of types that is not checked, or not first.
TEST_CASE("operands: the smallest status of two errors") {
  ForEachFunction("two errors", [](const Operation& operation, size_t twin,
                                   Target target, Tally& tally) {
    Sizes sizes{kErrorRows, 1, kErrorCols, 5};
    if (Has(operation, Shape::kPlanes)) sizes.axis = 4, sizes.cols = 7;
    Fixture f(operation, sizes);
    Expected(operation, twin, target, f, f.good, tally);
    const Errors errors = ErrorsOf(operation, twin, f);
    for (size_t i = 0; i < errors.size(); ++i) {
      for (size_t j = 0; j <= i; ++j) {  // one error alone, too
        const Error& a = errors[i];
        const Error& b = errors[j];
        if (i != j && (a.changes & b.changes).any()) continue;
        Planted p{f.good, static_cast<int>(target)};
        a.plant(p);
        if (i != j) b.plant(p);
        // The memory has the planted errors until Reset().
        const std::vector<int64_t> before = f.All();
        const Status status =
            operation.run[twin](p.call, static_cast<Target>(p.target));
        const bool untouched = f.All() == before;
        f.Reset();
        const Status want = a.is_of_types   ? a.status
                            : b.is_of_types ? b.status
                                            : std::min(a.status, b.status);
        tally.Expect(status == want && untouched, [&] {
          return Describe(operation, p.call,
                          b.what + " and " + a.what + ", not " +
                              StatusName(want) + (untouched ? "" : ", wrote"),
                          status);
        });
      }
    }
  });
}

// Kills: an extent with one row or element more than there are.
TEST_CASE("operands: side by side") {
  ForEachFunction("side by side", [](const Operation& operation, size_t twin,
                                     Target target, Tally& tally) {
    const Sizes sizes{4, Has(operation, Shape::kPlanes) ? size_t{2} : 1, 8, 4};
    Fixture f(operation, sizes);
    const Bytes want = Expected(operation, twin, target, f, f.good, tally);
    for (size_t first = 0; first < operation.operands.size(); ++first) {
      Fixture g(operation, sizes, true, first);
      ExpectBytes(operation, twin, target, g, g.good, want, "packed", tally);
    }
  });
}

// Kills: column windows that are an overlap, or windows of planes that are
// none; a stride compared in elements of two sizes; a window a row before or
// behind the other.
TEST_CASE("operands: windows of one buffer") {
  ForEachFunction("windows of one buffer", [](const Operation& operation,
                                              size_t twin, Target target,
                                              Tally& tally) {
    const bool is_planes = Has(operation, Shape::kPlanes);
    Fixture f(operation, {3, is_planes ? size_t{2} : 1, 8, 4});
    for (const Operand& in : operation.operands) {
      if (!IsView(in.shape)) continue;
      for (const Operand& out : operation.operands) {
        if (!IsView(out.shape) || out.role != Role::kWritten) continue;
        if (in.id == out.id) continue;
        for (const bool is_left : {false, true}) {
          for (const auto& [left_row, right_row] :
               {std::pair<size_t, size_t>{0, 0}, {0, 1}, {1, 0}}) {
            Call call = f.good;
            const Operand& l = is_left ? out : in;
            const Operand& r = is_left ? in : out;
            View& left = call[l.id];
            View& right = call[r.id];
            const size_t width =
                is_planes ? left.axis_stride + left.cols : left.cols;
            const size_t bytes =
                width * SizeOf(l.element) +
                (is_planes ? width : right.cols) * SizeOf(r.element);
            left.data = f.spare;
            left.stride = bytes / SizeOf(l.element);
            right.stride = bytes / SizeOf(r.element);
            right.data = At(l, left, right_row, 0, width);
            left.data = At(l, left, left_row, 0, 0);
            const bool are_windows = !HasAxis(in.shape) && !HasAxis(out.shape);
            ExpectStatus(operation, twin, target, f, call,
                         are_windows ? StatusElsewhere(in) : Status::kOverlap,
                         std::string(out.name) + " beside " + in.name, tally);
          }
        }
      }
    }
  });
}

// Kills: an output that may be an input which another output may replace.
TEST_CASE("operands: one element each, two in one place") {
  ForEachFunction(
      "one element each",
      [](const Operation& operation, size_t twin, Target target, Tally& tally) {
        Fixture f(operation, {1, 1, 1, 1});
        for (const Operand& out : operation.operands) {
          if (!IsOutput(out.role)) continue;
          for (const Operand& in : operation.operands) {
            if (in.id == out.id) continue;
            Call call = f.good;
            call[out.id].data = call[in.id].data;
            const bool may_replace =
                in.role == Role::kReplaceable && out.shape == in.shape;
            ExpectStatus(operation, twin, target, f, call,
                         may_replace ? Status::kOk : Status::kOverlap,
                         std::string(out.name) + " on " + in.name, tally);
          }
        }
      });
}

// Kills: "the same view" by two of its beginning, its end and its planes.
TEST_CASE("operands: other views of the same bytes") {
  ForEachFunction(
      "other views of the same bytes",
      [](const Operation& operation, size_t twin, Target target, Tally& tally) {
        const bool is_planes = Has(operation, Shape::kPlanes);
        Fixture f(operation, {3, is_planes ? size_t{3} : 1, 8, 4});
        for (const Operand& in : operation.operands) {
          for (const Operand& out : operation.operands) {
            if (in.role != Role::kReplaceable || out.role != Role::kWritten ||
                in.shape != out.shape) {
              continue;
            }
            const auto expect = [&](const Call& call, const char* what) {
              ExpectStatus(operation, twin, target, f, call, Status::kOverlap,
                           in.name + std::string(what), tally);
            };
            Call call = f.good;
            View& x = call[in.id];
            View& y = call[out.id];
            x.data = f.spare;
            x.axis_stride = 10;
            x.stride = 40;
            y = x;
            y.stride = 35;
            y.data = At(in, x, 0, 0, (x.rows - 1) * (x.stride - y.stride));
            expect(call, ", the same end");
            if (!is_planes) continue;
            y = x;
            ++y.axis_stride, --y.stride;
            expect(call, ", the same beginning and end");
          }
        }
      });
}

// Kills: a product or a sum that wraps to a size that would do.
TEST_CASE("operands: sizes that wrap to small ones") {
  ForEachFunction(
      "sizes that wrap to small ones",
      [](const Operation& operation, size_t twin, Target target, Tally& tally) {
        const bool is_planes = Has(operation, Shape::kPlanes);
        Fixture f(operation, {3, is_planes ? size_t{2} : 1, 8, 4});
        const auto expect = [&](const Sizes& sizes, size_t stride,
                                size_t axis_stride) {
          Call call = f.good;
          call.sizes = sizes;
          for (const Operand& operand : operation.operands) {
            View& v = call[operand.id];
            const View shape = ShapeOf(operand, sizes);
            v.rows = shape.rows, v.axis = shape.axis, v.cols = shape.cols;
            v.stride = stride, v.axis_stride = axis_stride;
          }
          ExpectStatus(operation, twin, target, f, call, Status::kBadShape,
                       "sizes that wrap", tally);
          if (!is_planes || call[kY].data == nullptr) return;
          // In place, where long planes meet no others.
          call[kX].data = call[kSecond].data = call[kY].data;
          ExpectStatus(operation, twin, target, f, call, Status::kBadShape,
                       "sizes that wrap, in place", tally);
        };
        constexpr size_t k2To32 = size_t{1} << 32, k2To62 = size_t{1} << 62;
        if (Has(operation, Shape::kSquare) || !HasColumns(operation)) return;
        expect({k2To32 + 1, 1, 8, 4}, k2To32, 8);
        expect({k2To62 + 1, 1, 8, 4}, 8, 8);
        expect({3, 1, SIZE_MAX - 7, 4}, 8, 8);
        if (!is_planes) return;
        expect({2, k2To32 + 1, 8}, 8, k2To32);
        expect({2, k2To62 + 1, 8}, 8, 8);
        expect({2, k2To62, 8}, 8, 8);
        // Planes of 2^54 elements.
        constexpr size_t k2To27 = size_t{1} << 27;
        expect({1025, k2To27 + 1, 8}, (size_t{1} << 54) + 8, k2To27);
        expect({1025, k2To27, 8}, size_t{1} << 54, k2To27);
      });
}

// Kills: an operand that is checked although the options leave it out.
TEST_CASE("operands: upstream of rows that have no loss each") {
  ForEachTarget([](Target target) {
    float x[6] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}, dx[6];
    const int64_t labels[2] = {0, 2};
    float losses[2];
    CrossEntropyOptions options;
    options.upstream_rows = losses;
    CHECK(CrossEntropy({x, 2, 3}, labels, losses, {dx, 2, 3}, options, nullptr,
                       target) == Status::kOk);
    options.reduction = Reduction::kNone;
    CHECK(CrossEntropy({x, 2, 3}, labels, losses, {}, options, nullptr,
                       target) == Status::kOk);
    CHECK(CrossEntropy({x, 2, 3}, labels, losses, {dx, 2, 3}, options, nullptr,
                       target) == Status::kOverlap);
  });
}

}  // namespace
}  // namespace operands
}  // namespace softlane
