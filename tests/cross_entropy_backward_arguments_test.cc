// SPDX-License-Identifier: Apache-2.0
// The arguments of CrossEntropyBackward and CrossEntropyBackwardFromProbs.

#include <cstdint>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "reference.h"
#include "softlane/cross_entropy_backward.h"

namespace softlane {
namespace {

// Kills: a check that is left out, or that comes after the first write.
TEST_CASE("cross_entropy_backward: arguments") {
  ForEachTarget([](Target target) {
    const std::vector<float> old(8, 5.0f);
    std::vector<float> x(8, 0.25f), dx = old, lse(2, 1.0f);
    int64_t labels[2] = {1, 3};
    CrossEntropyOptions o;
    const Rows<const float> in(x.data(), 2, 4);
    const Rows<float> out(dx.data(), 2, 4);
    const auto expect = [&](Status want) {
      CHECK(CrossEntropyBackward(in, lse.data(), labels, out, o, target) ==
            want);
      CHECK(CrossEntropyBackwardFromProbs(in, labels, out, o, target) == want);
      CHECK(SameBits(dx, old));
    };
    labels[1] = 4;
    expect(Status::kBadLabel);
    labels[1] = 3;
    o.scale = 0.0f;
    expect(Status::kBadOption);
    o.scale = 1.0f;
    const float weights[4] = {1.0f, -1.0f, 1.0f, 1.0f};
    o.class_weights = weights;
    expect(Status::kBadOption);
    o.class_weights = dx.data() + 1;
    expect(Status::kOverlap);
    o.class_weights = nullptr;
    o.reduction = Reduction::kNone;
    o.upstream_rows = dx.data() + 6;
    expect(Status::kOverlap);
    o.upstream_rows = nullptr;
    o.z_loss = 0.5f;
    CHECK(CrossEntropyBackwardFromProbs(in, labels, out, o, target) ==
          Status::kBadOption);
    CHECK(CrossEntropyBackwardFromProbs(in, in, out, o, target) ==
          Status::kBadOption);
    o.z_loss = 0.0f;
    CHECK(CrossEntropyBackward(in, nullptr, labels, out, o, target) ==
          Status::kNullPointer);
    CHECK(CrossEntropyBackward(in, dx.data() + 7, labels, out, o, target) ==
          Status::kOverlap);
    CHECK(CrossEntropyBackward(in, lse.data(), labels, {}, o, target) ==
          Status::kBadShape);
    CHECK(CrossEntropyBackward(in, lse.data(), labels, {nullptr, 2, 4}, o,
                               target) == Status::kNullPointer);
    CHECK(CrossEntropyBackward(in, lse.data(),
                               Rows<const float>(x.data(), 2, 3), out, o,
                               target) == Status::kBadShape);
    CHECK(CrossEntropyBackward(out, lse.data(), {x.data(), 2, 4},
                               {dx.data() + 1, 1, 4}, o,
                               target) == Status::kBadShape);
    o.accumulate = true;
    CHECK(CrossEntropyBackward(out, lse.data(), labels, out, o, target) ==
          Status::kOverlap);
    CHECK(CrossEntropyBackwardFromProbs(out, labels, out, o, target) ==
          Status::kOverlap);
    CHECK(SameBits(dx, old));
    const Rows<const BFloat16> half(reinterpret_cast<const BFloat16*>(x.data()),
                                    2, 4);
    const Rows<Float16> other(reinterpret_cast<Float16*>(dx.data()), 2, 4);
    CHECK(CrossEntropyBackward(half, lse.data(), labels, other, o, target) ==
          Status::kBadOption);
    CHECK(CrossEntropyBackward(half, lse.data(), ConstAnyRows(in), AnyRows(out),
                               o, target) == Status::kBadOption);
    CHECK(SameBits(dx, old));
    // No rows, and no columns with any strides.
    CHECK(CrossEntropyBackward({nullptr, 0, 4}, nullptr, labels,
                               {nullptr, 0, 4}, o, target) == Status::kOk);
    const Rows<const float> none(nullptr, SIZE_MAX, 0, 7);
    o.accumulate = false;
    CHECK(CrossEntropyBackwardFromProbs(none, none, {nullptr, SIZE_MAX, 0, 9},
                                        o, target) == Status::kOk);
  });
}

}  // namespace
}  // namespace softlane
