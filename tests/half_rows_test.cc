// SPDX-License-Identifier: Apache-2.0
// Softmax of rows of which the input or the output has a half type, by a
// predicted exponent: rows at both ends of the range of a prediction, and rows
// that do not fit it.

#include <cstdint>
#include <cstring>
#include <vector>

#include "amount.h"
#include "arith/cpu_features.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "float16_ties.h"
#include "half_bits.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

using Bytes = std::vector<unsigned char>;

constexpr ElementType kFloat = ElementType::kFloat32;

float Rounded(ElementType type, float value) {
  return type == kFloat ? value : Widened(type, NarrowedBits(type, value));
}
float Read(ElementType type, const void* from) {
  float value;
  uint16_t bits;
  if (type == kFloat) {
    std::memcpy(&value, from, sizeof(value));
    return value;
  }
  std::memcpy(&bits, from, sizeof(bits));
  return Widened(type, bits);
}
void Write(ElementType type, float value, void* to) {
  if (type == kFloat) {
    std::memcpy(to, &value, sizeof(value));
    return;
  }
  const uint16_t bits = NarrowedBits(type, value);
  std::memcpy(to, &bits, sizeof(bits));
}

// The prediction is made of a row's first 64 logits, which are near 0, or of
// the first row.
constexpr size_t kSampled = 64;
// In the range of a prediction, near its ends: their probabilities are tiny.
constexpr float kHighest = 19.25f, kLowest = -67.5f;
constexpr float kTooHigh = 25.0f, kTooLow = -90.0f;

void MakeRow(size_t kind, float* x, size_t n, Random& random) {
  for (size_t i = 0; i < n; ++i) x[i] = 0.1f * random.Normal();
  x[0] = 1.0f;
  // The last column, and any other.
  const size_t sampled = n < 2 * kSampled ? 1 : kSampled;
  const size_t places[] = {sampled + random.Below(n - sampled), n - 1};
  float& place = x[places[random.Below(2)]];
  switch (kind) {
    case 0: {
      // With few of the highest, bfloat16 would hold the tiny probabilities.
      const size_t distance = random.Below(2) == 0 ? 3 : n / 16;
      for (size_t i = sampled; i < n; ++i) {
        if (random.Below(distance) != 0) continue;
        x[i] = random.Below(2) == 0 ? kHighest : kLowest;
      }
      break;
    }
    case 1:
      place = kTooHigh;
      break;
    case 2:
      place = kTooLow;
      break;
    case 3:
      place = random.Below(2) == 0 ? kNan : -kInf;
      break;
    default:  // usual
      break;
  }
}

struct Types {
  ElementType in, out;
  bool is_in_place;
};

// Rows, of which only some may not fit: after some failures no row is
// predicted.
struct Shape {
  size_t rows, cols, gap;  // behind each row
  size_t first_other, step_of_others;
};

using OfFloats = Status (*)(const Rows<const float>&, const Rows<float>&,
                            const SoftmaxOptions&, Target) noexcept;
using OfAny = Status (*)(const ConstAnyRows&, const AnyRows&,
                         const SoftmaxOptions&, Target) noexcept;
struct Functions {
  OfFloats of_floats;
  OfAny of_any;
};
constexpr Functions kSoftmax = {&Softmax, &Softmax};
constexpr Functions kLogSoftmax = {&LogSoftmax, &LogSoftmax};

// How many results of a call are not those of floats, rounded.
size_t WrongOf(const Types& types, const Shape& shape, Target target,
               Random& random, const Functions& functions = kSoftmax) {
  const size_t rows = shape.rows, cols = shape.cols, stride = cols + shape.gap;
  const size_t in = SizeOf(types.in), out = SizeOf(types.out);
  std::vector<float> floats(rows * stride, -3.0f), probs(rows * stride);
  for (size_t r = 0; r < rows; ++r) {
    const bool may_be_other = r % shape.step_of_others == shape.first_other;
    const size_t kind = random.Below(may_be_other ? 5 : 2);
    MakeRow(may_be_other ? kind : 4 * kind, &floats[r * stride], cols, random);
  }
  Bytes x(rows * stride * in), y(rows * stride * out);
  for (size_t i = 0; i < rows * stride; ++i) {
    Write(types.in, floats[i], &x[i * in]);
    floats[i] = Rounded(types.in, floats[i]);
  }
  const auto status_of_floats = functions.of_floats(
      Rows<const float>(floats.data(), rows, cols, stride),
      Rows<float>(probs.data(), rows, cols, stride), {}, target);
  CHECK(status_of_floats == Status::kOk);
  unsigned char* const to = types.is_in_place ? x.data() : y.data();
  const Status status =
      functions.of_any(ConstAnyRows(x.data(), types.in, rows, cols, stride),
                       AnyRows(to, types.out, rows, cols, stride), {}, target);
  CHECK(status == Status::kOk);
  size_t wrong = 0;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < cols; ++c) {
      const size_t i = r * stride + c;
      const float p = Read(types.out, to + i * out);
      const float want = Rounded(types.out, probs[i]);
      wrong += p != want && (p == p || want == want);
    }
  }
  return wrong;
}

// Kills: exp values that are divided before all of a row is known to fit; a row
// in place that is lost where it does not fit; columns behind the last whole
// block that are left; tiny probabilities that are not 0 where floats' are.
TEST_CASE("half rows: the ends of a prediction") {
  ForEachTarget([](Target target) {
    Random random(24);
    for (const size_t cols :
         {384,   447,   640,   1279,  1280,  1301,  4096,
          4100,  5003,  8192,  8193,  9000,  12288, 12300,
          16350, 16352, 16384, 20001, 28672, 32000, 32001}) {
      CAPTURE(cols);
      const size_t rows = cols < 3000 ? 9 : 5;
      size_t wrong = 0;
      for (const ElementType in : kHalfTypes) {
        if (in == ElementType::kFloat16 && !CpuRoundsFloat16Ties()) continue;
        for (size_t i = 0; i < Amount("SOFTLANE_HALF_ROWS", 6, 1); ++i) {
          // Rows 1 and 3.
          const Shape shape = {rows, cols, 0, 1, rows < 8 ? 2u : 4u};
          wrong += WrongOf({in, in, false}, shape, target, random);
          wrong += WrongOf({in, in, true}, shape, target, random);
          wrong += WrongOf({in, kFloat, false}, shape, target, random);
          wrong += WrongOf({kFloat, in, false}, shape, target, random);
        }
      }
      CHECK(wrong == 0);
    }
  });
}

// Kills: a batch whose exp values do not fit, or whose probabilities are tiny,
// that is written; a batch that is not written before another one fails; exp
// values in words that are summed or written in order; the last columns of
// rows; rows in place that are written before they are read.
TEST_CASE("half rows: batches of short rows") {
  ForEachTarget([](Target target) {
    Random random(25);
    for (const size_t cols : {32, 33, 64, 65, 95, 100, 127, 128, 192, 200, 256,
                              300, 448, 511, 512, 513, 1024, 4096}) {
      CAPTURE(cols);
      const size_t rows = 5 + (cols < 257 ? random.Below(60) : 20);
      size_t wrong = 0;
      for (const ElementType half : kHalfTypes) {
        if (half == ElementType::kFloat16 && !CpuRoundsFloat16Ties()) continue;
        for (const size_t gap : {0, 7}) {
          // No other rows, and some.
          for (const size_t first : {50, 33, 1}) {
            const Shape shape = {rows, cols, gap, first, 50};
            wrong += WrongOf({half, half, false}, shape, target, random);
            wrong += WrongOf({half, half, true}, shape, target, random);
            wrong += WrongOf({half, kFloat, false}, shape, target, random);
            wrong += WrongOf({kFloat, half, false}, shape, target, random);
          }
        }
      }
      CHECK(wrong == 0);
    }
  });
}

// Kills: a row that does not fit and is written; a row that is not written
// before another one; columns behind the last whole block that are not summed,
// or are summed twice; a maximum without them.
TEST_CASE("half rows: log-softmax") {
  ForEachTarget([](Target target) {
    Random random(26);
    for (const size_t cols :
         {511, 512, 513, 700, 1024, 4095, 4096, 4097, 8192, 8256, 32000}) {
      CAPTURE(cols);
      const size_t rows = cols < 3000 ? 9 : 5;
      size_t wrong = 0;
      for (const ElementType half : kHalfTypes) {
        if (half == ElementType::kFloat16 && !CpuRoundsFloat16Ties()) continue;
        for (const size_t step : {2, 50}) {
          const Shape shape = {rows, cols, step == 2 ? 3u : 0u, 1, step};
          wrong +=
              WrongOf({half, half, false}, shape, target, random, kLogSoftmax);
          wrong +=
              WrongOf({half, half, true}, shape, target, random, kLogSoftmax);
          wrong += WrongOf({half, kFloat, false}, shape, target, random,
                           kLogSoftmax);
          wrong += WrongOf({kFloat, half, false}, shape, target, random,
                           kLogSoftmax);
        }
      }
      CHECK(wrong == 0);
    }
  });
}

#if defined(__x86_64__)
// Kills: numbers that another CPU with AVX-512 would not round to nearest even,
// whatever this CPU has.
TEST_CASE("half rows: a CPU without AVX512-BF16") {
  if (!IsAvailable(Target::kAvx512)) return;
  const bool has = internal::g_has_bfloat16.exchange(false);
  Random random(27);
  for (const size_t cols : {64, 256, 1024, 8193}) {
    const Types types = {ElementType::kBFloat16, ElementType::kBFloat16, false};
    const Shape shape = {9, cols, 0, 1, 50};
    for (size_t i = 0; i < Amount("SOFTLANE_HALF_ROWS", 6, 1); ++i) {
      CHECK(WrongOf(types, shape, Target::kAvx512, random) == 0);
      CHECK(WrongOf(types, shape, Target::kAvx512, random, kLogSoftmax) == 0);
    }
  }
  internal::g_has_bfloat16 = has;
}
#endif

}  // namespace
}  // namespace softlane
