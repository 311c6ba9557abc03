// SPDX-License-Identifier: Apache-2.0
#include "softlane/rows.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <vector>

#include "doctest/doctest.h"

namespace softlane {
namespace {

static_assert(std::is_trivially_copyable_v<Rows<float>>);
static_assert(std::is_convertible_v<Rows<float>, Rows<const float>>);
static_assert(!std::is_convertible_v<Rows<const float>, Rows<float>>);
static_assert(!std::is_convertible_v<Rows<double>, Rows<const float>>);
static_assert(Rows<float>().data == nullptr && Rows<float>().rows == 0 &&
              Rows<float>().cols == 0 && Rows<float>().stride == 0);

bool AreEqual(const Rows<const float>& a, const Rows<const float>& b) {
  return a.data == b.data && a.rows == b.rows && a.cols == b.cols &&
         a.stride == b.stride;
}

// Kills: two sizes exchanged; a stride that is not the columns.
TEST_CASE("rows: what a view is made of") {
  float x[100] = {};
  const Rows<float> view(x, 4, 5, 7);
  CHECK(view.data == x);
  CHECK(view.rows == 4);
  CHECK(view.cols == 5);
  CHECK(view.stride == 7);
  CHECK(AreEqual(Rows<float>(x, 4, 5), Rows<float>(x, 4, 5, 5)));
  CHECK(AreEqual(Rows<const float>(view), Rows<const float>(x, 4, 5, 7)));
}

// Kills: the columns instead of the stride; a slice that keeps its rows, or
// that begins a row off.
TEST_CASE("rows: a row, and slices") {
  float x[100] = {};
  const Rows<float> view(x, 4, 5, 7);
  CHECK(view.Row(0) == x);
  CHECK(view.Row(3) == x + 21);
  CHECK(AreEqual(view.Slice(1, 2), Rows<float>(x + 7, 2, 5, 7)));
  CHECK(AreEqual(view.Slice(0, 4), view));
  CHECK(AreEqual(view.Slice(1, 3).Slice(2, 1), Rows<float>(x + 21, 1, 5, 7)));
  const Rows<float> repeated(x, 4, 5, 0);
  CHECK(repeated.Row(3) == x);
  CHECK(AreEqual(repeated.Slice(2, 2), Rows<float>(x, 2, 5, 0)));
}

// Kills: a part that leaves a row out or has it twice; parts that differ by
// more than a row.
TEST_CASE("rows: even parts") {
  float x[100] = {};
  for (size_t rows = 0; rows < 12; ++rows) {
    const Rows<float> view(x, rows, 5, 7);
    for (size_t n = 1; n < 15; ++n) {
      size_t first = 0;
      for (size_t i = 0; i < n; ++i) {
        const size_t count = view.Part(i, n).rows;
        CHECK(AreEqual(view.Part(i, n), view.Slice(first, count)));
        CHECK(count >= rows / n);
        CHECK(count <= (rows + n - 1) / n);
        first += count;
      }
      CHECK(first == rows);
    }
  }
}

// Kills: a part that begins within a block; a column that is in no part or in
// two; parts that differ by more than a block; blocks that are counted by
// cols + kStateCols - 1, which wraps.
TEST_CASE("rows: parts of columns") {
  std::vector<float> x(64 * kStateCols + 1);
  constexpr size_t kBlock = kStateCols;
  for (const size_t cols :
       {size_t{0}, size_t{1}, kBlock - 1, kBlock, kBlock + 1, 3 * kBlock,
        7 * kBlock - 5, 64 * kBlock + 1, SIZE_MAX, SIZE_MAX - kBlock}) {
    // No buffer has the largest sizes, so they have no address.
    const bool is_huge = cols > x.size();
    const Rows<float> view(is_huge ? nullptr : x.data(), 4, cols, cols);
    const size_t blocks = cols / kBlock + (cols % kBlock != 0 ? 1 : 0);
    for (const size_t n : {1, 2, 3, 5, 8, 64, 100}) {
      size_t first = 0;
      for (size_t i = 0; i < n; ++i) {
        const Rows<float> part = view.PartOfColumns(i, n);
        CHECK(view.FirstColOfPart(i, n) == first);
        CHECK((first % kBlock == 0 || part.cols == 0));
        const bool is_known = is_huge || part.cols == 0;
        CHECK((is_known || part.data == x.data() + first));
        CHECK(part.rows == 4);
        CHECK(part.stride == cols);
        const bool is_last = first + part.cols == cols;
        CHECK((is_last || part.cols % kBlock == 0));
        const size_t its = part.cols / kBlock + (part.cols % kBlock ? 1 : 0);
        CHECK(its >= blocks / n);
        CHECK(its <= blocks / n + (blocks % n != 0 ? 1 : 0));
        first += part.cols;
      }
      CHECK(first == cols);
      CHECK(view.FirstColOfPart(n, n) == cols);
    }
  }
  // The other rows of a part are as far apart as those of the view.
  float y[2 * (kBlock + 10)] = {};
  const Rows<float> rows(y, 2, kBlock + 3, kBlock + 10);
  CHECK(AreEqual(rows.PartOfColumns(0, 2),
                 Rows<float>(y, 2, kBlock, kBlock + 10)));
  CHECK(AreEqual(rows.PartOfColumns(1, 2),
                 Rows<float>(y + kBlock, 2, 3, kBlock + 10)));
  CHECK(Rows<float>(nullptr, 4, 0, 7).PartOfColumns(1, 2).data == nullptr);
}

// Kills: arithmetic on null, which is undefined, and on a stride that may be
// any number.
TEST_CASE("rows: slices without elements") {
  float x[100] = {};
  CHECK(Rows<float>(nullptr, 4, 0, 7).Slice(2, 2).data == nullptr);
  CHECK(Rows<float>(nullptr, 4, 0, 7).Slice(2, 2).rows == 2);
  const Rows<float> none = Rows<float>(x, 4, 5, SIZE_MAX).Slice(4, 0);
  CHECK(none.data == x);
  CHECK(none.rows == 0);
}

}  // namespace
}  // namespace softlane
