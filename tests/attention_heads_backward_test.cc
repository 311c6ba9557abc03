// SPDX-License-Identifier: Apache-2.0
// The gradient of attention's softmax of all heads: the bits of a call per
// head.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "heads_case.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr ElementType kFloat = ElementType::kFloat32;

// The tensors of a call, beside those of the forward pass: dscores are c.y, and
// dsinks c.logs.
struct Gradient {
  Gradient(HeadsCase& its_case, ElementType type, Random& random)
      : c(its_case),
        probs(HeadsLayout(c.sizes, true, random), type, random),
        dprobs(HeadsLayout(c.sizes, true, random), type, random),
        logs(HeadsLayout(c.Reduced(), true, random), kFloat, random) {
    for (const int64_t offset : OffsetsOf(probs.Used())) {
      probs.Put(offset, random.Below(5) == 0 ? 0.0f : random.Unit());
    }
    for (const int64_t offset : OffsetsOf(dprobs.Used())) {
      dprobs.Put(offset, random.Below(99) == 0 ? kNan : random.Normal());
    }
    for (const int64_t offset : OffsetsOf(logs.Used())) {
      logs.Put(offset, 1.0f + random.Normal());
    }
    has_dsinks = c.options.sinks.data != nullptr && random.Below(3) != 0;
  }

  HeadsCase& c;
  TensorMemory probs, dprobs, logs;
  bool has_dsinks;
};

template <typename T>
Tensor<T> FloatsOf(TensorMemory& memory) {
  return {static_cast<T*>(memory.data()), 4, memory.shape().sizes,
          memory.shape().strides};
}

// The rows of a head, without gaps.
std::vector<unsigned char> RowsOf(TensorMemory& memory, const HeadsCase& c,
                                  size_t b, size_t h) {
  const size_t bytes = c.Size(3) * SizeOf(memory.type());
  std::vector<unsigned char> rows(c.Size(2) * bytes + 1);
  for (size_t q = 0; q < c.Size(2); ++q) {
    const int64_t offset = RowOffset(memory.shape(), b, h, q) *
                           static_cast<int64_t>(SizeOf(memory.type()));
    std::memcpy(rows.data() + q * bytes,
                static_cast<unsigned char*>(memory.data()) + offset, bytes);
  }
  return rows;
}

void RunPerHead(Gradient& g, Target target, TensorMemory& want,
                TensorMemory& want_dsinks) {
  HeadsCase& c = g.c;
  const size_t queries = c.Size(2), keys = c.Size(3);
  for (size_t b = 0; b < c.Size(0); ++b) {
    for (size_t h = 0; h < c.Size(1); ++h) {
      AttentionOptions o = c.OptionsOf(b, h);
      const auto p = RowsOf(g.probs, c, b, h), dp = RowsOf(g.dprobs, c, b, h);
      const auto scores = RowsOf(c.x, c, b, h);
      std::vector<int32_t> lengths(queries, static_cast<int32_t>(keys));
      if (c.options.lengths.data != nullptr) {
        lengths.assign(queries, c.options.lengths[b]);
      }
      o.lengths = lengths.data();
      std::vector<float> sinks(queries), logs(queries), dsinks(queries);
      AttentionSinkGradient sink;
      if (g.has_dsinks) {
        sinks.assign(queries, c.options.sinks[h]);
        for (size_t q = 0; q < queries; ++q) {
          logs[q] = g.logs.Get(RowOffset(g.logs.shape(), b, h, q));
        }
        o.sinks = sinks.data();
        sink = {logs.data(), dsinks.data()};
      }
      std::vector<float> results(queries * keys + 1);
      const ElementType in = g.probs.type();
      const AnyRows to(results.data(), want.type(), queries, keys);
      REQUIRE(AttentionSoftmaxBackward(
                  ConstAnyRows(p.data(), in, queries, keys),
                  ConstAnyRows(dp.data(), in, queries, keys),
                  ConstAnyRows(scores.data(), in, queries, keys), to, o, sink,
                  target) == Status::kOk);
      for (size_t q = 0; q < queries; ++q) {
        std::memcpy(static_cast<unsigned char*>(want.data()) +
                        RowOffset(want.shape(), b, h, q) *
                            static_cast<int64_t>(SizeOf(want.type())),
                    to.At(q, 0), keys * SizeOf(want.type()));
        if (g.has_dsinks) {
          want_dsinks.Put(RowOffset(want_dsinks.shape(), b, h, q), dsinks[q]);
        }
      }
    }
  }
}

bool HasSameBits(const TensorMemory& a, const TensorMemory& b) {
  if (a.bytes() == b.bytes()) return true;
  TensorMemory got = a, want = b;
  for (const int64_t offset : OffsetsOf(a.Used())) {
    if (!SameBits(a.Get(offset), b.Get(offset))) return false;
    got.Put(offset, 0.0f);
    want.Put(offset, 0.0f);
  }
  return got.bytes() == want.bytes();  // between the elements
}

Status Run(Gradient& g, TensorMemory& out, size_t parts, Target target) {
  HeadsCase& c = g.c;
  for (size_t i = 0; i < parts; ++i) {
    const auto part = [&](const auto& tensor) {
      return tensor.Part(i, parts, 3);
    };
    AttentionHeadsSinkGradient sink;
    if (g.has_dsinks) {
      sink = {part(FloatsOf<const float>(g.logs)),
              part(FloatsOf<float>(c.logs))};
    }
    const Status status = AttentionSoftmaxBackward(
        part(ConstAnyTensor(g.probs.View())),
        part(ConstAnyTensor(g.dprobs.View())), part(c.Scores()),
        part(out.View()), c.options.Part(c.Scores(), i, parts), sink, target);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

// Kills: a sink or a logsumexp of another head or query; keys that a head does
// not have; an input that is replaced before it is read.
void ExpectBitsPerHead(const HeadTypes& types, size_t times, Target target) {
  Random random(57 + static_cast<uint64_t>(types.scores) * 3 +
                static_cast<uint64_t>(types.probs));
  size_t different = 0;
  std::string where;
  for (size_t k = 0; k < times; ++k) {
    HeadsCase c(RandomHeadSizes(random), types, random);
    Gradient g(c, types.scores, random);
    const bool is_in_place =
        types.scores == types.probs && random.Below(3) == 0;
    if (is_in_place) {
      TensorMemory same(c.y.shape(), types.scores, random);
      for (const int64_t offset : OffsetsOf(same.Used())) {
        same.Put(offset, random.Unit());
      }
      g.probs = same;
    }
    TensorMemory& out = is_in_place ? g.probs : c.y;
    TensorMemory want = out, want_dsinks = c.logs;
    RunPerHead(g, target, want, want_dsinks);
    const size_t parts = random.Below(3) == 0 ? 1 + random.Below(4) : 1;
    REQUIRE(Run(g, out, parts, target) == Status::kOk);
    if (HasSameBits(out, want) && HasSameBits(c.logs, want_dsinks)) continue;
    ++different;
    where += " " + std::to_string(k);
  }
  INFO("cases" << where);
  CHECK(different == 0);
}

TEST_CASE("gradients of all heads: the bits of a call per head") {
  ForEachTarget([](Target target) {
    ExpectBitsPerHead({kFloat, kFloat, kFloat},
                      Amount("SOFTLANE_HEADS", 2000, 200), target);
    for (const ElementType half :
         {ElementType::kBFloat16, ElementType::kFloat16}) {
      const size_t times = Amount("SOFTLANE_HEADS_ANY", 300, 40);
      ExpectBitsPerHead({half, half, half}, times, target);
      ExpectBitsPerHead({half, kFloat, half}, times, target);
      ExpectBitsPerHead({kFloat, half, kFloat}, times, target);
    }
  });
}

// Kills: a check that is left out, or comes after a write.
TEST_CASE("gradients of all heads: errors, and nothing is written") {
  constexpr int64_t kSizes[] = {1, 2, 2, 3}, kReduced[] = {1, 2, 2, 1};
  float x[12] = {}, y[12], dsinks[4], logs[4] = {}, sinks[2] = {};
  for (float& element : y) element = 7.0f;
  for (float& element : dsinks) element = 7.0f;
  const Tensor<const float> in(x, 4, kSizes);
  const Tensor<float> out(y, 4, kSizes);
  AttentionHeadsOptions options;
  AttentionHeadsSinkGradient sink = {Tensor<const float>(logs, 4, kReduced),
                                     Tensor<float>(dsinks, 4, kReduced)};
  const auto run = [&] {
    return AttentionSoftmaxBackward(in, in, in, out, options, sink);
  };
  CHECK(run() == Status::kNullPointer);  // without sinks
  options.sinks = sinks;
  sink.logsumexp.data = nullptr;
  CHECK(run() == Status::kNullPointer);
  sink.logsumexp.data = dsinks;
  CHECK(run() == Status::kOverlap);
  sink.logsumexp = Tensor<const float>(logs, 4, kReduced);
  sink.dsinks.data = y + 8;
  CHECK(run() == Status::kOverlap);
  sink.dsinks = Tensor<float>(dsinks, 4, kReduced);
  sink.dsinks.sizes[3] = 3;
  CHECK(run() == Status::kBadShape);
  sink.dsinks.sizes[3] = 1;
  options.scale = -1.0f;
  CHECK(run() == Status::kBadOption);
  options.scale = 1.0f;
  CHECK(AttentionSoftmaxBackward(in, Tensor<const BFloat16>(nullptr, 4, kSizes),
                                 in, out, options) == Status::kBadOption);
  CHECK(AttentionSoftmaxBackward(in, in, in, Tensor<float>(x + 1, 4, kSizes),
                                 options) == Status::kOverlap);
  CHECK(AttentionSoftmaxBackward(in, in, in, out, options, sink,
                                 static_cast<Target>(99)) ==
        Status::kTargetUnavailable);
  for (const float element : y) CHECK(element == 7.0f);
  for (const float element : dsinks) CHECK(element == 7.0f);
  // Scores are not looked at without a softcap.
  const Tensor<const float> none(nullptr, 3, kSizes);
  CHECK(AttentionSoftmaxBackward(in, in, none, out, options, sink) ==
        Status::kOk);
  options.softcap = 5.0f;
  CHECK(AttentionSoftmaxBackward(in, in, none, out, options, sink) ==
        Status::kBadShape);
}

// Kills: gradients that are written, or logsumexps that are read, where there
// are none: a part of an empty axis.
TEST_CASE("gradients of all heads: sinks without elements") {
  constexpr int64_t kSizes[] = {1, 2, 2, 0};
  float dsinks[4] = {7.0f, 7.0f, 7.0f, 7.0f};
  const Tensor<const float> in(nullptr, 4, kSizes);
  const Tensor<float> out(nullptr, 4, kSizes);
  const AttentionHeadsSinkGradient sink = {in,
                                           Tensor<float>(dsinks, 4, kSizes)};
  CHECK(AttentionSoftmaxBackward(in, in, in, out, AttentionHeadsOptions(),
                                 sink) == Status::kOk);
  for (const float element : dsinks) CHECK(element == 7.0f);
}

}  // namespace
}  // namespace softlane
