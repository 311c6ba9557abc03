// SPDX-License-Identifier: Apache-2.0
// Causal flash attention, forward and backward, by tiles of scores, and a
// decode step whose keys are split over threads:
//   flash_attention [heads]
// Fails unless all results are within a derived bound of those in double, as
// are those of full rows by AttentionSoftmax, and have the same bits on every
// available target.

#include <softlane/softlane.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "products.h"

namespace {

using softlane::AttentionOptions;
using softlane::AttentionTileOptions;
using softlane::Rows;
using softlane::SoftmaxState;
using softlane::Status;
using softlane::Target;

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

constexpr size_t kTokens = 512;
constexpr size_t kDims = 64;
constexpr size_t kQueries = 64, kKeys = 128;  // of a tile
constexpr float kScale = 0.5f;                // logits of up to 35

void Require(Status status) {
  if (status == Status::kOk) return;
  std::fprintf(stderr, "%s\n", softlane::StatusName(status));
  std::exit(1);
}

Rows<float> View(Floats& m, size_t cols) {
  return {m.data(), m.size() / cols, cols};
}

// Multiples of 2^-8 in [-2, 2): the same everywhere. A sum of kDims products of
// them is exact in float, and so are scores and dprobs.
Floats MakeMatrix(size_t rows, uint32_t seed) {
  Floats m(rows * kDims);
  for (float& v : m) {
    seed = seed * 1664525u + 1013904223u;
    v = static_cast<float>(static_cast<int>(seed >> 22) - 512) / 256.0f;
  }
  return m;
}

// Some tokens of a matrix.
const float* At(const Floats& m, size_t token) {
  return m.data() + token * kDims;
}
float* At(Floats& m, size_t token) { return m.data() + token * kDims; }

// One head: queries, keys, values, and the gradient of the output.
struct Head {
  Floats q, k, v, dout;
};
Head MakeHead(uint32_t seed) {
  return {MakeMatrix(kTokens, 4 * seed), MakeMatrix(kTokens, 4 * seed + 1),
          MakeMatrix(kTokens, 4 * seed + 2), MakeMatrix(kTokens, 4 * seed + 3)};
}

struct Results {
  Floats out, dq, dk, dv, logsumexp;
};

// The scores of queries from `query` on for keys from `key` on.
void Scores(const Head& head, size_t query, size_t num_queries, size_t key,
            size_t num_keys, Floats& scores) {
  scores.assign(num_queries * num_keys, 0.0f);
  Multiply(Transposed::kNo, Transposed::kYes, num_queries, num_keys, kDims,
           At(head.q, query), kDims, At(head.k, key), kDims, scores.data(),
           num_keys);
}

AttentionTileOptions TileOptions(size_t query, size_t key) {
  AttentionTileOptions options;
  options.attention.scale = kScale;
  options.attention.causal = true;
  options.attention.first_query = static_cast<int64_t>(query);
  options.first_key = key;
  return options;
}

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

// Results in double, and the errors that they may have.
struct Expected {
  Doubles value, error;
};
struct Reference {
  Expected out, dq, dk, dv, logsumexp;
};

double Dot(const float* a, const float* b, bool of_sizes) {
  double sum = 0.0;
  for (size_t i = 0; i < kDims; ++i) {
    const double product = double{a[i]} * double{b[i]};
    sum += of_sizes ? std::abs(product) : product;
  }
  return sum;
}

// Adds factor * x to row `token` of the values, and its error, which is
// relative to `size`.
void Add(Expected& m, size_t token, double factor, double size, double error,
         const float* x) {
  for (size_t i = 0; i < kDims; ++i) {
    m.value[token * kDims + i] += factor * double{x[i]};
    m.error[token * kDims + i] += size * error * std::abs(double{x[i]});
  }
}

// A sum of n products of floats errs by n u of the sum of their sizes, u =
// 2^-24. Scores and dprobs are exact. A probability errs by kProbsU u of its
// size, by softmax, or by the exp values, the accumulators and their last
// product. dscores errs as p and delta do, and by the roundings of its own
// formula. The other sums are over keys or queries, or over dimensions.
constexpr double kU = 0x1p-24;
constexpr double kProbsU = 8.0, kDscoresU = 8.0;

Reference InDouble(const Head& head) {
  Reference r;
  for (Expected* m : {&r.out, &r.dq, &r.dk, &r.dv}) {
    m->value.assign(kTokens * kDims, 0.0);
    m->error.assign(kTokens * kDims, 1e-30);
  }
  r.logsumexp = {Doubles(kTokens), Doubles(kTokens)};
  for (size_t t = 0; t < kTokens; ++t) {
    const size_t keys = t + 1;
    const double sum_u = static_cast<double>(keys);
    const float* const dout = At(head.dout, t);
    Doubles p(keys);
    double sum = 0.0, delta = 0.0, delta_size = 0.0;
    for (size_t key = 0; key < keys; ++key) {
      p[key] =
          std::exp(double{kScale} * Dot(At(head.q, t), At(head.k, key), false));
      sum += p[key];
    }
    for (size_t key = 0; key < keys; ++key) {
      p[key] /= sum;
      const float* const v = At(head.v, key);
      Add(r.out, t, p[key], p[key], (kProbsU + sum_u) * kU, v);
      Add(r.dv, key, p[key], p[key], (kProbsU + kTokens) * kU, dout);
      delta += p[key] * Dot(dout, v, false);
      delta_size += p[key] * Dot(dout, v, true);
    }
    for (size_t key = 0; key < keys; ++key) {
      const float* const v = At(head.v, key);
      const double factor = double{kScale} * p[key];
      const double ds = factor * (Dot(dout, v, false) - delta);
      const double size = factor * (std::abs(Dot(dout, v, false)) + delta_size);
      const double error_u =
          2.0 * kProbsU + sum_u + static_cast<double>(kDims) + kDscoresU;
      Add(r.dq, t, ds, size, (error_u + sum_u) * kU, At(head.k, key));
      Add(r.dk, key, ds, size, (error_u + kTokens) * kU, At(head.q, t));
    }
    r.logsumexp.value[t] = std::log(sum);
    r.logsumexp.error[t] = softlane::kLogSumExpMaxError *
                           std::max(1.0, std::abs(r.logsumexp.value[t]));
  }
  return r;
}

// The largest error, over what is allowed.
double Worst(const Floats& got, const Expected& want) {
  double worst = 0.0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double ratio =
        std::abs(double{got[i]} - want.value[i]) / want.error[i];
    worst = ratio <= worst ? worst : ratio;  // a NaN counts
  }
  return worst;
}
double Worst(const Results& got, const Reference& want) {
  return std::max({Worst(got.out, want.out), Worst(got.dq, want.dq),
                   Worst(got.dk, want.dk), Worst(got.dv, want.dv),
                   Worst(got.logsumexp, want.logsumexp)});
}
bool AreSame(const Results& a, const Results& b) {
  return a.out == b.out && a.dq == b.dq && a.dk == b.dk && a.dv == b.dv &&
         a.logsumexp == b.logsumexp;
}

// The last token of each head: a row per head, whose keys are split over
// threads.
constexpr size_t kDecodeKeys = 32;  // of a tile
struct Part {
  std::vector<SoftmaxState> states;
  Floats sums, logsumexp;
};

void ReadPart(const std::vector<Head>& heads, size_t begin, size_t end,
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
void Finish(Part& part, Target target) {
  const Rows<float> sums = View(part.sums, kDims);
  Require(FinishRows(sums, part.states.data(), nullptr, sums,
                     part.logsumexp.data(), softlane::EmptyRow::kZero, target));
}

// The parts are merged before they are finished, or after.
Part Decode(const std::vector<Head>& heads, size_t num_threads,
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
Expected LastTokens(const std::vector<Reference>& references,
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
int DecodeFailures(const std::vector<Head>& heads,
                   const std::vector<Reference>& references, Target target,
                   double& worst) {
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
