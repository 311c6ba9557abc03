// SPDX-License-Identifier: Apache-2.0
// The functions of any element type give what the functions of floats give for
// the widened inputs, rounded once.

#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "operand_fixture.h"
#include "operand_rounding.h"
#include "operand_tally.h"
#include "operand_types.h"

namespace softlane {
namespace operands {
namespace {

// A call of these sizes in one of its layouts.
void ExpectRounded(const Operation& operation, Target target,
                   const Sizes& sizes, Random& random, Tally& tally) {
  const bool is_packed = random.Below(2) == 0;
  const bool is_shifted = random.Below(3) == 0;
  Fixture f(operation, sizes, is_packed, 0, is_shifted);
  FillRows(operation, f, random);
  Call call = f.good;
  std::string what = is_packed ? "packed" : "with gaps";
  // Half of the calls are in place, if they may be. Some inputs are one row.
  const bool is_in_place = random.Below(2) == 0;
  const size_t repeated = random.Below(4);
  for (size_t i = 0; i < operation.operands.size(); ++i) {
    const Operand& operand = operation.operands[i];
    View& v = call[operand.id];
    if (!IsView(operand.shape) || !IsInput(operand.role)) continue;
    if (is_in_place && operand.role == Role::kReplaceable &&
        random.Below(2) == 0) {
      call[kY] = v;
      what += std::string(", in place of ") + operand.name;
    } else if (i == repeated && v.data != call[kY].data) {
      v.stride = 0;
      what += std::string(", one row of ") + operand.name;
    }
  }
  const Bytes want = Rounded(operation, target, call, tally);
  ExpectBytes(operation, 0, target, f, call, want, what, tally);
}

std::vector<Sizes> RowSizes() {
  std::vector<Sizes> all;
  for (const size_t rows : {1, 2, 3, 7, 16, 33, 40}) {
    for (size_t cols = 1; cols <= 40; ++cols) all.push_back({rows, 1, cols});
  }
  for (const size_t cols :
       {63,   64,   65,   127,  128,  130,  255,  300,  511,  512,   513,
        1000, 2047, 4095, 4096, 4097, 8191, 8192, 8193, 9000, 12289, 20000}) {
    for (size_t rows = 1; rows <= (cols < 9000 ? 4 : 2); ++rows) {
      all.push_back({rows, 1, cols});
    }
  }
  // Chunks of several rows, and what is left.
  for (const Sizes sizes :
       {Sizes{1500, 1, 3}, Sizes{700, 1, 8}, Sizes{130, 1, 64},
        Sizes{50, 1, 100}, Sizes{41, 1, 300}, Sizes{9, 1, 1000}}) {
    all.push_back(sizes);
  }
  for (Sizes& sizes : all) sizes.k = sizes.cols < 4 ? 1 : 4;
  return all;
}

std::vector<Sizes> PlaneSizes() {
  std::vector<Sizes> all;
  for (const size_t outer : {1, 2, 3}) {
    for (const size_t axis : {1, 2, 3, 7, 16, 33, 40}) {
      for (const size_t inner : {1, 2, 3, 5, 8, 16, 17, 40, 64, 100}) {
        all.push_back({outer, axis, inner});
      }
    }
  }
  for (const Sizes sizes :
       {Sizes{2, 4097, 1}, Sizes{2, 9000, 1}, Sizes{1, 20000, 1},
        Sizes{1, 9000, 3}, Sizes{2, 300, 33}, Sizes{2, 5, 4097},
        Sizes{1, 3, 9000}, Sizes{2, 2, 20000}, Sizes{3, 70, 300},
        Sizes{1500, 3, 1}, Sizes{60, 8, 9}}) {
    all.push_back(sizes);
  }
  for (Sizes& sizes : all) sizes.k = 4;
  return all;
}

// Kills: a conversion that truncates, or rounds twice; a chunk that forgets its
// last rows, its column or its row of a result; a stride that is ignored; an
// output that is read before it is written.
TEST_CASE("types: widen, the function of floats, round") {
  ForEachTarget([](Target target) {
    Tally tally("widen, the function of floats, round", target);
    const std::vector<Sizes> rows = RowSizes(), planes = PlaneSizes();
    const bool is_slow = target == Target::kBaseline;
    Random random(1);
    for (const Operation& operation : TypedOperations()) {
      const bool has_planes = Has(operation, Shape::kPlanes);
      for (const Sizes& sizes : has_planes ? planes : rows) {
        const size_t elements = sizes.rows * sizes.axis * sizes.cols;
        // Of the calls that take long, some.
        const size_t most = is_slow ? 200 : 1000;
        if (random.Below(elements) > most) continue;
        ExpectRounded(operation, target, sizes, random, tally);
      }
      tally.Check(operation, 0);
    }
  });
}

}  // namespace
}  // namespace operands
}  // namespace softlane
