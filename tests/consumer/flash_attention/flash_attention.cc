// SPDX-License-Identifier: Apache-2.0
// Causal flash attention, forward and backward, by tiles of scores, and a
// decode step whose keys are split over threads:
//   flash_attention [heads]
// Fails unless all results are within a derived bound of those in double, as
// are those of full rows by AttentionSoftmax, and have the same bits on every
// available target.

#include <softlane/softlane.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "decode.h"
#include "head.h"
#include "products.h"
#include "reference.h"

namespace {

using softlane::AttentionOptions;

// The output, and the states of all rows for the backward pass.
void FlashForward(const Head& head, Target target, Results& results,
                  std::vector<SoftmaxState>& states) {
  states.assign(kTokens, {});  // nothing is read
  results.out.assign(kTokens * kDims, 0.0f);
  results.logsumexp.assign(kTokens, 0.0f);
  Floats scores;
  std::vector<int32_t> shifts(kQueries);
  for (size_t query = 0; query < kTokens; query += kQueries) {
    Floats sums(kQueries * kDims);
    const Rows<float> accumulators = View(sums, kDims);
    for (size_t key = 0; key < query + kQueries; key += kKeys) {
      Scores(head, query, kQueries, key, kKeys, scores);
      const Rows<float> tile = View(scores, kKeys);  // exp values in place
      Require(AttentionTile(tile, &states[query], tile, shifts.data(),
                            TileOptions(query, key), target));
      Require(ScaleRows(accumulators, shifts.data()));
      Multiply(Transposed::kNo, Transposed::kNo, kQueries, kDims, kKeys,
               scores.data(), kKeys, At(head.v, key), kDims, sums.data(),
               kDims);
    }
    const Rows<float> out(At(results.out, query), kQueries, kDims);
    Require(FinishRows(accumulators, &states[query], nullptr, out,
                       &results.logsumexp[query], softlane::EmptyRow::kZero,
                       target));
  }
}

// The gradients that a tile adds, from its probabilities and the gradient of
// its scores.
void AddGradients(const Head& head, size_t query, size_t num_queries,
                  size_t key, size_t num_keys, const Floats& p,
                  const Floats& dscores, Results& results) {
  Multiply(Transposed::kYes, Transposed::kNo, num_keys, kDims, num_queries,
           p.data(), num_keys, At(head.dout, query), kDims, At(results.dv, key),
           kDims);
  Multiply(Transposed::kNo, Transposed::kNo, num_queries, kDims, num_keys,
           dscores.data(), num_keys, At(head.k, key), kDims,
           At(results.dq, query), kDims);
  Multiply(Transposed::kYes, Transposed::kNo, num_keys, kDims, num_queries,
           dscores.data(), num_keys, At(head.q, query), kDims,
           At(results.dk, key), kDims);
}
void Dprobs(const Head& head, size_t query, size_t num_queries, size_t key,
            size_t num_keys, Floats& dprobs) {
  dprobs.assign(num_queries * num_keys, 0.0f);
  Multiply(Transposed::kNo, Transposed::kYes, num_queries, num_keys, kDims,
           At(head.dout, query), kDims, At(head.v, key), kDims, dprobs.data(),
           num_keys);
}
void ClearGradients(Results& results) {
  for (Floats* m : {&results.dq, &results.dk, &results.dv}) {
    m->assign(kTokens * kDims, 0.0f);
  }
}

// The tiles in another order: the keys are the outer loop.
void FlashBackward(const Head& head, const std::vector<SoftmaxState>& states,
                   Target target, Results& results) {
  ClearGradients(results);
  std::vector<double> delta(kTokens);
  Require(SoftmaxBackwardDots({results.out.data(), kTokens, kDims},
                              {head.dout.data(), kTokens, kDims}, delta.data(),
                              target));
  Floats scores, dprobs;
  for (size_t key = 0; key < kTokens; key += kKeys) {
    const size_t first = key / kQueries * kQueries;  // others are masked
    for (size_t query = first; query < kTokens; query += kQueries) {
      Scores(head, query, kQueries, key, kKeys, scores);
      Dprobs(head, query, kQueries, key, kKeys, dprobs);
      // In place: the gradients replace dprobs, the probabilities the scores.
      const Rows<float> p = View(scores, kKeys), ds = View(dprobs, kKeys);
      Require(AttentionTileBackward(p, ds, &states[query], &delta[query], ds, p,
                                    TileOptions(query, key), target));
      AddGradients(head, query, kQueries, key, kKeys, scores, dprobs, results);
    }
  }
}

Results Flash(const Head& head, Target target) {
  Results results;
  std::vector<SoftmaxState> states;
  FlashForward(head, target, results, states);
  FlashBackward(head, states, target, results);
  return results;
}

// The same by full rows of scores.
Results FullRows(const Head& head, Target target) {
  Results results;
  results.out.assign(kTokens * kDims, 0.0f);
  results.logsumexp.assign(kTokens, 0.0f);
  ClearGradients(results);
  Floats scores, dprobs;
  Scores(head, 0, kTokens, 0, kTokens, scores);
  Dprobs(head, 0, kTokens, 0, kTokens, dprobs);
  AttentionOptions options;
  options.scale = kScale;
  options.causal = true;
  const Rows<float> p = View(scores, kTokens), ds = View(dprobs, kTokens);
  Require(AttentionSoftmaxWithLogSumExp(p, p, results.logsumexp.data(), options,
                                        target));
  Multiply(Transposed::kNo, Transposed::kNo, kTokens, kDims, kTokens,
           scores.data(), kTokens, head.v.data(), kDims, results.out.data(),
           kDims);
  Require(AttentionSoftmaxBackward(p, ds, {}, ds, options, {}, target));
  AddGradients(head, 0, kTokens, 0, kTokens, scores, dprobs, results);
  return results;
}

bool AreSame(const Results& a, const Results& b) {
  return a.out == b.out && a.dq == b.dq && a.dk == b.dk && a.dv == b.dv &&
         a.logsumexp == b.logsumexp;
}

}  // namespace

int main(int argc, char** argv) {
  UseOneThread();
  const int num_heads = argc > 1 ? std::atoi(argv[1]) : 8;
  std::vector<Head> heads;
  std::vector<Reference> references;
  for (int h = 0; h < num_heads; ++h) {
    heads.push_back(MakeHead(static_cast<uint32_t>(h)));
    references.push_back(InDouble(heads.back()));
  }
  std::printf("%d heads, %zu x %zu x %zu, products by %s\n", num_heads, kTokens,
              kTokens, kDims, kProducts);
  int failures = num_heads <= 0;
  std::vector<Results> first;
  for (const Target target : softlane::AvailableTargets()) {
    double worst = 0.0, worst_full = 0.0, worst_decode = 0.0;
    bool is_same = true;
    for (size_t h = 0; h < heads.size(); ++h) {
      const Results flash = Flash(heads[h], target);
      if (first.size() == h) first.push_back(flash);
      is_same = is_same && AreSame(flash, first[h]);
      worst = std::max(worst, Worst(flash, references[h]));
      worst_full = std::max(worst_full,
                            Worst(FullRows(heads[h], target), references[h]));
    }
    const int decode_failures =
        DecodeFailures(heads, references, target, worst_decode);
    failures += !is_same || !(worst <= 1.0) || !(worst_full <= 1.0) ||
                decode_failures != 0;
    std::printf(
        "%s: %.3f of the bounds, full rows %.3f, decode %.3f: %s, "
        "decode steps with other results: %d\n",
        softlane::TargetName(target), worst, worst_full, worst_decode,
        is_same ? "same bits" : "OTHER BITS", decode_failures);
  }
  return failures;
}
