// SPDX-License-Identifier: Apache-2.0
// Softmax of rows of a half type by a predicted exponent: rows at both ends of
// the range of a prediction, and rows that do not fit it.

#include <cstdint>
#include <cstring>
#include <vector>

#include "amount.h"
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

// The prediction is made of a row's first 64 logits, which are near 0.
constexpr size_t kSampled = 64;
// In the range of a prediction, near its ends: their probabilities are tiny.
constexpr float kHighest = 19.25f, kLowest = -67.5f;
constexpr float kTooHigh = 25.0f, kTooLow = -90.0f;

void MakeRow(size_t kind, float* x, size_t n, Random& random) {
  for (size_t i = 0; i < n; ++i) x[i] = 0.1f * random.Normal();
  x[0] = 1.0f;
  // The last column, and any other.
  const size_t places[] = {kSampled + random.Below(n - kSampled), n - 1};
  float& place = x[places[random.Below(2)]];
  switch (kind) {
    case 0: {
      // With few of the highest, bfloat16 would hold the tiny probabilities.
      const size_t distance = random.Below(2) == 0 ? 3 : n / 16;
      for (size_t i = kSampled; i < n; ++i) {
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

// How many results of a call are not those of floats, rounded.
size_t WrongOf(const Types& types, size_t rows, size_t cols, Target target,
               Random& random) {
  const size_t n = rows * cols, size = SizeOf(types.out);
  std::vector<float> floats(n), probs(n);
  std::vector<uint16_t> halves(n);
  for (size_t r = 0; r < rows; ++r) {
    // Rows 1 and 3 may not fit: after three such rows no row is predicted.
    const bool may_be_other = r == 1 || r == 3;
    const size_t kind = random.Below(may_be_other ? 5 : 2);
    MakeRow(may_be_other ? kind : 4 * kind, &floats[r * cols], cols, random);
  }
  for (size_t i = 0; i < n; ++i) {
    halves[i] = NarrowedBits(types.in, floats[i]);
    floats[i] = Widened(types.in, halves[i]);
  }
  const auto status_of_floats =
      Softmax(Rows<const float>(floats.data(), rows, cols),
              Rows<float>(probs.data(), rows, cols), {}, target);
  CHECK(status_of_floats == Status::kOk);
  Bytes results(n * size);
  void* const to = types.is_in_place ? static_cast<void*>(halves.data())
                                     : static_cast<void*>(results.data());
  const Status status =
      Softmax(ConstAnyRows(halves.data(), types.in, rows, cols),
              AnyRows(to, types.out, rows, cols), {}, target);
  CHECK(status == Status::kOk);
  size_t wrong = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto* const from = static_cast<const unsigned char*>(to) + i * size;
    if (types.out == ElementType::kFloat32) {
      float p;
      std::memcpy(&p, from, sizeof(p));
      wrong += p != probs[i] && (p == p || probs[i] == probs[i]);
    } else {
      uint16_t p;
      std::memcpy(&p, from, sizeof(p));
      const bool are_nan = probs[i] != probs[i] &&
                           Widened(types.out, p) != Widened(types.out, p);
      wrong += p != NarrowedBits(types.out, probs[i]) && !are_nan;
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
         {384, 447, 640, 1279, 1280, 1301, 4096, 4100, 5003, 8192, 8193, 9000,
          12288, 12300, 20001, 28672, 32000, 32001}) {
      CAPTURE(cols);
      const size_t rows = cols < 3000 ? 9 : 5;
      size_t wrong = 0;
      for (const ElementType in :
           {ElementType::kBFloat16, ElementType::kFloat16}) {
        if (in == ElementType::kFloat16 && !CpuRoundsFloat16Ties()) continue;
        for (size_t i = 0; i < Amount("SOFTLANE_HALF_ROWS", 6, 1); ++i) {
          wrong += WrongOf({in, in, false}, rows, cols, target, random);
          wrong += WrongOf({in, in, true}, rows, cols, target, random);
          wrong += WrongOf({in, ElementType::kFloat32, false}, rows, cols,
                           target, random);
        }
      }
      CHECK(wrong == 0);
    }
  });
}

}  // namespace
}  // namespace softlane
