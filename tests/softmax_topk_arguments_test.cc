// SPDX-License-Identifier: Apache-2.0
// Bad arguments of SoftmaxTopK: the documented status, and no byte written.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "reference.h"
#include "softlane/softmax_topk.h"

namespace softlane {
namespace {

TEST_CASE("softmax_topk: arguments") {
  ForEachTarget([](Target target) {
    std::vector<float> x(4 * 100, 0.5f), y(4 * 100, 0.5f);
    std::vector<int32_t> at(4 * 100, 5);
    using In = Rows<const float>;
    using Out = Rows<float>;
    using At = Rows<int32_t>;
    const In in(x.data(), 4, 100);
    const Out out(y.data(), 4, 3);
    const At indices(at.data(), 4, 3);
    const auto expect = [&](Status want, In x_view, size_t k, Out y_view,
                            At at_view,
                            const SoftmaxTopKOptions& options = {}) {
      CHECK(SoftmaxTopK(x_view, k, y_view, at_view, options, target) == want);
      CHECK(x == std::vector<float>(4 * 100, 0.5f));
      CHECK(y == std::vector<float>(4 * 100, 0.5f));
      CHECK(at == std::vector<int32_t>(4 * 100, 5));
    };
    constexpr Status kNull = Status::kNullPointer, kShape = Status::kBadShape;
    expect(kNull, In(nullptr, 4, 100), 3, out, indices);
    expect(kNull, in, 3, Out(nullptr, 4, 3), indices);
    expect(kNull, in, 3, out, At(nullptr, 4, 3));
    expect(kShape, In(x.data(), 4, 100, 99), 3, out, indices);
    expect(kShape, in, 3, Out(y.data(), 4, 3, 2), indices);
    expect(kShape, in, 3, out, At(at.data(), 4, 3, 2));
    expect(kShape, in, 3, Out(y.data(), 4, 2), indices);
    expect(kShape, in, 3, out, At(at.data(), 4, 4));
    expect(kShape, in, 3, Out(y.data(), 3, 3), indices);
    expect(kShape, in, 3, out, At(at.data(), 3, 3));
    expect(kShape, In(x.data(), 4, 2), 3, out, indices);
    expect(kShape, In(x.data(), 1, size_t{1} << 31), 3, Out(y.data(), 1, 3),
           At(at.data(), 1, 3));
    expect(Status::kBadOption, in, 65, Out(y.data(), 4, 65),
           At(at.data(), 4, 65));
    for (const float scale : {0.0f, -1.0f, kInf, kNan}) {
      expect(Status::kBadOption, in, 3, out, indices, {scale});
    }
    expect(Status::kBadOption, in, 3, out, indices,
           {1.0f, false, static_cast<EmptyRow>(2)});
    expect(Status::kOverlap, in, 3, Out(x.data(), 4, 3), indices);
    expect(Status::kOverlap, in, 3,
           Out(reinterpret_cast<float*>(at.data() + 1), 4, 3), indices);
    expect(Status::kOverlap, in, 3, out,
           At(reinterpret_cast<int32_t*>(x.data() + 50), 4, 3));
    CHECK(SoftmaxTopK(in, 3, out, indices, {}, static_cast<Target>(9)) ==
          Status::kTargetUnavailable);
    expect(Status::kOk, in, 0, Out(nullptr, 4, 0), At(nullptr, 4, 0));
    expect(Status::kOk, In(nullptr, 0, 100), 3, Out(nullptr, 0, 3),
           At(nullptr, 0, 3));
  });
}

}  // namespace
}  // namespace softlane
