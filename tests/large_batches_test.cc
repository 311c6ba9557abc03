// SPDX-License-Identifier: Apache-2.0
// The results of many rows go past the caches if no cache holds them, but not
// in place, where the lines are in a cache already. Both schedules must give
// the same bits.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cache_size.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// Whatever cache this machine has.
[[maybe_unused]] const bool kIsCacheSet =
    (internal::g_cached.store(internal::kUsualCached), true);
constexpr size_t kElements = (size_t{1} << 21) + 1;  // large from here on
constexpr float kCanary = 1234.5f;

using In = const Rows<const float>&;
using Out = const Rows<float>&;

// Usual rows and, among the first and at the end, all others that there are.
std::vector<float> Logits(size_t rows, size_t cols, uint64_t seed) {
  Random random(seed);
  std::vector<float> some(65521);
  for (float& v : some) v = 2.0f * random.Normal();
  std::vector<float> x(rows * cols);
  for (size_t i = 0; i < x.size(); ++i) x[i] = some[i % some.size()];
  const auto element = [&](size_t r) -> float& {
    return x[r * cols + random.Below(cols)];
  };
  element(2) = kNan;
  element(3) = FromBits(0xFFC00000u);
  element(5) = kInf;
  std::fill_n(&x[7 * cols], cols, -kInf);
  element(9) = 6000.0f;
  element(11) = -85.0f;
  element(12) = -kInf;
  element(rows - 1) = random.Below(2) == 0 ? kNan : -kInf;
  x[(rows - 3) * cols] = 80.0f;
  x[(rows - 2) * cols + cols - 1] = 80.0f;
  return x;
}

// A matrix with canaries around each row, `offset` elements behind an aligned
// address.
class Matrix {
 public:
  Matrix(size_t rows, size_t cols, size_t stride, size_t offset)
      : buffer_(32 + offset + rows * stride + 16, kCanary),
        rows_(Aligned(&buffer_[16]) + offset, rows, cols, stride) {}

  void Assign(const std::vector<float>& values) {
    for (size_t r = 0; r < rows_.rows; ++r) {
      std::copy_n(&values[r * rows_.cols], rows_.cols, rows_.Row(r));
    }
  }
  const Rows<float>& View() const { return rows_; }
  bool operator==(const Matrix& other) const {
    for (size_t r = 0; r < rows_.rows; ++r) {
      const float* const a = rows_.Row(r);
      const float* const b = other.rows_.Row(r);
      for (size_t i = 0; i < rows_.cols; ++i) {
        if (!SameBits(a[i], b[i])) return false;
      }
    }
    return true;
  }
  bool HasCanaries() const {
    const auto all = static_cast<size_t>(
        std::count(buffer_.begin(), buffer_.end(), kCanary));
    return all == buffer_.size() - rows_.rows * rows_.cols;
  }

 private:
  static float* Aligned(float* from) {
    const size_t past = reinterpret_cast<uintptr_t>(from) / sizeof(float) % 16;
    return from + (16 - past) % 16;
  }

  std::vector<float> buffer_;
  Rows<float> rows_;
};

struct Shape {
  size_t cols, stride, offset;
};
constexpr Shape kOdd = {1000, 1003, 5};
#ifdef SOFTLANE_FULL_TESTS
const Shape kShapes[] = {
    {512, 512, 0}, kOdd, {4097, 4128, 0}, {8192, 8193, 15}};
// Some rows of the second have too many keys for it.
const Shape kAttentionShapes[] = {kOdd, {16400, 16401, 7}};
// Whole lines or not; some with a gap behind each row.
const Shape kShortShapes[] = {{32, 32, 0},    {128, 144, 0}, {176, 176, 5},
                              {192, 192, 0},  {250, 256, 0}, {300, 304, 0},
                              {400, 400, 16}, {128, 132, 0}};
#else
const Shape kShapes[] = {kOdd};
const Shape kShortShapes[] = {{192, 192, 0}, {300, 304, 0}};
const Shape kAttentionShapes[] = {kOdd};
#endif

// run(in, out, per_row), in place and not.
template <class Run>
void Compare(const char* what, const Shape& shape, const Run& run) {
  const size_t rows = (kElements + shape.cols - 1) / shape.cols;
  const std::vector<float> x = Logits(rows, shape.cols, shape.cols);
  Matrix in_place(rows, shape.cols, shape.cols, 0);
  in_place.Assign(x);
  Matrix apart(rows, shape.cols, shape.stride, shape.offset);
  std::vector<float> per_row(2 * rows);
  const Rows<float>& view = in_place.View();
  REQUIRE(run(view, view, per_row.data()) == Status::kOk);
  const Rows<const float> from(x.data(), rows, shape.cols);
  REQUIRE(run(from, apart.View(), &per_row[rows]) == Status::kOk);
  INFO(what << ", " << shape.cols << " columns");
  CHECK(apart == in_place);
  CHECK(SameBits(
      std::vector<float>(&per_row[0], &per_row[rows]),
      std::vector<float>(&per_row[rows], per_row.data() + per_row.size())));
  CHECK(apart.HasCanaries());
}

// Kills: an end or an alignment that stores past the caches forget; a row that
// is not divided, or by the sum of another; a special row that is read from
// where it is not.
TEST_CASE("softmax and its kin") {
  ForEachTarget([](Target target) {
    for (const Shape& shape : kShapes) {
      for (const float scale : {1.0f, 0.37f}) {
        const SoftmaxOptions options{scale, EmptyRow::kZero};
        Compare("softmax", shape, [&](In in, Out out, float* log) {
          return SoftmaxWithLogSumExp(in, out, log, options, target);
        });
        Compare("log_softmax", shape, [&](In in, Out out, float*) {
          return LogSoftmax(in, out, options, target);
        });
      }
      Compare("exp", shape,
              [&](In in, Out out, float*) { return Exp(in, out, target); });
    }
  });
}

// Kills: a row stored past the caches that is none of whole lines; rows of a
// group that are not written, or are by the one after it.
TEST_CASE("softmax of short rows") {
  ForEachTarget([](Target target) {
    for (const Shape& shape : kShortShapes) {
      Compare("softmax", shape, [&](In in, Out out, float*) {
        return Softmax(in, out, {1.0f, EmptyRow::kZero}, target);
      });
      const size_t rows = (kElements + shape.cols - 1) / shape.cols;
      std::vector<float> bias(rows * shape.cols);
      for (size_t i = 0; i < bias.size(); ++i) {
        bias[i] = 0x1p-3f * static_cast<float>(i % 31);
      }
      AttentionOptions options;
      options.scale = 0.125f;
      options.bias = Rows<const float>(bias.data(), rows, shape.cols);
      Compare("attention", shape, [&](In in, Out out, float*) {
        return AttentionSoftmax(in, out, options, target);
      });
    }
  });
}

// Kills: logits of a row kept in the place of another's exp values; keys of
// another row.
TEST_CASE("attention") {
  ForEachTarget([](Target target) {
    for (const Shape& shape : kAttentionShapes) {
      const size_t rows = (kElements + shape.cols - 1) / shape.cols;
      std::vector<float> bias(rows * shape.cols);
      std::vector<uint8_t> keep(rows * shape.cols);
      for (size_t i = 0; i < bias.size(); ++i) {
        bias[i] = i % 11 == 0 ? -kInf : 0x1p-3f * static_cast<float>(i % 31);
        keep[i] = i % 5 != 1;
      }
      std::vector<float> sinks(rows);
      std::vector<int32_t> lengths(rows);
      for (size_t r = 0; r < rows; ++r) {
        sinks[r] = 0.5f * static_cast<float>(r % 9);
        lengths[r] = static_cast<int32_t>(r * 6151 % (shape.cols + 1));
      }
      AttentionOptions scaled;
      scaled.scale = 0.125f;
      AttentionOptions biased = scaled, kept = scaled, causal = scaled,
                       window = scaled, capped = scaled, ragged = scaled;
      biased.bias = Rows<const float>(bias.data(), rows, shape.cols);
      kept.keep = {keep.data(), rows, shape.cols};
      causal.causal = true;
      window.causal = true;
      window.window = 100;
      window.first_query = -7;
      capped.softcap = 30.0f;
      capped.alibi_slope = 0.01f;
      ragged.lengths = lengths.data();
      ragged.sinks = sinks.data();
      ragged.empty_row = EmptyRow::kNan;
      for (const auto& [what, options] :
           {std::pair<const char*, AttentionOptions>{"scale", scaled},
            {"bias", biased},
            {"keep", kept},
            {"causal", causal},
            {"window", window},
            {"softcap", capped},
            {"lengths", ragged}}) {
        Compare(what, shape, [&, o = options](In in, Out out, float* log) {
          return AttentionSoftmaxWithLogSumExp(in, out, log, o, target);
        });
      }
    }
  });
}

// Kills: a gradient from the row before, or without its softcap; masked keys
// that are not written.
TEST_CASE("backward") {
  ForEachTarget([](Target target) {
    for (const Shape& shape : kShapes) {
      const size_t rows = (kElements + shape.cols - 1) / shape.cols;
      std::vector<float> p(rows * shape.cols), log_p(p.size());
      for (size_t i = 0; i < p.size(); ++i) {
        p[i] = 0x1p-14f * static_cast<float>(i % 7);
        log_p[i] = -0.5f * static_cast<float>(i % 11);
      }
      const Rows<const float> probs(p.data(), rows, shape.cols);
      const Rows<const float> log_probs(log_p.data(), rows, shape.cols);
      Compare("softmax", shape, [&](In in, Out out, float*) {
        return SoftmaxBackward(probs, in, out, 0.5f, target);
      });
      Compare("log_softmax", shape, [&](In in, Out out, float*) {
        return LogSoftmaxBackward(log_probs, in, out, 0.5f, target);
      });
      const std::vector<float> sinks(rows, 0.25f), logsumexp(rows, 2.0f);
      AttentionOptions options;
      options.scale = 0.125f;
      options.sinks = sinks.data();
      AttentionOptions capped = options, window = options;
      capped.softcap = 30.0f;
      window.causal = true;
      window.window = 300;
      window.first_query = 17;
      for (const AttentionOptions& o : {options, capped, window}) {
        Compare("attention", shape, [&](In in, Out out, float* dsinks) {
          return AttentionSoftmaxBackward(probs, in, log_probs, out, o,
                                          {logsumexp.data(), dsinks}, target);
        });
      }
    }
  });
}

}  // namespace
}  // namespace softlane
