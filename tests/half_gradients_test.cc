// SPDX-License-Identifier: Apache-2.0
// Gradients of half types go past the caches if no cache holds the call. They
// must have the same bits, for every place of the output in a cache line.

#include <cstdint>
#include <cstring>
#include <vector>

#include "amount.h"
#include "cache_size.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "float16_ties.h"
#include "half_bits.h"
#include "inputs.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// No cache holds anything.
[[maybe_unused]] const bool kIsCacheSet = (internal::g_cached.store(1), true);

using Bytes = std::vector<unsigned char>;
constexpr unsigned char kCanary = 0xA5;

struct Inputs {
  Inputs(ElementType its_type, size_t elements, uint64_t seed)
      : type(its_type), halves(elements), floats(elements) {
    Random random(seed);
    for (size_t i = 0; i < elements; ++i) {
      halves[i] = NarrowedBits(type, random.Normal());
      floats[i] = Widened(type, halves[i]);
    }
  }

  ElementType type;
  std::vector<uint16_t> halves;
  std::vector<float> floats;
};

Status Run(bool is_log, const ConstAnyRows& p, const ConstAnyRows& dp,
           const AnyRows& dx, Target target) {
  return is_log ? LogSoftmaxBackward(p, dp, dx, 0.7f, target)
                : SoftmaxBackward(p, dp, dx, 0.7f, target);
}

void CheckPlaces(ElementType in, ElementType out, bool is_log, size_t cols,
                 Target target) {
  constexpr size_t kRows = 5;
  const size_t stride = cols + 3, size = SizeOf(out);
  const Inputs p(in, kRows * cols, cols), dp(in, kRows * cols, cols + 1);
  std::vector<float> floats(kRows * cols);
  REQUIRE(Run(is_log, Rows<const float>(p.floats.data(), kRows, cols),
              Rows<const float>(dp.floats.data(), kRows, cols),
              Rows<float>(floats.data(), kRows, cols), target) == Status::kOk);
  size_t wrong = 0;
  // C++ has no halves in odd places, but a caller of C may have some.
  const size_t unit = out == in ? 1 : size;
  const size_t step = Amount("SOFTLANE_PLACES_STEP", 1, 5) * unit;
  for (size_t place = 0; place <= 64; place += step) {
    Bytes buffer(192 + kRows * stride * size, kCanary);
    const size_t past = reinterpret_cast<uintptr_t>(&buffer[64]) % 64;
    unsigned char* const dx = &buffer[128 - past] + place;
    Bytes expected = buffer;
    unsigned char* const its = expected.data() + (dx - buffer.data());
    for (size_t i = 0; i < kRows * cols; ++i) {
      unsigned char* const to = its + (i / cols * stride + i % cols) * size;
      const uint16_t half = NarrowedBits(in, floats[i]);
      if (out == in) {
        std::memcpy(to, &half, size);
      } else {
        std::memcpy(to, &floats[i], size);
      }
    }
    const Status status =
        Run(is_log, ConstAnyRows(p.halves.data(), in, kRows, cols),
            ConstAnyRows(dp.halves.data(), in, kRows, cols),
            AnyRows(dx, out, kRows, cols, stride), target);
    CHECK(status == Status::kOk);
    wrong += buffer != expected;
  }
  CHECK(wrong == 0);
}

void CheckType(ElementType in, Target target) {
  for (const size_t cols : {512, 515, 575, 640, 1000, 2100}) {
    CAPTURE(cols);
    CheckPlaces(in, in, false, cols, target);
    CheckPlaces(in, in, true, cols, target);
    CheckPlaces(in, ElementType::kFloat32, false, cols, target);
  }
}

TEST_CASE("Gradients of half types have the same bits past the caches") {
  ForEachTarget([](Target target) {
    CheckType(ElementType::kBFloat16, target);
    if (CpuRoundsFloat16Ties()) CheckType(ElementType::kFloat16, target);
  });
}

}  // namespace
}  // namespace softlane
