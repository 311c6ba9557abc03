// SPDX-License-Identifier: Apache-2.0
// Bad arguments of calls on all heads, and calls without elements.

#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

static_assert(std::is_trivially_copyable_v<AttentionHeadsOptions>);

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

// A good call of 2 x 3 heads of 4 queries and 5 keys, with all that options
// may have.
struct Good {
  Good() {
    for (float& element : x) element = 1.0f;
    for (float& element : y) element = 7.0f;
    for (float& element : log) element = 7.0f;
    options.alibi_slopes = slopes;
    options.bias = Tensor<const float>(bias, 4, kMask);
    options.bias_scales = factors;
    options.keep = Tensor<const uint8_t>(keep, 4, kMask);
    options.lengths = lengths;
    options.first_queries = firsts;
    options.sinks = sinks;
  }
  Status Run() const {
    return AttentionSoftmaxWithLogSumExp(scores, probs, logsumexp, options,
                                         target);
  }

  static constexpr int64_t kSizes[] = {2, 3, 4, 5}, kMask[] = {1, 1, 4, 5};
  static constexpr int64_t kReduced[] = {2, 3, 4, 1};
  float x[120], y[120], log[24], bias[20] = {}, slopes[3] = {}, sinks[3] = {};
  float factors[3] = {1.0f, 2.0f, 3.0f};
  uint8_t keep[20] = {};
  int32_t lengths[2] = {5, 0};
  int64_t firsts[2] = {0, 9};
  ConstAnyTensor scores = Tensor<const float>(x, 4, kSizes);
  AnyTensor probs = Tensor<float>(y, 4, kSizes);
  Tensor<float> logsumexp = Tensor<float>(log, 4, kReduced);
  AttentionHeadsOptions options;
  Target target = Target::kAuto;
};

using Change = std::function<void(Good&)>;
struct Error {
  const char* name;
  Status status;
  Change change;
};

template <typename T>
T* In(float* memory) {
  return reinterpret_cast<T*>(memory);
}

const Error kErrors[] = {
    {"scores", Status::kNullPointer, [](Good& g) { g.scores.data = nullptr; }},
    {"probs", Status::kNullPointer, [](Good& g) { g.probs.data = nullptr; }},
    {"logsumexp", Status::kNullPointer,
     [](Good& g) { g.logsumexp.data = nullptr; }},
    {"rank", Status::kBadShape, [](Good& g) { g.scores.rank = 3; }},
    {"rank of probs", Status::kBadShape, [](Good& g) { g.probs.rank = 5; }},
    {"rank of logsumexp", Status::kBadShape,
     [](Good& g) { g.logsumexp.rank = 3; }},
    {"rank of bias", Status::kBadShape,
     [](Good& g) { g.options.bias.rank = 2; }},
    {"rank of keep", Status::kBadShape,
     [](Good& g) { g.options.keep.rank = 9; }},
    {"stride of keys", Status::kBadShape,
     [](Good& g) { g.scores.strides[3] = 2; }},
    {"stride of keys of probs", Status::kBadShape,
     [](Good& g) { g.probs.strides[3] = -1; }},
    {"stride of keys of bias", Status::kBadShape,
     [](Good& g) { g.options.bias.strides[3] = 0; }},
    {"stride of keys of keep", Status::kBadShape,
     [](Good& g) { g.options.keep.strides[3] = 0; }},
    {"size", Status::kBadShape, [](Good& g) { g.probs.sizes[0] = 1; }},
    {"size of logsumexp", Status::kBadShape,
     [](Good& g) { g.logsumexp.sizes[3] = 5; }},
    {"size of bias", Status::kBadShape,
     [](Good& g) { g.options.bias.sizes[1] = 2; }},
    {"keys of bias", Status::kBadShape,
     [](Good& g) { g.options.bias.sizes[3] = 1; }},
    {"size of keep", Status::kBadShape,
     [](Good& g) { g.options.keep.sizes[2] = 3; }},
    {"stride", Status::kBadShape, [](Good& g) { g.scores.strides[0] = kMost; }},
    {"stride of sinks", Status::kBadShape,
     [](Good& g) { g.options.sinks.stride = kMost; }},
    {"repeated probs", Status::kOverlap,
     [](Good& g) { g.probs.strides[1] = 0; }},
    {"probs in scores", Status::kOverlap,
     [](Good& g) { g.probs.data = g.x + 1; }},
    {"logsumexp in probs", Status::kOverlap,
     [](Good& g) { g.logsumexp.data = g.y; }},
    {"bias in probs", Status::kOverlap,
     [](Good& g) { g.options.bias.data = g.y + 100; }},
    {"keep in probs", Status::kOverlap,
     [](Good& g) { g.options.keep.data = In<uint8_t>(g.y + 119) + 3; }},
    {"lengths in logsumexp", Status::kOverlap,
     [](Good& g) {
       g.options.lengths = {In<int32_t>(g.log), 0};
     }},
    {"first_queries in probs", Status::kOverlap,
     [](Good& g) {
       g.options.first_queries = {In<int64_t>(g.y + 118), 0};
     }},
    {"alibi_slopes in probs", Status::kOverlap,
     [](Good& g) { g.options.alibi_slopes = g.y + 119; }},
    {"bias_scales in probs", Status::kOverlap,
     [](Good& g) { g.options.bias_scales = g.y + 119; }},
    {"sinks in probs", Status::kOverlap,
     [](Good& g) {
       g.options.sinks = {g.y + 119, 0};
     }},
    {"scale", Status::kBadOption, [](Good& g) { g.options.scale = 0.0f; }},
    {"softcap", Status::kBadOption, [](Good& g) { g.options.softcap = -1.0f; }},
    {"window", Status::kBadOption, [](Good& g) { g.options.window = -1; }},
    {"empty_row", Status::kBadOption,
     [](Good& g) { g.options.empty_row = static_cast<EmptyRow>(2); }},
    {"slope", Status::kBadOption, [](Good& g) { g.slopes[2] = kInf; }},
    {"factor", Status::kBadOption, [](Good& g) { g.factors[2] = 0.0f; }},
    {"length", Status::kBadOption, [](Good& g) { g.lengths[1] = 6; }},
    {"negative length", Status::kBadOption, [](Good& g) { g.lengths[1] = -1; }},
    {"position", Status::kBadOption,
     [](Good& g) { g.options.first_query = kMost - 9; }},
    {"position behind", Status::kBadOption,
     [](Good& g) { g.options.first_query = kMost - 11; }},
    {"type", Status::kBadOption,
     [](Good& g) { g.scores.type = static_cast<ElementType>(3); }},
    {"type of bias", Status::kBadOption,
     [](Good& g) { g.options.bias.type = static_cast<ElementType>(3); }},
    {"types", Status::kBadOption,
     [](Good& g) {
       g.scores.type = ElementType::kBFloat16;
       g.options.bias.type = ElementType::kFloat16;
     }},
    {"target", Status::kTargetUnavailable,
     [](Good& g) { g.target = static_cast<Target>(99); }},
};

// Kills: a check that is left out, or comes after a write.
TEST_CASE("all heads: errors, and nothing is written") {
  CHECK(Good().Run() == Status::kOk);
  for (const Error& error : kErrors) {
    Good good;
    error.change(good);
    INFO(error.name);
    CHECK(good.Run() == error.status);
    bool is_written = false;
    for (const float element : good.y) is_written |= element != 7.0f;
    for (const float element : good.log) is_written |= element != 7.0f;
    CHECK(!is_written);
  }
  // The last position of all is good, and keeps all keys. Kills: an end behind
  // it.
  Good all, good;
  CHECK(all.Run() == Status::kOk);
  good.options.causal = true;
  good.options.first_query = kMost - 12;
  CHECK(good.Run() == Status::kOk);
  CHECK(std::memcmp(good.y, all.y, sizeof(all.y)) == 0);
}

// Kills: values that are read, or checked, where there is no row.
TEST_CASE("all heads: calls without rows or without keys") {
  ForEachTarget([](Target target) {
    for (int d = 0; d < 4; ++d) {
      Good good;
      good.target = target;
      good.scores.sizes[d] = good.probs.sizes[d] = 0;
      good.options.bias = {};
      good.options.keep = {};
      good.scores.data = good.probs.data = nullptr;
      if (d != 3) {
        good.logsumexp.sizes[d] = 0;
        good.logsumexp.data = nullptr;
        good.options.sinks = {reinterpret_cast<const float*>(4), 1};
        good.options.lengths = {reinterpret_cast<const int32_t*>(4), 1};
      } else {
        good.lengths[0] = good.lengths[1] = 0;
      }
      good.sinks[1] = -0.0f;
      good.sinks[2] = 3.0f;
      CHECK(good.Run() == Status::kOk);
      for (size_t r = 0; r < 24; ++r) {
        const float sink = r / 4 % 3 == 2 ? 3.0f : 0.0f;
        CHECK(BitsOf(good.log[r]) == BitsOf(d == 3 ? sink : 7.0f));
      }
    }
    Good good;
    good.target = target;
    good.scores.sizes[3] = good.probs.sizes[3] = 0;
    good.options = {};
    CHECK(good.Run() == Status::kOk);
    for (const float log : good.log) CHECK(log == -kInf);
    // A part of an empty axis may have no logsumexp.
    good.logsumexp.sizes[3] = 0;
    good.logsumexp.data = nullptr;
    CHECK(good.Run() == Status::kOk);
    good.log[0] = 7.0f;
    good.logsumexp.data = good.log;
    CHECK(good.Run() == Status::kOk);
    CHECK(good.log[0] == 7.0f);
    // Kills: a check that goes through indices without values.
    good.scores.sizes[0] = good.probs.sizes[0] = kMost;
    good.scores.sizes[1] = good.probs.sizes[1] = kMost;
    good.logsumexp.sizes[0] = good.logsumexp.sizes[1] = kMost;
    CHECK(good.Run() == Status::kOk);
  });
}

// Kills: a part of queries whose positions are those of the whole; values of
// the whole's first head.
TEST_CASE("all heads: the options of a part") {
  Good good;
  const auto queries = good.options.Slice(2, 3, 1);
  CHECK(queries.first_query == 3);
  CHECK(queries.bias.data == good.bias + 15);
  CHECK(queries.keep.data == good.keep + 15);
  CHECK(queries.sinks.data == good.sinks);
  const auto heads = good.options.Slice(1, 2, 1);
  CHECK(heads.sinks.data == good.sinks + 2);
  CHECK(heads.alibi_slopes.data == good.slopes + 2);
  CHECK(heads.bias_scales.data == good.factors + 2);
  CHECK(heads.bias.data == good.bias);
  const auto batch = good.options.Slice(0, 1, 1);
  CHECK(batch.lengths.data == good.lengths + 1);
  CHECK(batch.first_queries.data == good.firsts + 1);
  CHECK(batch.keep.data == good.keep);
  CHECK(good.options.Part(good.scores, 1, 2).lengths.data == good.lengths + 1);
}

}  // namespace
}  // namespace softlane
