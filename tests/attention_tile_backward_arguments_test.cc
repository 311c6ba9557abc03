// SPDX-License-Identifier: Apache-2.0
// The arguments of AttentionTileBackward.

#include <cstdint>
#include <vector>

#include "doctest/doctest.h"
#include "softlane/attention_tile_backward.h"

namespace softlane {
namespace {

using Floats = std::vector<float>;

// A call of 3 x 4 elements whose operands can be changed.
struct Arguments {
  Status Run() const {
    return AttentionTileBackward(scores, dprobs, states.data(), delta.data(),
                                 dscores, probs, options);
  }

  Floats x = Floats(24, 0.25f), d = Floats(24, 0.5f);
  Floats dx = Floats(24, 7.0f), p = Floats(24, 7.0f);
  Floats bias = Floats(12), sinks = Floats(12);
  std::vector<uint8_t> bytes = std::vector<uint8_t>(48, 1);
  std::vector<SoftmaxState> states = std::vector<SoftmaxState>(3);
  std::vector<double> delta = std::vector<double>(6);
  std::vector<int32_t> lengths = std::vector<int32_t>(12, 2);
  Rows<const float> scores{x.data(), 3, 4}, dprobs{d.data(), 3, 4};
  AnyRows dscores = Rows<float>(dx.data(), 3, 4);
  AnyRows probs = Rows<float>(p.data(), 3, 4);
  AttentionTileOptions options;
};

// Kills: an operand or an option that is not checked, or is checked where it is
// not read.
TEST_CASE("bad arguments") {
  constexpr ElementType kBFloat16 = ElementType::kBFloat16;
  constexpr ElementType kFloat16 = ElementType::kFloat16;
  const auto expect = [](Status status, const auto& change) {
    Arguments a;
    a.options.attention.bias = Rows<const float>(a.bias.data(), 3, 4);
    a.options.attention.keep = {a.bytes.data(), 3, 4};
    a.options.attention.lengths = a.lengths.data();
    a.options.attention.sinks = a.sinks.data();
    change(a, a.options.attention);
    CHECK(a.Run() == status);
    if (status == Status::kOk) return;
    CHECK(a.dx == Floats(24, 7.0f));
    CHECK(a.p == Floats(24, 7.0f));
  };
  using Options = AttentionOptions;
  const auto bad_option = [&](const auto& change) {
    expect(Status::kBadOption, change);
  };
  const auto bad_shape = [&](const auto& change) {
    expect(Status::kBadShape, change);
  };
  expect(Status::kOk, [](Arguments&, Options&) {});
  expect(Status::kNullPointer,
         [](Arguments& a, Options&) { a.scores.data = nullptr; });
  expect(Status::kNullPointer,
         [](Arguments& a, Options&) { a.dprobs.data = nullptr; });
  expect(Status::kNullPointer,
         [](Arguments& a, Options&) { a.dscores.data = nullptr; });
  bad_shape([](Arguments& a, Options&) { a.dscores.cols = 3; });
  bad_shape([](Arguments& a, Options&) { a.dprobs.rows = 2; });
  bad_shape([](Arguments& a, Options&) { a.probs.cols = 3; });
  bad_shape([](Arguments&, Options& o) { o.bias.cols = 3; });
  bad_shape([](Arguments&, Options& o) { o.keep.rows = 2; });
  bad_shape([](Arguments& a, Options&) { a.probs.stride = 3; });

  // Each output on, or beside the beginning of, each other operand.
  for (const bool is_dscores : {false, true}) {
    const auto overlap = [&](const auto& place) {
      expect(Status::kOverlap, [&](Arguments& a, Options&) {
        (is_dscores ? a.dscores : a.probs).data = place(a);
      });
    };
    overlap([](Arguments& a) { return a.x.data() + 1; });
    overlap([](Arguments& a) { return a.d.data() + 1; });
    overlap([](Arguments& a) { return a.bias.data(); });
    overlap([](Arguments& a) { return a.sinks.data(); });
    overlap([](Arguments& a) { return static_cast<void*>(a.bytes.data()); });
    overlap([](Arguments& a) { return static_cast<void*>(a.states.data()); });
    overlap([](Arguments& a) { return static_cast<void*>(a.delta.data()); });
    overlap([](Arguments& a) { return static_cast<void*>(a.lengths.data()); });
    overlap(
        [&](Arguments& a) { return is_dscores ? a.p.data() : a.dx.data(); });
    // Of another type than an input it does not replace it.
    expect(Status::kOverlap, [&](Arguments& a, Options&) {
      (is_dscores ? a.dscores : a.probs) = AnyRows(a.x.data(), kBFloat16, 3, 4);
    });
  }

  for (const int type : {3, 255}) {
    bad_option([&](Arguments& a, Options&) {
      a.dscores.type = static_cast<ElementType>(type);
    });
    bad_option([&](Arguments& a, Options&) {
      a.probs.type = static_cast<ElementType>(type);
    });
    bad_option([&](Arguments&, Options& o) {
      o.bias.type = static_cast<ElementType>(type);
    });
  }
  bad_option([](Arguments& a, Options&) {
    a.dscores.type = kFloat16;
    a.probs.type = kBFloat16;
  });
  bad_option([](Arguments& a, Options& o) {
    a.dscores.type = kFloat16;
    o.bias.type = kBFloat16;
  });
  bad_option([](Arguments& a, Options& o) {
    a.probs.type = kFloat16;
    o.bias.type = kBFloat16;
  });
  for (const StateUse use : {StateUse::kLogSoftmax, StateUse::kCrossEntropy}) {
    bad_option([&](Arguments& a, Options&) {
      a.states[2].max_key = 0xC0000000u;
      a.states[2].window = static_cast<int32_t>(use);
    });
  }
  bad_option([](Arguments&, Options& o) { o.scale = 0.0f; });
  bad_option([](Arguments&, Options& o) { o.softcap = -1.0f; });
  bad_option([](Arguments& a, Options&) { a.lengths[1] = -1; });
  bad_option([](Arguments& a, Options&) { a.options.first_key = SIZE_MAX; });
  bad_option([](Arguments& a, Options& o) {
    a.options.first_key = 9;
    o.first_query = INT64_MIN + 8;
  });
  // A length may be beyond the tile.
  expect(Status::kOk, [](Arguments& a, Options&) { a.lengths[1] = 1 << 30; });
  // Without probabilities their shape and type are not read.
  expect(Status::kOk, [](Arguments& a, Options&) {
    a.probs = AnyRows(nullptr, static_cast<ElementType>(9), 1, 1);
  });
  Arguments a;
  CHECK(AttentionTileBackward(a.scores, a.dprobs, nullptr, a.delta.data(),
                              a.dscores) == Status::kNullPointer);
  CHECK(AttentionTileBackward(a.scores, a.dprobs, a.states.data(), nullptr,
                              a.dscores) == Status::kNullPointer);
  CHECK(AttentionTileBackward(
            a.scores, a.dprobs, a.states.data(), a.delta.data(), a.dscores, {},
            {}, static_cast<Target>(77)) == Status::kTargetUnavailable);
  CHECK(a.dx == Floats(24, 7.0f));
}

}  // namespace
}  // namespace softlane
