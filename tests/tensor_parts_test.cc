// SPDX-License-Identifier: Apache-2.0
// Parts of tensors for threads. tensor_test.cc has their bits.

#include <climits>
#include <cstdint>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"
#include "tensor_layouts.h"

namespace softlane {
namespace {

// Kills: parts that overlap or leave out indices, or of which one has most.
TEST_CASE("parts of a tensor are even, and cover it once") {
  Random random(3);
  for (int i = 0; i < 2000; ++i) {
    const size_t rank = random.Below(6);
    Sizes sizes(rank);
    for (int64_t& size : sizes) {
      size = static_cast<int64_t>(random.Below(random.Below(2) == 0 ? 6 : 300));
    }
    const int axis = rank == 0 ? 0 : static_cast<int>(random.Below(rank));
    const Tensor<float> all(nullptr, static_cast<int>(rank), sizes.data());
    const size_t n = 1 + random.Below(6);
    int64_t count = 0, most = 0;
    for (size_t k = 0; k < n; ++k) {
      const Tensor<float> part = all.Part(k, n, axis);
      const int64_t size = CountOf(Sizes(part.sizes, part.sizes + part.rank));
      most = std::max(most, size);
      count += size;
    }
    CHECK(count == CountOf(sizes));
    // Some dimension has at least n indices, so a part has twice an even one's
    // elements at most.
    for (size_t d = 0; d < rank; ++d) {
      if (static_cast<int>(d) != axis && sizes[d] >= static_cast<int64_t>(n)) {
        CHECK(most * static_cast<int64_t>(n) <= 2 * count);
        break;
      }
    }
  }
  const int64_t sizes[] = {2, 3};
  const Tensor<float> good(nullptr, 2, sizes);
  for (const int axis : {2, -3, INT_MAX, INT_MIN}) {
    CHECK(good.Part(1, 2, axis).sizes[0] == 2);
  }
  CHECK(Tensor<float>(nullptr, 9, nullptr).Part(0, 2, 0).rank == 9);
}

// Kills: a result of lines without columns that is left as it was.
TEST_CASE("tensors without indices along the axis: each logsumexp is -inf") {
  constexpr int64_t kRows = 100;
  const int64_t sizes[] = {kRows, 0}, log_sizes[] = {kRows, 1};
  const int64_t log_strides[] = {2, 1};
  const Tensor<const float> logits(nullptr, 2, sizes);
  const Tensor<float> probs(nullptr, 2, sizes);
  ForEachTarget([&](Target target) {
    for (const bool has_probs : {false, true}) {
      std::vector<float> logs(2 * kRows, 7.0f);
      const Tensor<float> out(logs.data(), 2, log_sizes, log_strides);
      const Status status =
          has_probs ? SoftmaxWithLogSumExp(logits, probs, out, 1, {}, target)
                    : LogSumExp(logits, out, 1, 1.0f, target);
      CHECK(status == Status::kOk);
      size_t wrong = 0;
      for (size_t k = 0; k < logs.size(); ++k) {
        wrong += logs[k] != (k % 2 == 0 ? -kInf : 7.0f);
      }
      CHECK(wrong == 0);
    }
  });
}

// Kills: a pointer that goes by a stride which is not used.
TEST_CASE("parts of tensors without elements do not use their strides") {
  float value = 0.0f;
  const int64_t sizes[] = {4, 0}, strides[] = {INT64_MAX, 1};
  const Tensor<float> none(&value, 2, sizes, strides);
  CHECK(none.Part(1, 2, 1).data == &value);
  CHECK(AnyTensor(none).Part(1, 2, 1).data == &value);
}

}  // namespace
}  // namespace softlane
