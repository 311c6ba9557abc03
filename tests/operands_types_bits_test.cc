// SPDX-License-Identifier: Apache-2.0
// The bits of calls of any element type are these digests, on every target,
// with every compiler.

#include <cstdio>
#include <iterator>
#include <string>

#include "doctest/doctest.h"
#include "operand_fixture.h"
#include "operand_rounding.h"
#include "operand_tally.h"
#include "operand_types.h"
#include "operands_types_golden.h"

namespace softlane {
namespace operands {
namespace {

// FNV-1a.
void AddToDigest(const Bytes& bytes, uint64_t* digest) {
  for (const uint8_t byte : bytes) {
    *digest = (*digest ^ byte) * 0x100000001B3u;
  }
}

constexpr Sizes kSizes[] = {{1, 1, 1, 1},   {3, 1, 2, 1},    {40, 1, 5, 2},
                            {7, 1, 16, 4},  {5, 1, 33, 4},   {40, 1, 40, 4},
                            {3, 1, 100, 4}, {20, 1, 127, 4}, {3, 1, 300, 4},
                            {2, 1, 513, 4}, {2, 1, 1500, 4}, {1, 1, 9001, 4}};
constexpr Sizes kPlaneSizes[] = {{1, 1, 1, 1},   {3, 2, 5, 1},   {2, 7, 16, 3},
                                 {2, 33, 1, 4},  {1, 40, 40, 4}, {2, 127, 3, 4},
                                 {1, 20, 70, 4}, {1, 9001, 1, 4}};

uint64_t DigestOf(const Operation& operation, Target target) {
  uint64_t digest = 0xCBF29CE484222325u;
  Random random(3);
  const auto add = [&](const Sizes& sizes) {
    Fixture f(operation, sizes);
    FillRows(operation, f, random);
    const Status status = operation.run[0](f.good, target);
    CHECK(status == Status::kOk);
    const Bytes results = ResultsOf(operation, f.good);
    CHECK(!results.empty());
    AddToDigest(results, &digest);
  };
  if (Has(operation, Shape::kPlanes)) {
    for (const Sizes& sizes : kPlaneSizes) add(sizes);
  } else {
    for (const Sizes& sizes : kSizes) add(sizes);
  }
  return digest;
}

// Kills: a conversion that is another on one target, or with one compiler.
TEST_CASE("types: the digests") {
  ForEachTarget([](Target target) {
    std::printf("%s\n", TargetName(target));
    size_t functions = 0, found = 0;
    for (const Operation& operation : Operations()) {
      if (TypesOf(operation).empty()) continue;
      ++functions;
      TypedGolden digests = {operation.name, {}};
      uint64_t* digest = digests.digests;
      for (const Element half : {Element::kBFloat16, Element::kFloat16}) {
        for (const Element out : {half, Element::kFloat}) {
          const Operation typed = WithTypes(operation, {half, out, half});
          *digest++ = DigestOf(typed, target);
        }
      }
      std::printf("    {\"%s\",\n     {", digests.operation);
      const char* separator = "";
      for (const uint64_t d : digests.digests) {
        std::printf("%s0x%016llx", separator,
                    static_cast<unsigned long long>(d));
        separator = ", ";
      }
      std::printf("}},\n");
      for (const TypedGolden& golden : kTypedGolden) {
        if (std::string(golden.operation) != digests.operation) continue;
        ++found;
        INFO(std::string(digests.operation));
        for (size_t i = 0; i < std::size(golden.digests); ++i) {
          CHECK(digests.digests[i] == golden.digests[i]);
        }
      }
    }
    // No function is without digests, and no digests without their function.
    CHECK(found == functions);
    CHECK(found == std::size(kTypedGolden));
  });
}

}  // namespace
}  // namespace operands
}  // namespace softlane
