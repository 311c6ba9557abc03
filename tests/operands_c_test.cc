// SPDX-License-Identifier: Apache-2.0
// The C twin of each function gives its bits.

#include "doctest/doctest.h"
#include "operand_fixture.h"
#include "operand_operations.h"
#include "operand_tally.h"

namespace softlane {
namespace operands {
namespace {

// Kills: an option or a type that a C twin does not pass on, or takes from
// another.
TEST_CASE("operands: the C twin has the bits of the function") {
  ForEachFunction("C twin", [](const Operation& operation, size_t twin,
                               Target target, Tally& tally) {
    if (twin == 0) return;
    const Sizes sizes{5, Has(operation, Shape::kPlanes) ? size_t{3} : 1, 40, 4};
    Fixture f(operation, sizes);
    const Bytes want = Expected(operation, 0, target, f, f.good, tally);
    ExpectBytes(operation, twin, target, f, f.good, want, "C", tally);
  });
}

}  // namespace
}  // namespace operands
}  // namespace softlane
