// SPDX-License-Identifier: Apache-2.0
// Calls of any element type: special numbers in every place, and operands at
// the ends of memory.

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "operand_fixture.h"
#include "operand_rounding.h"
#include "operand_tally.h"
#include "operand_types.h"
#include "pages.h"

namespace softlane {
namespace operands {
namespace {

// Fills with usual numbers, and with special ones on the diagonal of logits.
void FillDiagonal(const Operation& operation, Fixture& f, float special,
                  Random& random) {
  for (const Operand& operand : operation.operands) {
    const bool is_logits = operand.content == Content::kLogits;
    if (!IsTyped(operand) || !IsInput(operand.role) || !is_logits) continue;
    const View& v = f.good[operand.id];
    ForEachElement(operand, v, [&](void* to) {
      PutNumber(operand.element, 2.0f * random.Normal(), to);
    });
    const size_t length = v.axis > 1 ? v.axis : v.cols;
    for (size_t i = 0; i < length; ++i) {
      void* const to = v.axis > 1 ? At(operand, v, 0, i, i % v.cols)
                                  : At(operand, v, i % v.rows, 0, i);
      PutNumber(operand.element, special, to);
    }
  }
  f.Keep();
}

// Kills: a lane that loses a NaN or an infinity; a comparison of bits that
// takes a NaN or a subnormal for a number.
TEST_CASE("types: special numbers in every place of a row") {
  ForEachTarget([](Target target) {
    Tally tally("special numbers in every place of a row", target);
    const bool is_slow = target == Target::kBaseline;
    for (const Operation& operation : TypedOperations()) {
      Random random(2);
      for (size_t n = 1; n <= 70; n += 1 + random.Below(is_slow ? 40 : 8)) {
        for (const float special : kSpecialNumbers) {
          if (random.Below(4) != 0) continue;
          Sizes sizes{n, 1, n, n < 4 ? size_t{1} : 4};
          if (Has(operation, Shape::kPlanes)) sizes = {1, n, 1 + n % 9};
          Fixture f(operation, sizes);
          FillDiagonal(operation, f, special, random);
          const Bytes want = Rounded(operation, target, f.good, tally);
          ExpectBytes(operation, 0, target, f, f.good, want,
                      std::to_string(special), tally);
        }
      }
      tally.Check(operation, 0);
    }
  });
}

// Kills: a -inf that is narrowed or widened to a number, a chunk without the
// row of -inf that its neighbour has.
TEST_CASE("types: rows of -inf") {
  ForEachTarget([](Target target) {
    Tally tally("rows of -inf", target);
    for (const Operation& operation : TypedOperations()) {
      if (Has(operation, Shape::kPlanes)) continue;
      for (const size_t n : {1, 5, 33, 300}) {
        for (const int empty_row : {0, 1}) {
          Fixture f(operation, {5, 1, n, 1});
          for (const Operand& operand : operation.operands) {
            if (operand.id != kX || !IsTyped(operand)) continue;
            View odd = f.good[operand.id];
            odd.data = At(operand, odd, 1, 0, 0);
            odd.rows = 2, odd.stride *= 2;
            ForEachElement(operand, odd, [&](void* to) {
              PutNumber(operand.element, -__builtin_inff(), to);
            });
          }
          f.Keep();
          Call call = f.good;
          call.settings.empty_row = empty_row;
          const Bytes want = Rounded(operation, target, call, tally);
          ExpectBytes(operation, 0, target, f, call, want, "-inf", tally);
        }
      }
      tally.Check(operation, 0);
    }
  });
}

// Memory whose first or last byte is the first or the last of pages between two
// that cannot be read.
class Guarded {
 public:
  Guarded(size_t bytes, bool is_at_end)
      : pages_((bytes + kPageBytes - 1) / kPageBytes + 2),
        count_((bytes + kPageBytes - 1) / kPageBytes + 2) {
    char* const first = pages_.Page(1);
    char* const end = pages_.Page(count_ - 1);
    data_ = is_at_end ? end - bytes : first;
    REQUIRE(pages_.Protect(0, Access::kNone));
    REQUIRE(pages_.Protect(count_ - 1, Access::kNone));
  }
  void* data() const { return data_; }

 private:
  // The least that a page has.
  static constexpr size_t kPageBytes = 4096;

  Pages pages_;
  size_t count_;
  char* data_;
};

// The same call with each operand at an end of memory.
void ExpectGuarded(const Operation& operation, Target target,
                   const Sizes& sizes, bool is_at_end, Tally& tally) {
  Fixture f(operation, sizes, true);
  const Bytes want = Rounded(operation, target, f.good, tally);
  Call call = f.good;
  std::vector<std::unique_ptr<Guarded>> memory;
  for (const Operand& operand : operation.operands) {
    View& v = call[operand.id];
    const size_t bytes = v.rows * v.stride * SizeOf(operand.element);
    memory.push_back(std::make_unique<Guarded>(bytes, is_at_end));
    v.data = memory.back()->data();
    std::memcpy(v.data, f.good[operand.id].data, bytes);
  }
  const Status status = operation.run[0](call, target);
  const Bytes got = ResultsOf(operation, call);
  tally.Expect(status == Status::kOk && got == want, [&] {
    return Describe(operation, call, "at an end of memory", status);
  });
}

// Kills: a vector that is read or written beyond the last of an odd number of
// elements, or before the first.
TEST_CASE("types: at the ends of memory") {
  ForEachTarget([](Target target) {
    Tally tally("at the ends of memory", target);
    const bool is_slow = target == Target::kBaseline;
    Random random(3);
    for (const Operation& operation : TypedOperations()) {
      for (const size_t n :
           {1, 3, 5, 7, 9, 15, 17, 31, 33, 63, 65, 127, 511, 4097, 9001}) {
        if (is_slow && n > 600) continue;
        if (random.Below(2) == 0) continue;
        for (const size_t rows : {1, 3}) {
          Sizes sizes{rows, 1, n, n < 4 ? size_t{1} : 3};
          if (Has(operation, Shape::kPlanes)) sizes = {rows, n, n % 5 + 1};
          for (const bool is_at_end : {false, true}) {
            ExpectGuarded(operation, target, sizes, is_at_end, tally);
          }
        }
      }
      tally.Check(operation, 0);
    }
  });
}

}  // namespace
}  // namespace operands
}  // namespace softlane
