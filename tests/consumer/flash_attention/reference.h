// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_REFERENCE_H_
#define SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_REFERENCE_H_

#include <softlane/softlane.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "head.h"

// The results of a head in double.

using Doubles = std::vector<double>;

// Results, and the errors that they may have.
struct Expected {
  Doubles value, error;
};
struct Reference {
  Expected out, dq, dk, dv, logsumexp;
};

inline double Dot(const float* a, const float* b, bool of_sizes) {
  double sum = 0.0;
  for (size_t i = 0; i < kDims; ++i) {
    const double product = double{a[i]} * double{b[i]};
    sum += of_sizes ? std::abs(product) : product;
  }
  return sum;
}

// Adds factor * x to row `token` of the values, and its error, which is
// relative to `size`.
inline void Add(Expected& m, size_t token, double factor, double size,
                double error, const float* x) {
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
inline constexpr double kU = 0x1p-24;
inline constexpr double kProbsU = 8.0, kDscoresU = 8.0;

inline Reference InDouble(const Head& head) {
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
inline double Worst(const Floats& got, const Expected& want) {
  double worst = 0.0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double ratio =
        std::abs(double{got[i]} - want.value[i]) / want.error[i];
    worst = ratio <= worst ? worst : ratio;  // a NaN counts
  }
  return worst;
}
inline double Worst(const Results& got, const Reference& want) {
  return std::max({Worst(got.out, want.out), Worst(got.dq, want.dq),
                   Worst(got.dk, want.dk), Worst(got.dv, want.dv),
                   Worst(got.logsumexp, want.logsumexp)});
}

#endif  // SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_REFERENCE_H_
