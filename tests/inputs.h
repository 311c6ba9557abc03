// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_INPUTS_H_
#define SOFTLANE_TESTS_INPUTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

// Inputs that are the same on every machine. They use integer generators and
// operations that IEEE 754 defines exactly, but no libm and no distribution of
// std.

namespace softlane {

// SplitMix64: G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Bits() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  size_t Below(size_t n) { return static_cast<size_t>(Bits() % n); }
  // Multiples of 2^-24 in [0, 1).
  float Unit() { return static_cast<float>(Bits() >> 40) * 0x1p-24f; }
  float Uniform(float low, float high) { return low + (high - low) * Unit(); }
  // Sum of 12 uniforms, minus 6: N(0, 1) but for the tails.
  float Normal() {
    float sum = -6.0f;
    for (int i = 0; i < 12; ++i) sum += Unit();
    return sum;
  }

 private:
  uint64_t state_;
};

enum class Family {
  kGaussian,  // N(0, 4): like logits
  kWide,      // N(0, 100)
  kTiny,      // 1e-6 N(0, 1)
  kUniform,   // uniform in [-100, 100]
  kMasked,    // N(0, 4), a third -inf, at least one finite
  // The adversarial ones:
  kConstant,
  kTwoValued,
  kPeak,  // one peak, the rest equal
};
constexpr Family kFamilies[] = {
    Family::kGaussian, Family::kWide,     Family::kTiny,      Family::kUniform,
    Family::kMasked,   Family::kConstant, Family::kTwoValued, Family::kPeak};
constexpr bool IsAdversarial(Family f) { return f >= Family::kConstant; }
constexpr const char* FamilyName(Family f) {
  constexpr const char* kNames[] = {"gaussian",   "wide",   "tiny",
                                    "uniform",    "masked", "constant",
                                    "two-valued", "peak"};
  return kNames[static_cast<size_t>(f)];
}

inline std::vector<float> MakeRow(Family family, size_t n, Random& random) {
  std::vector<float> x(n);
  const float high = random.Uniform(-30.0f, 30.0f);
  const float low = high - random.Uniform(0.0f, 20.0f);
  for (float& v : x) {
    switch (family) {
      case Family::kGaussian:
        v = 2.0f * random.Normal();
        break;
      case Family::kWide:
        v = 10.0f * random.Normal();
        break;
      case Family::kTiny:
        v = 1e-6f * random.Normal();
        break;
      case Family::kUniform:
        v = random.Uniform(-100.0f, 100.0f);
        break;
      case Family::kMasked:
        v = random.Below(3) == 0 ? -__builtin_inff() : 2.0f * random.Normal();
        break;
      case Family::kConstant:
        v = high;
        break;
      case Family::kTwoValued:
        v = random.Below(2) == 0 ? high : low;
        break;
      case Family::kPeak:
        v = low;
        break;
    }
  }
  if (n != 0) {
    const size_t i = random.Below(n);
    if (family == Family::kMasked) x[i] = 1.0f;
    if (family == Family::kPeak) x[i] = high;
  }
  return x;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_INPUTS_H_
