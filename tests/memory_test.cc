// SPDX-License-Identifier: Apache-2.0
// A call touches no byte outside of its operands. Every operand lies between
// two pages that can be neither read nor written. Inputs are mapped read-only,
// and the rest of an output's pages keeps its canaries. The test goes over all
// pairs of 16 x 16 offsets from the start or the end of the pages and all
// lengths up to 600, in place and not.
//
// For slow machines, SOFTLANE_MEMORY_STEP=7 tests every seventh length, and
// SOFTLANE_BATCHES_STEP=3 every third number of rows from 4 on.

#include <algorithm>
#include <cstdio>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "pages.h"
#include "part_operations.h"
#include "reference.h"

namespace softlane {
namespace {

constexpr size_t kMaxCols = 600;
constexpr size_t kOffsets = 16;
constexpr float kCanary = 0x1.5p77f;

// A page of floats between two pages that fault.
class Page {
 public:
  Page() : pages_(3) {
    REQUIRE(pages_.Protect(0, Access::kNone));
    REQUIRE(pages_.Protect(2, Access::kNone));
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  size_t size() const { return pages_.page_bytes() / sizeof(float); }
  float* data() { return reinterpret_cast<float*>(pages_.Page(1)); }
  void MakeReadOnly() { REQUIRE(pages_.Protect(1, Access::kRead)); }
  // n floats, `offset` floats from the start of the page or from its end.
  float* Place(bool at_end, size_t offset, size_t n) {
    return data() + (at_end ? size() - n - offset : offset);
  }
  void Fill(float value) {
    for (size_t i = 0; i < size(); ++i) data()[i] = value;
  }
  // Whether all floats but [begin, begin + n) within `margin` of it are
  // canaries.
  bool IsIntactAround(const float* begin, size_t n, size_t margin) {
    const float* first =
        std::max(data() + 0, const_cast<float*>(begin) - margin);
    const float* last =
        std::min(data() + size(), const_cast<float*>(begin) + n + margin);
    bool intact = true;
    for (const float* p = first; p < begin; ++p)
      intact = intact && *p == kCanary;
    for (const float* p = begin + n; p < last; ++p) {
      intact = intact && *p == kCanary;
    }
    return intact;
  }

 private:
  Pages pages_;
};

// A page per operand: inputs filled at random and read-only, outputs full of
// canaries.
struct FourPages {
  explicit FourPages(uint64_t seed) {
    Random random(seed);
    for (size_t i = 0; i < x.size(); ++i) {
      x.data()[i] = random.Uniform(-20.0f, 20.0f);
      second.data()[i] = random.Uniform(-1.0f, 1.0f);
    }
    x.MakeReadOnly();
    second.MakeReadOnly();
    y.Fill(kCanary);
    result.Fill(kCanary);
  }

  Page x, second, y, result;
};

// Kills: a tail that reads or writes a float too many, in front or behind.
TEST_CASE("memory: guard pages and canaries") {
  ForEachTarget([](Target target) {
    FourPages pages(1);
    Page& x = pages.x;
    Page& second = pages.second;
    Page& y = pages.y;
    Page& result = pages.result;
    size_t calls = 0;
    size_t wrong = 0;
    const bool is_part = target == Target::kBaseline && !IsBaselineFull();
    const size_t step = Amount("SOFTLANE_MEMORY_STEP", is_part ? 5 : 1, 23);
    for (const Operation& operation : AllOperations()) {
      for (size_t n = 0; n <= kMaxCols; n += step) {
        for (size_t place = 0; place < kOffsets * kOffsets * 2; ++place) {
          const bool at_end = place % 2 == 0;
          const size_t x_offset = place / 2 % kOffsets;
          const size_t y_offset = place / 2 / kOffsets;
          const float* in = x.Place(at_end, x_offset, n);
          float* out = y.Place(at_end, y_offset, n);
          // In place for half of them: the input is copied to where the output
          // is.
          const bool in_place = (place / 2 + n) % 2 == 0 && operation.has_rows;
          if (in_place) std::copy(in, in + n, out);
          Operands o;
          o.x = Rows<const float>(in_place ? out : in, 1, n);
          o.second = Rows<const float>(second.Place(at_end, y_offset, n), 1, n);
          o.y = Rows<float>(out, 1, n);
          o.row_results = result.Place(at_end, y_offset, 1);
          wrong += operation.run(o, target) != Status::kOk;
          ++calls;
          if (operation.has_row_results) {
            wrong += !result.IsIntactAround(o.row_results, 1, 64);
            *o.row_results = kCanary;
          }
          if (operation.has_rows) {
            wrong += !y.IsIntactAround(out, n, 64);
            for (size_t i = 0; i < n; ++i) out[i] = kCanary;
          }
        }
      }
    }
    bool intact = true;  // everywhere, not only near the last operand
    for (size_t i = 0; i < y.size(); ++i) {
      intact = intact && y.data()[i] == kCanary && result.data()[i] == kCanary;
    }
    std::printf("memory: %s, %zu calls\n", TargetName(target), calls);
    CHECK(wrong == 0);
    CHECK(intact);
  });
}

// Kills: a schedule for several rows that reads or writes a row too many.
TEST_CASE("memory: batches between guard pages") {
  ForEachTarget([](Target target) {
    FourPages pages(2);
    Page& x = pages.x;
    Page& second = pages.second;
    Page& y = pages.y;
    Page& result = pages.result;
    size_t wrong = 0;
    const size_t step = Amount("SOFTLANE_BATCHES_STEP", 1, 1);
    for (const Operation& operation : AllOperations()) {
      for (size_t rows = 1; rows <= 40; rows += rows < 4 ? 1 : step) {
        for (size_t cols = 1; cols * rows <= x.size(); cols += 1 + cols / 8) {
          const size_t n = rows * cols;
          for (const bool at_end : {false, true}) {
            for (const size_t gap : {0, 1, 3}) {  // between the rows
              const size_t stride = cols + gap;
              const size_t size = (rows - 1) * stride + cols;
              if (size > x.size()) continue;
              float* out = y.Place(at_end, 0, size);
              Operands o;
              o.x = Rows<const float>(x.Place(at_end, 0, n), rows, cols);
              o.second =
                  Rows<const float>(second.Place(at_end, 0, n), rows, cols);
              o.y = Rows<float>(out, rows, cols, stride);
              o.row_results = result.Place(at_end, 0, rows);
              wrong += operation.run(o, target) != Status::kOk;
              for (size_t r = 0; r < rows; ++r) {
                if (operation.has_rows) std::fill_n(o.y.Row(r), cols, kCanary);
                o.row_results[r] = kCanary;
              }
              wrong += !y.IsIntactAround(out, 0, size + 64);
              wrong += !result.IsIntactAround(o.row_results, 0, rows + 64);
            }
          }
        }
      }
    }
    CHECK(wrong == 0);
  });
}

// Kills: a tail of a mask that is read as a whole vector.
TEST_CASE("memory: attention's masks before guard pages") {
  ForEachTarget([](Target target) {
    FourPages pages(3);
    Page bytes;
    bytes.Fill(1.0f);  // bytes of 0 and others
    bytes.MakeReadOnly();
    size_t calls = 0, wrong = 0;
    const size_t step = Amount("SOFTLANE_BATCHES_STEP", 1, 1);
    for (size_t rows = 1; rows <= 40; rows += rows < 4 ? 1 : step) {
      for (size_t cols = 1; rows * cols <= bytes.size(); cols += 1 + cols / 8) {
        for (const size_t stride : {size_t{0}, cols, cols + 3}) {
          const size_t size = (rows - 1) * stride + cols;
          if (size > bytes.size()) continue;
          const uint8_t* const end =
              reinterpret_cast<const uint8_t*>(bytes.data() + bytes.size());
          AttentionOptions options;
          options.scale = 0.37f;
          options.bias = Rows<const float>(pages.second.Place(true, 0, size),
                                           rows, cols, stride);
          options.keep = {end - size, rows, cols, stride};
          const Rows<const float> x(pages.x.Place(true, 0, rows * cols), rows,
                                    cols);
          const Rows<float> y(pages.y.Place(true, 0, rows * cols), rows, cols);
          wrong += AttentionSoftmax(x, y, options, target) != Status::kOk;
          options.keep = {};
          wrong += AttentionSoftmax(x, y, options, target) != Status::kOk;
          // Heads of one query, whose bias is of a half type.
          const int64_t sizes[] = {1, static_cast<int64_t>(rows), 1,
                                   static_cast<int64_t>(cols)};
          const int64_t strides[] = {0, static_cast<int64_t>(stride), 0, 1};
          AttentionHeadsOptions heads;
          const Float16* const halves = reinterpret_cast<const Float16*>(end);
          heads.bias = Tensor<const Float16>(halves - size, 4, sizes, strides);
          wrong += AttentionSoftmax(Tensor<const float>(x.data, 4, sizes),
                                    Tensor<float>(y.data, 4, sizes), heads,
                                    target) != Status::kOk;
          calls += 3;
        }
      }
    }
    std::printf("%-9s %zu calls with masks\n", TargetName(target), calls);
    CHECK(wrong == 0);
  });
}

}  // namespace
}  // namespace softlane
