// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_jacobian.h"

#include <algorithm>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softmax.h"
#include "softlane/softmax_backward.h"

namespace softlane {
namespace {

constexpr float kCanary = 1234.5f;

// n x n, contiguous. Computed with a stride and with canaries around it.
std::vector<float> Run(const std::vector<float>& p, Target target,
                       size_t gap = 0) {
  const size_t n = p.size();
  const size_t stride = n + gap;
  std::vector<float> buffer(32 + n * stride, kCanary);
  const Rows<float> jacobian(buffer.data() + 16, n, n, stride);
  REQUIRE(SoftmaxJacobian(p.data(), n, jacobian, target) == Status::kOk);
  std::vector<float> result;
  for (size_t r = 0; r < n; ++r) {
    result.insert(result.end(), jacobian.Row(r), jacobian.Row(r) + n);
    std::fill_n(jacobian.Row(r), n, kCanary);
  }
  const auto canaries = std::count(buffer.begin(), buffer.end(), kCanary);
  CHECK(static_cast<size_t>(canaries) == buffer.size());
  return result;
}

std::vector<float> Probabilities(const std::vector<float>& x, Target target) {
  std::vector<float> p(x.size());
  REQUIRE(Softmax(Rows<const float>(x.data(), 1, x.size()),
                  Rows<float>(p.data(), 1, x.size()), {},
                  target) == Status::kOk);
  return p;
}

// p - p^2 rounded once. The difference of two doubles and what it lost are both
// exact; a last bit set for what was lost keeps the second rounding honest
// (round to odd).
float Diagonal(float p) {
  const double a = p;
  const double b = -(a * a);
  const double sum = a + b;
  const double b_part = sum - a;
  const double lost = (a - (sum - b_part)) + (b - b_part);
  if (lost == 0.0) return static_cast<float>(sum);
  const double down = lost < 0.0 ? std::nextafter(sum, -HUGE_VAL) : sum;
  uint64_t bits;
  std::memcpy(&bits, &down, sizeof(bits));
  bits |= 1;  // of the two doubles around the exact value, the odd one
  double odd;
  std::memcpy(&odd, &bits, sizeof(odd));
  return static_cast<float>(odd);
}

float Element(const std::vector<float>& p, size_t i, size_t j) {
  if (i == j) return Diagonal(p[i]);
  return static_cast<float>(-(double{p[i]} * double{p[j]}));  // exact in double
}

// Kills: p (1 - p) with 1 - p rounded, a diagonal that is off by one column, a
// tail, one triangle computed by another product than the other.
TEST_CASE("softmax jacobian: every element rounded once, symmetric") {
  ForEachTarget([](Target target) {
    Random random(1);
    size_t wrong = 0, asymmetric = 0, elements = 0;
    std::string where = "nowhere";
    const auto measure = [&](const std::vector<float>& p) {
      const size_t n = p.size();
      const auto got = Run(p, target, random.Below(20));
      for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < n; ++j) {
          ++elements;
          if (!(got[i * n + j] == Element(p, i, j))) {
            ++wrong;
            where = std::to_string(n) + " columns, " + std::to_string(i) +
                    ", " + std::to_string(j);
          }
          asymmetric += BitsOf(got[i * n + j]) != BitsOf(got[j * n + i]);
        }
      }
    };
    for (size_t n = 1; n <= 140; ++n) {
      const Family family = kFamilies[random.Below(8)];
      measure(Probabilities(MakeRow(family, n, random), target));
      // Any floats from 0 to 1, of every exponent.
      std::vector<float> p(n);
      for (float& v : p) {
        v = FromBits(static_cast<uint32_t>(random.Below(0x3F800001)));
      }
      p[random.Below(n)] = random.Below(2) == 0 ? 1.0f : 1.0f - random.Unit();
      measure(p);
    }
    for (int trial = 0; trial < 300; ++trial) {  // where the diagonal cancels
      std::vector<float> p(64);
      for (float& v : p) {
        v = trial % 2 == 0 ? FromBits(0x3F800000u -
                                      static_cast<uint32_t>(random.Below(9999)))
                           : random.Unit();
      }
      measure(p);
    }
    INFO(wrong << " of " << elements << " wrong, the last: " << where);
    const bool right = wrong == 0 && asymmetric == 0;
    CHECK(right);
    CHECK(elements > 1000000);
  });
}

// J v in double against SoftmaxBackward, whose bound leaves room for one more
// rounding per element of J. Kills: a matrix of the wrong sign or transposed
// meaning, a backward pass of another function.
TEST_CASE("softmax jacobian: times a vector it is the backward pass") {
  ForEachTarget([](Target target) {
    Random random(2);
    Worst worst;
    for (size_t n = 1; n <= 130; ++n) {
      const Family family = kFamilies[n % 8];
      const auto p = Probabilities(MakeRow(family, n, random), target);
      const auto v = MakeRow(Family::kGaussian, n, random);
      const auto jacobian = Run(p, target);
      std::vector<float> got(n);
      REQUIRE(SoftmaxBackward(Rows<const float>(p.data(), 1, n),
                              Rows<const float>(v.data(), 1, n),
                              Rows<float>(got.data(), 1, n), 1.0f,
                              target) == Status::kOk);
      const auto reference = ReferenceBackward(p.data(), v.data(), n, 1.0f);
      for (size_t i = 0; i < n; ++i) {
        CompensatedSum product;
        for (size_t j = 0; j < n; ++j) {
          product.Add(double{jacobian[i * n + j]} * double{v[j]});
        }
        worst.Offer(std::abs(got[i] - product.Total()) /
                        (reference.magnitude[i] * 0x1p-24 + 0x1p-140),
                    [&] {
                      return std::string(FamilyName(family)) + ", " +
                             std::to_string(n) + " columns";
                    });
      }
    }
    INFO(worst.value << " u, " << worst.where);
    CHECK(worst.value <= kSoftmaxBackwardMaxError + 1.0);
  });
}

TEST_CASE("softmax jacobian: NaN makes its row and its column NaN") {
  ForEachTarget([](Target target) {
    Random random(3);
    size_t wrong = 0;
    for (const size_t n : {1, 2, 7, 16, 33, 70}) {
      const auto p =
          Probabilities(MakeRow(Family::kGaussian, n, random), target);
      const auto usual = Run(p, target);
      for (size_t at = 0; at < n; ++at) {
        auto bad = p;
        bad[at] = kNan;
        const auto got = Run(bad, target);
        for (size_t i = 0; i < n * n; ++i) {
          const bool nan = i / n == at || i % n == at;
          wrong += nan ? got[i] == got[i] : !SameBits(got[i], usual[i]);
        }
      }
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("softmax jacobian: arguments") {
  constexpr size_t n = 5;
  constexpr size_t kStride = 8;
  std::vector<float> buffer(2 * n * kStride, 0.25f);
  const std::vector<float> before = buffer;
  const float* const p = buffer.data() + n * kStride;
  const Rows<float> good(buffer.data(), n, n, kStride);
  const auto expect = [&](const float* probs, size_t size, Rows<float> jacobian,
                          Target target, Status want, const char* what) {
    INFO(std::string(what));
    CHECK(SoftmaxJacobian(probs, size, jacobian, target) == want);
    CHECK(buffer == before);
  };
  ForEachTarget([&](Target target) {
    expect(nullptr, n, good, target, Status::kNullPointer, "probs null");
    expect(p, n, Rows<float>(nullptr, n, n, kStride), target,
           Status::kNullPointer, "jacobian null");
    expect(p, n, Rows<float>(buffer.data(), n, n, n - 1), target,
           Status::kBadShape, "stride");
    expect(p, n, Rows<float>(buffer.data(), n - 1, n, kStride), target,
           Status::kBadShape, "rows");
    expect(p, n, Rows<float>(buffer.data(), n, n - 1, kStride), target,
           Status::kBadShape, "cols");
    expect(p, n - 1, good, target, Status::kBadShape, "n");
    expect(p, 0, good, target, Status::kBadShape, "n is 0");
    for (const size_t huge : {SIZE_MAX, SIZE_MAX / 4 + 2}) {
      expect(p, huge, Rows<float>(buffer.data(), huge, huge), target,
             Status::kBadShape, "huge");
    }
    for (const size_t offset : {size_t{0}, size_t{1}, kStride, 2 * kStride + 3,
                                (n - 1) * kStride + n - 1}) {
      expect(buffer.data() + offset, n, good, target, Status::kOverlap,
             "probs in the jacobian");
    }
    expect(buffer.data() + n * kStride, n,
           Rows<float>(buffer.data() + n - 1, n, n, 2 * kStride), target,
           Status::kOverlap, "probs between the rows");
    expect(nullptr, 0, Rows<float>(), target, Status::kOk, "nothing");
  });
  for (int value = 0; value < 256; ++value) {
    const Target target = static_cast<Target>(value);
    if (IsAvailable(target)) continue;
    expect(p, n, good, target, Status::kTargetUnavailable, "target");
  }
}

}  // namespace
}  // namespace softlane
