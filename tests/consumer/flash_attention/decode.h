// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_DECODE_H_
#define SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_DECODE_H_

#include <softlane/softlane.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "head.h"
#include "products.h"
#include "reference.h"

// A decode step whose keys are split over threads.

// The last token of each head: a row per head, whose keys are split over
// threads.
inline constexpr size_t kDecodeKeys = 32;  // of a tile
struct Part {
  std::vector<SoftmaxState> states;
  Floats sums, logsumexp;
};

inline void ReadPart(const std::vector<Head>& heads, size_t begin, size_t end,
                     Target target, Part& part) {
  const size_t rows = heads.size();
  part.states.assign(rows, {});
  part.sums.assign(rows * kDims, 0.0f);
  part.logsumexp.assign(rows, 0.0f);
  std::vector<int32_t> shifts(rows);
  for (size_t key = begin; key < end; key += kDecodeKeys) {
    constexpr size_t n = kDecodeKeys;
    Floats scores(rows * n);
    for (size_t h = 0; h < rows; ++h) {
      Multiply(Transposed::kNo, Transposed::kYes, 1, n, kDims,
               At(heads[h].q, kTokens - 1), kDims, At(heads[h].k, key), kDims,
               &scores[h * n], n);
    }
    // Causal masks no key before the last token.
    const AttentionTileOptions options = TileOptions(kTokens - 1, key);
    const Rows<float> tile = View(scores, n);
    Require(AttentionTile(tile, part.states.data(), tile, shifts.data(),
                          options, target));
    Require(ScaleRows(View(part.sums, kDims), shifts.data()));
    for (size_t h = 0; h < rows; ++h) {
      Multiply(Transposed::kNo, Transposed::kNo, 1, kDims, n, &scores[h * n], n,
               At(heads[h].v, key), kDims, At(part.sums, h), kDims);
    }
  }
}
inline void Finish(Part& part, Target target) {
  const Rows<float> sums = View(part.sums, kDims);
  Require(FinishRows(sums, part.states.data(), nullptr, sums,
                     part.logsumexp.data(), softlane::EmptyRow::kZero, target));
}

// The parts are merged before they are finished, or after.
inline Part Decode(const std::vector<Head>& heads, size_t num_threads,
                   bool is_finished, Target target) {
  std::vector<Part> parts(num_threads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < num_threads; ++i) {
    threads.emplace_back([&, i] {
      constexpr size_t kTiles = kTokens / kDecodeKeys;
      const size_t begin = kTiles * i / num_threads * kDecodeKeys;
      const size_t end = kTiles * (i + 1) / num_threads * kDecodeKeys;
      ReadPart(heads, begin, end, target, parts[i]);
      if (is_finished) Finish(parts[i], target);
    });
  }
  for (std::thread& thread : threads) thread.join();
  Part& all = parts[0];
  for (size_t i = 1; i < num_threads; ++i) {
    const Rows<float> into = View(all.sums, kDims);
    const Rows<float> from = View(parts[i].sums, kDims);
    Require(is_finished ? MergeAttention(into, all.logsumexp.data(), from,
                                         parts[i].logsumexp.data(), target)
                        : MergeAttention(into, all.states.data(), from,
                                         parts[i].states.data()));
  }
  if (!is_finished) Finish(all, target);
  return all;
}

// The last token of each head is a row of all heads' results in double.
inline Expected LastTokens(const std::vector<Reference>& references,
                           Expected Reference::*member, size_t cols) {
  Expected last;
  for (const Reference& r : references) {
    const Expected& m = r.*member;
    const auto n = static_cast<ptrdiff_t>(cols);
    last.value.insert(last.value.end(), m.value.end() - n, m.value.end());
    last.error.insert(last.error.end(), m.error.end() - n, m.error.end());
  }
  return last;
}

// The number of threads that give a wrong result. Threads change no bit of
// logsumexp before the last step; finished parts, and sums of floats, have
// other bits, within twice the bound.
inline int DecodeFailures(const std::vector<Head>& heads,
                          const std::vector<Reference>& references,
                          Target target, double& worst) {
  const Expected out = LastTokens(references, &Reference::out, kDims);
  const Expected log = LastTokens(references, &Reference::logsumexp, 1);
  int failures = 0;
  Floats first;
  for (size_t n = 1; n <= 17; n += 4) {  // and more than tiles
    for (const bool is_finished : {false, true}) {
      const Part got = Decode(heads, n, is_finished, target);
      const double error =
          std::max(Worst(got.sums, out), Worst(got.logsumexp, log));
      worst = error <= worst ? worst : error;
      if (first.empty()) first = got.logsumexp;
      failures += !(error <= (is_finished ? 2.0 : 1.0));
      failures += !is_finished && got.logsumexp != first;
    }
  }
  return failures;
}

#endif  // SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_DECODE_H_
