// SPDX-License-Identifier: Apache-2.0
// The arguments of the cross-entropy of rows in parts.

#include <cmath>
#include <cstdint>

#include "doctest/doctest.h"
#include "each_target.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// Kills: a check that is left out, or that comes after the first write.
TEST_CASE("arguments of the cross-entropy of rows in parts") {
  constexpr size_t kCols = 6;
  const float x[2 * kCols] = {1.0f, 2.0f, 3.0f};
  int64_t labels[2] = {-100, 7};
  SoftmaxState states[2] = {};
  float losses[2] = {5.0f, 5.0f}, dx[2 * kCols] = {};
  const Rows<const float> logits(x, 2, kCols);
  LossStateOptions options;
  const auto update = [&] {
    return UpdateLossStates(logits, 4, labels, states, options);
  };
  const auto run = [&](size_t first_col, size_t classes) {
    return CrossEntropyFromStates(logits, first_col, classes, labels, states,
                                  losses, {dx, 2, kCols}, options);
  };
  CHECK(update() == Status::kOk);
  CHECK(states[0].max_key == 0);  // ignored
  CHECK(states[1].max_key != 0);
  CHECK((states[1].window & 3) == static_cast<int>(StateUse::kCrossEntropy));
  CHECK(run(5, 10) == Status::kBadShape);
  // Without columns any stride is good.
  const Rows<const float> none(nullptr, 2, 0, SIZE_MAX / 2);
  CHECK(CrossEntropyFromStates(none, 4, 10, labels, states, losses) ==
        Status::kOk);
  CHECK(SameBits(losses[1], 0.0f));
  losses[0] = losses[1] = 5.0f;
  CHECK(run(4, 5) == Status::kBadShape);
  CHECK(run(SIZE_MAX, 10) == Status::kBadShape);
  labels[0] = -1;
  CHECK(update() == Status::kBadLabel);
  CHECK(run(4, 10) == Status::kBadLabel);
  CHECK(run(4, SIZE_MAX) == Status::kBadLabel);
  labels[0] = 10;
  CHECK(run(4, 10) == Status::kBadLabel);
  labels[0] = -100;
  for (const float bad : {0.0f, -1.0f, std::nanf(""), kInf}) {
    options.scale = bad;
    CHECK(update() == Status::kBadOption);
    CHECK(run(4, 10) == Status::kBadOption);
    options.scale = 1.0f;
    options.z_loss = bad;
    CHECK((run(4, 10) == Status::kBadOption) == (bad != 0.0f));
    options.z_loss = 0.0f;
    const float weights[2] = {1.0f, bad};
    options.label_weights = weights;
    CHECK((run(4, 10) == Status::kBadOption) == (bad != 0.0f));
    options.label_weights = nullptr;
    losses[0] = losses[1] = 5.0f;
  }
  CHECK(CrossEntropyFromStates(logits, 4, 10, labels, states, nullptr) ==
        Status::kNullPointer);
  CHECK(CrossEntropyFromStates(logits.Slice(0, 0), 4, 10, labels, states,
                               nullptr) == Status::kOk);
  // States of another use.
  SoftmaxState other[2] = {};
  REQUIRE(UpdateStates(logits, 4, other) == Status::kOk);
  CHECK(UpdateLossStates(logits, 4, labels, other) == Status::kBadOption);
  CHECK(UpdateStates(logits, 4, states) == Status::kBadOption);
  CHECK(CrossEntropyFromStates(logits, 4, 10, labels, other, losses) ==
        Status::kBadOption);
  CHECK(SoftmaxFromStates(logits, states, {dx, 2, kCols}) ==
        Status::kBadOption);
  CHECK(MergeStates(other, states, 2) == Status::kBadOption);
  CHECK(losses[1] == 5.0f);  // no bad call has written
  CHECK(run(4, 10) == Status::kOk);
  CHECK(SameBits(losses[0], 0.0f));
  CHECK(losses[1] != 5.0f);
}

}  // namespace
}  // namespace softlane
