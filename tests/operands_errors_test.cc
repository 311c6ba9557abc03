// SPDX-License-Identifier: Apache-2.0
// Every pair of errors that a call can have at once gives the smallest status
// and writes no byte. What looks like an overlap and is none is no error.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "operand_errors.h"
#include "operand_fixture.h"

namespace softlane {
namespace operands {
namespace {

// Kills: a check that is left out, or comes before one of a smaller status.
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
        // It has the numbers that are wrong, until Reset().
        const std::vector<int64_t> before = f.All();
        const Status status =
            operation.run[twin](p.call, static_cast<Target>(p.target));
        const bool untouched = f.All() == before;
        f.Reset();
        const Status want = std::min(a.status, b.status);
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
// none.
TEST_CASE("operands: windows of one buffer") {
  ForEachFunction("windows of one buffer", [](const Operation& operation,
                                              size_t twin, Target target,
                                              Tally& tally) {
    const bool is_planes = Has(operation, Shape::kPlanes);
    Fixture f(operation, {3, is_planes ? size_t{2} : 1, 8, 4});
    for (const Operand& in : operation.operands) {
      const bool is_bytes = in.element == Element::kByte;
      if (!IsView(in.shape) || is_bytes) continue;
      for (const Operand& out : operation.operands) {
        if (!IsView(out.shape) || out.role != Role::kWritten) continue;
        if (in.id == out.id) continue;
        for (const bool is_left : {false, true}) {
          Call call = f.good;
          View& left = call[is_left ? out.id : in.id];
          View& right = call[is_left ? in.id : out.id];
          const size_t width =
              is_planes ? left.axis_stride + left.cols : left.cols;
          left.stride = right.stride = width + (is_planes ? width : right.cols);
          left.data = f.spare;
          right.data = At(in, left, 0, 0, width);
          ExpectStatus(operation, twin, target, f, call,
                       is_planes ? Status::kOverlap : Status::kOk,
                       std::string(out.name) + " beside " + in.name, tally);
        }
      }
    }
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
