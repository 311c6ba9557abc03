// SPDX-License-Identifier: Apache-2.0
// Attention's softmax of all heads: the bits of a call per head.

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

// Puts the results of a call per head into `want` and `want_logs`.
void RunPerHead(HeadsCase& c, bool has_logs, Target target, TensorMemory& want,
                TensorMemory& want_logs) {
  const size_t queries = c.Size(2), keys = c.Size(3);
  for (size_t b = 0; b < c.Size(0); ++b) {
    for (size_t h = 0; h < c.Size(1); ++h) {
      AttentionOptions o = c.OptionsOf(b, h);
      const auto scores = RowsOf(c.x, c, b, h), bias = RowsOf(c.bias, c, b, h);
      if (c.options.bias.data != nullptr) {
        o.bias = {bias.data(), c.bias.type(), queries, keys};
      }
      std::vector<uint8_t> keep;
      for (size_t q = 0; q < queries; ++q) {
        const uint8_t* const row =
            c.first_keep + RowOffset(c.keep_shape, b, h, q);
        keep.insert(keep.end(), row, row + keys);
      }
      if (c.options.keep.data != nullptr) o.keep = {keep.data(), queries, keys};
      std::vector<int32_t> lengths;
      if (c.options.lengths.data != nullptr) {
        lengths.assign(queries, c.options.lengths[b]);
        o.lengths = lengths.data();
      }
      std::vector<float> sinks;
      if (c.options.sinks.data != nullptr) {
        sinks.assign(queries, c.options.sinks[h]);
        o.sinks = sinks.data();
      }
      std::vector<float> floats(queries * keys + 1), logs(queries);
      const ConstAnyRows x(scores.data(), c.x.type(), queries, keys);
      const AnyRows y(floats.data(), want.type(), queries, keys);
      REQUIRE((has_logs
                   ? AttentionSoftmaxWithLogSumExp(x, y, logs.data(), o, target)
                   : AttentionSoftmax(x, y, o, target)) == Status::kOk);
      for (size_t q = 0; q < queries; ++q) {
        std::memcpy(static_cast<unsigned char*>(want.data()) +
                        RowOffset(want.shape(), b, h, q) *
                            static_cast<int64_t>(SizeOf(want.type())),
                    y.At(q, 0), keys * SizeOf(want.type()));
        if (has_logs) {
          want_logs.Put(RowOffset(want_logs.shape(), b, h, q), logs[q]);
        }
      }
    }
  }
}

// Bytes that are equal, or elements that are NaN.
bool HasSameBits(const TensorMemory& a, const TensorMemory& b) {
  if (a.bytes() == b.bytes()) return true;
  TensorMemory got = a, want = b;
  for (const int64_t offset : OffsetsOf(a.Used())) {
    const float element = a.Get(offset), other = b.Get(offset);
    if (!SameBits(element, other)) return false;
    got.Put(offset, 0.0f);
    want.Put(offset, 0.0f);
  }
  return got.bytes() == want.bytes();  // between the elements
}

Status Run(HeadsCase& c, TensorMemory& out, TensorMemory& logs, bool has_logs,
           size_t parts, Target target) {
  for (size_t i = 0; i < parts; ++i) {
    const ConstAnyTensor x = c.Scores().Part(i, parts, 3);
    const AnyTensor y = out.View().Part(i, parts, 3);
    const Tensor<float> log(static_cast<float*>(logs.data()), 4,
                            logs.shape().sizes, logs.shape().strides);
    const auto options = c.options.Part(c.Scores(), i, parts);
    const Status status =
        has_logs ? AttentionSoftmaxWithLogSumExp(x, y, log.Part(i, parts, 3),
                                                 options, target)
                 : AttentionSoftmax(x, y, options, target);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

// Kills: an option, a mask or a row of another head or query; rows of two heads
// in one run that do not stand so; a part that is masked by positions of the
// whole; scores that are replaced before they are read.
void ExpectBitsPerHead(const HeadTypes& types, size_t times, Target target) {
  Random random(31 + static_cast<uint64_t>(types.scores) * 9 +
                static_cast<uint64_t>(types.probs) * 3 +
                static_cast<uint64_t>(types.bias));
  size_t different = 0;
  std::string where;
  for (size_t k = 0; k < times; ++k) {
    HeadsCase c(RandomHeadSizes(random), types, random);
    const bool has_logs = random.Below(3) == 0;
    const bool is_in_place =
        types.scores == types.probs && random.Below(3) == 0;
    if (is_in_place) c.x = c.y;
    if (is_in_place) {
      for (const int64_t offset : OffsetsOf(c.x.Used())) {
        c.x.Put(offset, 2.0f * random.Normal());
      }
    }
    TensorMemory want = is_in_place ? c.x : c.y, want_logs = c.logs;
    RunPerHead(c, has_logs, target, want, want_logs);
    const size_t parts = random.Below(3) == 0 ? 1 + random.Below(4) : 1;
    TensorMemory& out = is_in_place ? c.x : c.y;
    REQUIRE(Run(c, out, c.logs, has_logs, parts, target) == Status::kOk);
    if (HasSameBits(out, want) && HasSameBits(c.logs, want_logs)) continue;
    ++different;
    where += " " + std::to_string(k);
  }
  INFO("cases" << where);
  CHECK(different == 0);
}

TEST_CASE("all heads: the bits of a call per head") {
  ForEachTarget([](Target target) {
    ExpectBitsPerHead({kFloat, kFloat, kFloat},
                      Amount("SOFTLANE_HEADS", 5000, 300), target);
  });
}

TEST_CASE("all heads of half types, and with a bias of a half type") {
  ForEachTarget([](Target target) {
    for (const ElementType half :
         {ElementType::kBFloat16, ElementType::kFloat16}) {
      for (size_t k = 1; k < 8; ++k) {
        ExpectBitsPerHead({k & 1 ? half : kFloat, k & 2 ? half : kFloat,
                           k & 4 ? half : kFloat},
                          Amount("SOFTLANE_HEADS_ANY", 500, 40), target);
      }
    }
  });
}

}  // namespace
}  // namespace softlane
