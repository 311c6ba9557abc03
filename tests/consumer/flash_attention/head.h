// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_HEAD_H_
#define SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_HEAD_H_

#include <softlane/softlane.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "products.h"

// A head of attention, its results, and its scores.

using softlane::AttentionTileOptions;
using softlane::Rows;
using softlane::SoftmaxState;
using softlane::Status;
using softlane::Target;

using Floats = std::vector<float>;

inline constexpr size_t kTokens = 512;
inline constexpr size_t kDims = 64;
inline constexpr size_t kQueries = 64, kKeys = 128;  // of a tile
inline constexpr float kScale = 0.5f;                // logits of up to 35

inline void Require(Status status) {
  if (status == Status::kOk) return;
  std::fprintf(stderr, "%s\n", softlane::StatusName(status));
  std::exit(1);
}

inline Rows<float> View(Floats& m, size_t cols) {
  return {m.data(), m.size() / cols, cols};
}

// Multiples of 2^-8 in [-2, 2): the same everywhere. A sum of kDims products of
// them is exact in float, and so are scores and dprobs.
inline Floats MakeMatrix(size_t rows, uint32_t seed) {
  Floats m(rows * kDims);
  for (float& v : m) {
    seed = seed * 1664525u + 1013904223u;
    v = static_cast<float>(static_cast<int>(seed >> 22) - 512) / 256.0f;
  }
  return m;
}

// Some tokens of a matrix.
inline const float* At(const Floats& m, size_t token) {
  return m.data() + token * kDims;
}
inline float* At(Floats& m, size_t token) { return m.data() + token * kDims; }

// One head: queries, keys, values, and the gradient of the output.
struct Head {
  Floats q, k, v, dout;
};
inline Head MakeHead(uint32_t seed) {
  return {MakeMatrix(kTokens, 4 * seed), MakeMatrix(kTokens, 4 * seed + 1),
          MakeMatrix(kTokens, 4 * seed + 2), MakeMatrix(kTokens, 4 * seed + 3)};
}

struct Results {
  Floats out, dq, dk, dv, logsumexp;
};

// The scores of queries from `query` on for keys from `key` on.
inline void Scores(const Head& head, size_t query, size_t num_queries,
                   size_t key, size_t num_keys, Floats& scores) {
  scores.assign(num_queries * num_keys, 0.0f);
  Multiply(Transposed::kNo, Transposed::kYes, num_queries, num_keys, kDims,
           At(head.q, query), kDims, At(head.k, key), kDims, scores.data(),
           num_keys);
}

inline AttentionTileOptions TileOptions(size_t query, size_t key) {
  AttentionTileOptions options;
  options.attention.scale = kScale;
  options.attention.causal = true;
  options.attention.first_query = static_cast<int64_t>(query);
  options.first_key = key;
  return options;
}

#endif  // SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_HEAD_H_
