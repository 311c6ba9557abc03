// SPDX-License-Identifier: Apache-2.0
// Attention's softmax of any element type, with a bias of any type: the bits of
// floats, rounded once.

#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "amount.h"
#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "half_bits.h"
#include "inputs.h"
#include "softlane/attention_softmax.h"

namespace softlane {
namespace {

constexpr ElementType kFloat = ElementType::kFloat32;

// A matrix of any type, and the same numbers as floats.
struct Matrix {
  Matrix(ElementType its_type, size_t num_rows, size_t num_cols, size_t gap)
      : type(its_type),
        rows(num_rows),
        cols(num_cols),
        stride(num_cols + gap),
        floats(rows * stride),
        elements(floats.size()) {}

  void Set(size_t i, float value) {
    auto* const to =
        reinterpret_cast<unsigned char*>(elements.data()) + i * SizeOf(type);
    if (type == kFloat) {
      std::memcpy(to, &value, sizeof(value));
      floats[i] = value;
    } else {
      const uint16_t bits = NarrowedBits(type, value);
      std::memcpy(to, &bits, sizeof(bits));
      floats[i] = Widened(type, bits);
    }
  }
  // The first number.
  float Get() const {
    return type == kFloat ? At<float>() : Widened(type, At<uint16_t>());
  }
  template <typename T>
  T At() const {
    T value;
    std::memcpy(&value, elements.data(), sizeof(value));
    return value;
  }
  // Some rows have numbers that are not finite.
  void Fill(Random& random, float mean, float spread, float last) {
    const float specials[] = {kNan, kInf, -kInf};
    for (size_t r = 0; r < rows; ++r) {
      const bool is_special = random.Below(8) == 0;
      for (size_t i = r * stride; i < (r + 1) * stride; ++i) {
        float value = mean + spread * random.Normal();
        if (is_special && random.Below(cols) == 0) {
          value = specials[random.Below(3)];
        } else if (random.Below(6) == 0) {
          value = last;
        }
        Set(i, value);
      }
    }
  }
  AnyRows View() { return {elements.data(), type, rows, cols, stride}; }
  Rows<float> Floats() { return {floats.data(), rows, cols, stride}; }

  ElementType type;
  size_t rows, cols, stride;
  std::vector<float> floats;
  std::vector<uint32_t> elements;
};

bool IsSame(float a, float b) {
  return BitsOf(a) == BitsOf(b) || (IsNan(a) && IsNan(b));
}

// Options of all kinds, but for the bias.
struct Masks {
  Masks(size_t rows, size_t cols, Random& random)
      : keep(rows * cols), lengths(rows), sinks(rows) {
    const auto one_of = [&](size_t n) { return random.Below(n) == 0; };
    for (uint8_t& k : keep) k = one_of(4) ? 0 : 1;
    for (int32_t& n : lengths) n = static_cast<int32_t>(random.Below(cols + 1));
    for (float& s : sinks) {
      s = one_of(9) ? -kInf : one_of(9) ? kNan : 9.0f * random.Normal();
      if (one_of(5)) s *= 1000.0f;
    }
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
    const int64_t queries[] = {0, static_cast<int64_t>(cols / 2), -7,
                               kMost - static_cast<int64_t>(random.Below(20)),
                               -kMost + 5000};
    o.scale = one_of(12) ? 1e6f : 0.37f;
    o.empty_row = one_of(2) ? EmptyRow::kZero : EmptyRow::kNan;
    if (one_of(4)) o.softcap = 20.0f;
    if (one_of(3)) o.alibi_slope = one_of(2) ? 0.125f : 1e-17f;
    if (one_of(4)) o.bias_scale = 0.37f;
    if (one_of(3)) o.keep = {keep.data(), rows, cols};
    if (one_of(4)) o.lengths = lengths.data();
    if (one_of(3)) o.sinks = sinks.data();
    o.causal = one_of(3);
    o.first_query = queries[random.Below(5)];
    if (one_of(4)) {
      const size_t most = one_of(2) ? 10 : cols + 2;
      o.window = 1 + static_cast<int64_t>(random.Below(most));
    }
    // A window that begins among the keys.
    if (o.first_query > kMost / 2 && one_of(2)) o.window = o.first_query - 7;
  }

  std::vector<uint8_t> keep;
  std::vector<int32_t> lengths;
  std::vector<float> sinks;
  AttentionOptions o;
};

struct Types {
  ElementType scores, probs, bias;
};

// Kills: options of a chunk's rows, or of a part's columns, that are those of
// the first; a sink, or columns outside of a row's keys, that are left out.
void ExpectBitsOfFloats(Cases& cases, const Types& types, size_t rows,
                        size_t cols, Random& random, Target target) {
  Matrix x(types.scores, rows, cols, random.Below(3));
  Matrix y(types.probs, rows, cols, random.Below(3));
  Matrix bias(types.bias, rows, cols, random.Below(3));
  // A logsumexp near 0 shows the last bits of a sum.
  x.Fill(random, random.Below(3) == 0 ? -22.0f : 0.0f,
         random.Below(6) == 0 ? 2000.0f : 4.0f, 0.0f);
  y.Fill(random, 7.0f, 1.0f, 7.0f);
  bias.Fill(random, 0.0f, 1.0f, -kInf);
  const bool in_place = types.scores == types.probs && random.Below(3) == 0;
  Matrix& out = in_place ? x : y;
  Masks masks(rows, cols, random);
  AttentionOptions options = masks.o, widened = masks.o;
  if (random.Below(4) != 0) {
    if (random.Below(3) == 0) bias.stride = 0;
    options.bias = bias.View();
    widened.bias = bias.Floats();
  }
  std::vector<float> want(rows * cols, 7.0f);
  std::vector<float> log(rows, 7.0f), want_log(rows, 7.0f);
  const Rows<float> to(want.data(), rows, cols);
  const bool has_log = random.Below(2) == 0;
  Status status = Status::kOk;
  if (has_log) {
    status = AttentionSoftmaxWithLogSumExp(x.Floats(), to, want_log.data(),
                                           widened, target);
  } else {
    status = AttentionSoftmax(x.Floats(), to, widened, target);
  }
  REQUIRE(status == Status::kOk);
  // A call of floats takes a half bias, too.
  const bool are_floats = types.scores == kFloat && types.probs == kFloat;
  const Rows<const float> scores(reinterpret_cast<float*>(x.elements.data()),
                                 rows, cols, x.stride);
  const Rows<float> probs(reinterpret_cast<float*>(out.elements.data()), rows,
                          cols, out.stride);
  if (has_log) {
    status = are_floats
                 ? AttentionSoftmaxWithLogSumExp(scores, probs, log.data(),
                                                 options, target)
                 : AttentionSoftmaxWithLogSumExp(x.View(), out.View(),
                                                 log.data(), options, target);
  } else {
    status = are_floats
                 ? AttentionSoftmax(scores, probs, options, target)
                 : AttentionSoftmax(x.View(), out.View(), options, target);
  }
  REQUIRE(status == Status::kOk);
  for (size_t r = 0; r < rows; ++r) {
    bool ok = IsSame(log[r], want_log[r]);
    for (size_t c = 0; c < cols; ++c) {
      Matrix one(out.type, 1, 1, 0), other(out.type, 1, 1, 0);
      one.Set(0, want[r * cols + c]);
      std::memcpy(other.elements.data(), out.View().At(r, c), SizeOf(out.type));
      ok = ok && (one.elements == other.elements ||
                  (IsNan(want[r * cols + c]) && IsNan(other.Get())));
    }
    cases.Expect(ok, "the bits of floats", cols, r);
  }
}

TEST_CASE("attention of any type: the bits of floats") {
  constexpr struct {
    size_t rows, cols, times;
  } kShapes[] = {{1, 1, 8},    {1, 300, 16}, {3, 70, 16},  {70, 130, 6},
                 {1, 600, 4},  {40, 255, 6}, {3, 4096, 4}, {2, 4097, 6},
                 {1, 9000, 8}, {3, 12500, 4}};
  ForEachTarget([&](Target target) {
    Cases cases("attention of any type", target);
    Random random(17);
    for (const auto& shape : kShapes) {
      for (const ElementType half : kHalfTypes) {
        const size_t times = shape.times * Amount("SOFTLANE_ANY_CALLS", 8, 2);
        for (size_t k = 0; k < times; ++k) {
          ExpectBitsOfFloats(cases,
                             {k & 1 ? half : kFloat, k & 2 ? half : kFloat,
                              k & 4 ? half : kFloat},
                             shape.rows, shape.cols, random, target);
        }
      }
    }
  });
}

// A logsumexp near 0 shows the last bits of the sum.
// Kills: blocks of a sum that begin at the first column.
TEST_CASE("attention of any type: the blocks of a sum begin at the first key") {
  ForEachTarget([&](Target target) {
    Cases cases("the blocks of attention's sums", target);
    Random random(5);
    constexpr size_t kCols = 12500;
    AttentionOptions options;
    options.first_query = kCols - 1;
    options.window = 9000;
    for (size_t k = 0; k < Amount("SOFTLANE_ANY_CALLS", 40, 8); ++k) {
      Matrix x(kHalfTypes[k % 2], 1, kCols, 0);
      for (size_t i = 0; i < kCols; ++i) x.Set(i, -9.1f + random.Normal() / 8);
      std::vector<float> probs(kCols);
      float log = 7.0f, want = 7.0f;
      REQUIRE(AttentionSoftmaxWithLogSumExp(
                  x.Floats(), Rows<float>(probs.data(), 1, kCols), &want,
                  options, target) == Status::kOk);
      REQUIRE(AttentionSoftmaxWithLogSumExp(x.View(), x.View(), &log, options,
                                            target) == Status::kOk);
      cases.Expect(BitsOf(log) == BitsOf(want), "the bits of floats", kCols, k);
    }
  });
}

}  // namespace
}  // namespace softlane
