// SPDX-License-Identifier: Apache-2.0
// The size of the last cache decides the kind of stores, and nothing else.

#include "cache_size.h"

#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "operations.h"
#include "reference.h"

namespace softlane {
namespace {

using internal::CachedElements;
using internal::g_cached;

// For a test body, a CPU with a cache of this size.
class Cached {
 public:
  explicit Cached(size_t elements) { g_cached.store(elements); }
  ~Cached() { g_cached.store(0); }
};

// Kills: an end of the range that is not kept; a small call that asks the CPU.
TEST_CASE("cache size: what the CPU tells") {
  const Cached unknown(0);
  CHECK(CachedElements(64, 64) == internal::kUsualCached);
  CHECK(g_cached.load() == 0);
  const size_t cached = CachedElements(size_t{1} << 17, 1);
  CHECK(internal::kLeastCached <= cached);
  CHECK(cached <= internal::kMostCached);
  CHECK(g_cached.load() == cached);
  CHECK(CachedElements(64, 64) == cached);
}

Status Attend(const Operands& o, bool has_lengths, Target target) {
  std::vector<int32_t> lengths(o.x.rows);
  for (size_t r = 0; r < o.x.rows; ++r) {
    lengths[r] = static_cast<int32_t>(r * 7 % (o.x.cols + 1));
  }
  AttentionOptions options;
  options.scale = 0.37f;
  options.bias = o.second;
  if (has_lengths) options.lengths = lengths.data();
  return AttentionSoftmax(o.x, o.y, options, target);
}
Status AttendBackward(const Operands& o, Target target) {
  AttentionOptions options;
  options.scale = 0.37f;
  options.softcap = 30.0f;
  return AttentionSoftmaxBackward(o.x, o.second, o.second, o.y, options, {},
                                  target);
}
const Operation kAttention[] = {
    {"attention_softmax", true, true, false,
     [](const Operands& o, Target t) { return Attend(o, false, t); }},
    {"attention_softmax, lengths", true, true, false,
     [](const Operands& o, Target t) { return Attend(o, true, t); }},
    {"attention_softmax_backward", true, true, false,
     [](const Operands& o, Target t) { return AttendBackward(o, t); }},
};

struct Shape {
  size_t rows, cols;
};
constexpr Shape kShapes[] = {
    {40, 5},    {40, 33},   {40, 64},  {40, 65},   {20, 80},  {40, 96},
    {41, 100},  {43, 127},  {40, 128}, {33, 129},  {23, 200}, {12, 300},
    {17, 400},  {9, 447},   {7, 448},  {9, 512},   {5, 1000}, {6, 1024},
    {5, 4096},  {4, 5000},  {3, 8193}, {3, 20000}, {1, 4096}, {1, 70000},
    {2, 70000}, {30, 1008}, {19, 383},
};

// Rows begin `offset` elements behind a cache line, `gap` elements apart.
struct Layout {
  size_t offset, gap;
};
constexpr Layout kLayouts[] = {{0, 0}, {0, 16}, {3, 0}, {5, 5}};

// All that an operation writes if the cache holds so many elements.
std::vector<float> Results(const Operation& operation, const Shape& shape,
                           const Layout& layout, size_t cached, Target target) {
  const size_t stride = shape.cols + layout.gap, n = shape.rows * stride + 64;
  std::vector<float> x(n), second(n), y(n, 7.0f), results(shape.rows, 7.0f);
  const auto in_line = [&](std::vector<float>& v) {
    const auto past =
        reinterpret_cast<uintptr_t>(v.data()) / sizeof(float) % 16;
    return v.data() + (16 - past) % 16 + layout.offset;
  };
  Random random(shape.rows * 1000003 + shape.cols);
  for (size_t i = 0; i < shape.rows * stride; ++i) {
    in_line(x)[i] = 4.0f * random.Normal();
    in_line(second)[i] = random.Normal();
  }
  for (const float special : {kNan, kInf, -kInf, 90.0f, 1e30f}) {
    if (shape.rows > 3) {
      in_line(x)[random.Below(shape.rows * stride)] = special;
    }
  }
  const Operands o = {{in_line(x), shape.rows, shape.cols, stride},
                      {in_line(second), shape.rows, shape.cols, stride},
                      {in_line(y), shape.rows, shape.cols, stride},
                      results.data()};
  const Cached cache(cached);
  CHECK(operation.run(o, target) == Status::kOk);
  float* const first = in_line(y);
  results.insert(results.end(), first, first + shape.rows * stride);
  return results;
}

// Kills: a store past the caches that is not aligned, or that leaves out or
// repeats an element; a gap that is written; a plan whose sums differ.
TEST_CASE("cache size: the same bits, whatever it is") {
  ForEachTarget([](Target target) {
    size_t different = 0;
    std::string first;
    // Where tests are slow, every third shape, from another one on for each
    // operation.
    const size_t step = Amount("SOFTLANE_SHAPES_STEP", 1, 3);
    size_t begin = 0;
    const auto check = [&](const Operation& operation) {
      begin = (begin + 1) % step;
      for (size_t s = begin; s < std::size(kShapes); s += step) {
        const Shape& shape = kShapes[s];
        for (const Layout& layout : kLayouts) {
          const auto results = [&](size_t cached) {
            return Results(operation, shape, layout, cached, target);
          };
          const std::vector<float> all = results(SIZE_MAX), none = results(1);
          if (SameBits(all, none)) continue;
          if (different++ != 0) continue;
          first = std::string(operation.name) + ", " +
                  std::to_string(shape.rows) + " x " +
                  std::to_string(shape.cols) + ", gap " +
                  std::to_string(layout.gap);
        }
      }
    };
    for (const Operation& operation : kOperations) check(operation);
    for (const Operation& operation : kAttention) check(operation);
    INFO(different << " differ, the first: " << first);
    CHECK(different == 0);
  });
}

}  // namespace
}  // namespace softlane
