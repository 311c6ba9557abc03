// SPDX-License-Identifier: Apache-2.0
// Attention's softmax of any element type: which types meet in a call, and
// calls without rows or keys.

#include <limits>
#include <vector>

#include "doctest/doctest.h"
#include "half_bits.h"
#include "softlane/attention_softmax.h"

namespace softlane {
namespace {

constexpr ElementType kFloat = ElementType::kFloat32;
constexpr float kInf = std::numeric_limits<float>::infinity();

// Kills: a pair that is not checked; a bias that may overlap the output.
TEST_CASE("attention of any type: types and overlaps") {
  const auto other = static_cast<ElementType>(3);
  const ElementType all[] = {kFloat, kHalfTypes[0], kHalfTypes[1], other};
  const auto meet = [&](ElementType a, ElementType b) {
    return a != other && b != other && (a == b || a == kFloat || b == kFloat);
  };
  std::vector<float> x(12), y(12, 7.0f), b(12);
  for (const ElementType scores : all) {
    for (const ElementType probs : all) {
      for (const ElementType bias : all) {
        AttentionOptions options;
        const AnyRows to(y.data(), probs, 3, 4);
        const ConstAnyRows from(x.data(), scores, 3, 4);
        options.bias = ConstAnyRows(nullptr, bias, 3, 4);
        const Status without = AttentionSoftmax(from, to, options);
        CHECK(without ==
              (meet(scores, probs) ? Status::kOk : Status::kBadOption));
        options.bias.data = b.data();
        const bool ok =
            meet(scores, probs) && meet(bias, scores) && meet(bias, probs);
        CHECK(AttentionSoftmax(from, to, options) ==
              (ok ? Status::kOk : Status::kBadOption));
        if (scores == kFloat && probs == kFloat) {
          CHECK(AttentionSoftmax(Rows<const float>(x.data(), 3, 4),
                                 Rows<float>(y.data(), 3, 4), options) ==
                (ok ? Status::kOk : Status::kBadOption));
        }
        if (!ok) continue;
        // The last element of the one is the first of the other.
        options.bias.data = to.At(2, 3);
        CHECK(AttentionSoftmax(from, to, options) == Status::kOverlap);
        options.bias = ConstAnyRows(b.data(), bias, 2, 4);
        CHECK(AttentionSoftmax(from, to, options) == Status::kBadShape);
        if (scores == probs) continue;
        CHECK(AttentionSoftmax(ConstAnyRows(y.data(), scores, 3, 4), to) ==
              Status::kOverlap);
      }
    }
  }
}

// Kills: a logsumexp that is left alone without keys; a mask of no keys that is
// read.
TEST_CASE("attention of any type: without rows or keys") {
  const std::vector<float> sinks = {1.5f, -kInf, 2.5f};
  std::vector<float> log(3, 7.0f);
  AttentionOptions options;
  options.sinks = sinks.data();
  for (const ElementType half : kHalfTypes) {
    const ConstAnyRows scores(nullptr, half, 3, 0);
    const AnyRows probs(nullptr, half, 3, 0);
    options.bias = ConstAnyRows(log.data(), half, 3, 0);
    CHECK(AttentionSoftmax(scores, probs, options) == Status::kOk);
    log = {7.0f, 7.0f, 7.0f};
    CHECK(AttentionSoftmaxWithLogSumExp(scores, probs, log.data(), options) ==
          Status::kOk);
    CHECK(log == sinks);
    CHECK(AttentionSoftmaxWithLogSumExp(scores, probs, nullptr, options) ==
          Status::kNullPointer);
    options.bias = ConstAnyRows(log.data(), half, 0, 9);
    CHECK(AttentionSoftmax(ConstAnyRows(nullptr, half, 0, 9),
                           AnyRows(nullptr, half, 0, 9),
                           options) == Status::kOk);
  }
}

}  // namespace
}  // namespace softlane
