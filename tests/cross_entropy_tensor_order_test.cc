// SPDX-License-Identifier: Apache-2.0
// The losses of a tensor are added in their order.

#include <cstdint>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "softlane/cross_entropy_tensor.h"

namespace softlane {
namespace {

// Kills: pieces of the longest dimensions, not of the last.
TEST_CASE("losses with gaps between them are added in their order") {
  constexpr size_t kOuter = 50, kMiddle = 3, kClasses = 4, kGap = 5;
  const auto check = [](size_t inner, Target target) {
    const size_t rows = kOuter * kMiddle * inner, plane = kClasses * inner;
    const size_t step = kMiddle * plane + kGap;
    const int64_t sizes[] = {kOuter, kMiddle, kClasses,
                             static_cast<int64_t>(inner)};
    const int64_t strides[] = {static_cast<int64_t>(step),
                               static_cast<int64_t>(plane), sizes[3], 1};
    const std::vector<float> logits(kOuter * step);
    std::vector<float> targets(logits.size()), dense(rows * kClasses);
    // A large loss and the next one cancel. The sum is that of the losses
    // behind the last large one.
    Random random(1);
    float large = 0x1p80f;
    for (size_t r = 0; r < rows; ++r) {
      float target = 1.0f;
      const bool is_free = r + 2 * inner < rows && random.Below(3) == 0;
      if (is_free || (r + 2 * inner == rows && large < 0.0f)) {
        target = large;
        large = -large;
      }
      const size_t planes = r / inner;
      dense[r * kClasses] = target;
      targets[planes / kMiddle * step + planes % kMiddle * plane + r % inner] =
          target;
    }
    CrossEntropyOptions options;
    options.reduction = Reduction::kSum;
    float want = 0.0f, got = 1.0f;
    REQUIRE(CrossEntropy(Rows<const float>(logits.data(), rows, kClasses),
                         Rows<const float>(dense.data(), rows, kClasses), &want,
                         {}, options, nullptr, target) == Status::kOk);
    REQUIRE(CrossEntropy(Tensor<const float>(logits.data(), 4, sizes, strides),
                         Tensor<const float>(targets.data(), 4, sizes, strides),
                         {&got, 0, nullptr}, {}, 2, options, nullptr, {},
                         target) == Status::kOk);
    CHECK(got == want);
  };
  ForEachTarget([&](Target target) {
    check(1, target);
    check(16, target);
  });
}

}  // namespace
}  // namespace softlane
