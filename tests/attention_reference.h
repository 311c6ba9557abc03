// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_ATTENTION_REFERENCE_H_
#define SOFTLANE_TESTS_ATTENTION_REFERENCE_H_

#include <cmath>
#include <cstdlib>
#include <vector>

#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

// An oracle of attention's softmax, written from its header, and random cases.

namespace softlane {

// A case with everything that its options point to.
struct AttentionCase {
  size_t rows, cols;
  std::vector<float> scores, bias, sinks;
  std::vector<uint8_t> keep;
  std::vector<int32_t> lengths;
  AttentionOptions options;

  Rows<const float> Scores() const { return {scores.data(), rows, cols}; }
};

// Every option alone and with others: bit k of `which` is one of them. Bit 10,
// the factor of the bias, is not among those that have digests.
inline AttentionCase MakeAttentionCase(size_t which, Random& random) {
  AttentionCase c;
  c.rows = 1 + random.Below(6);
  c.cols = 1 + random.Below(150);
  const size_t n = c.rows * c.cols;
  for (size_t i = 0; i < n; ++i) c.scores.push_back(4.0f * random.Normal());
  if (which & 1) c.options.scale = random.Uniform(0.05f, 2.0f);
  if (which & 2) c.options.softcap = random.Uniform(1.0f, 50.0f);
  if (which & 4) c.options.alibi_slope = random.Uniform(-0.5f, 0.5f);
  if (which & 8) {
    const bool broadcast = random.Below(2) == 0;
    for (size_t i = 0; i < (broadcast ? c.cols : n); ++i) {
      c.bias.push_back(random.Below(4) == 0 ? -kInf : random.Normal());
    }
    c.options.bias = Rows<const float>(c.bias.data(), c.rows, c.cols,
                                       broadcast ? 0 : c.cols);
  }
  if (which & 16) {
    const bool broadcast = random.Below(2) == 0;
    for (size_t i = 0; i < (broadcast ? c.cols : n); ++i) {
      c.keep.push_back(static_cast<uint8_t>(random.Below(3)));
    }
    c.options.keep = {c.keep.data(), c.rows, c.cols, broadcast ? 0 : c.cols};
  }
  for (size_t r = 0; r < c.rows; ++r) {
    c.lengths.push_back(static_cast<int32_t>(random.Below(c.cols + 1)));
    c.sinks.push_back(random.Below(5) == 0 ? -kInf : 3.0f * random.Normal());
  }
  if (which & 32) c.options.lengths = c.lengths.data();
  if (which & 64) c.options.causal = true;
  if (which & (4 | 64 | 128)) {
    c.options.first_query = static_cast<int64_t>(random.Below(c.cols + 4)) - 3;
  }
  if (which & 128) {
    c.options.window = static_cast<int64_t>(1 + random.Below(c.cols));
  }
  if (which & 256) c.options.sinks = c.sinks.data();
  if (which & 1024) c.options.bias_scale = 0.37f;
  if (which & 512) c.options.empty_row = EmptyRow::kNan;
  return c;
}

struct AttentionReference {
  std::vector<float> z;       // -inf where a key is masked
  std::vector<bool> outside;  // by lengths, causal or window
  std::vector<double> probs;
  double logsumexp, sink_prob;
};

// The reference of row r.
inline AttentionReference ReferenceAttention(const AttentionCase& c, size_t r) {
  const AttentionOptions& o = c.options;
  AttentionReference result;
  const int64_t query = o.first_query + static_cast<int64_t>(r);
  double max = -HUGE_VAL;
  for (size_t i = 0; i < c.cols; ++i) {
    const int64_t key = static_cast<int64_t>(i);
    bool outside = o.lengths != nullptr && key >= o.lengths[r];
    outside = outside || (o.causal && key > query);
    outside = outside || (o.window != 0 && key <= query - o.window);
    float z = o.scale * c.scores[r * c.cols + i];
    if (o.softcap != 0.0f) {
      const double cap = o.softcap;
      z = static_cast<float>(cap * std::tanh(double{z} / cap));
    }
    if (o.alibi_slope != 0.0f) {
      const int64_t distance = std::abs(query - key);
      z = ReferenceFma(-o.alibi_slope, static_cast<float>(distance), z);
    }
    if (o.bias.data != nullptr) {
      const float bias = *static_cast<const float*>(o.bias.At(r, i));
      z = ReferenceFma(o.bias_scale, bias, z);
    }
    if (outside || (o.keep.data != nullptr && o.keep.Row(r)[i] == 0)) z = -kInf;
    result.z.push_back(z);
    result.outside.push_back(outside);
    max = std::max(max, double{z});
  }
  const double sink = o.sinks == nullptr ? -HUGE_VAL : double{o.sinks[r]};
  max = std::max(max, sink);
  CompensatedSum sum;
  if (max > -HUGE_VAL) {
    sum.Add(std::exp(sink - max));
    for (const float z : result.z) sum.Add(std::exp(double{z} - max));
  }
  for (const float z : result.z) {
    const bool empty = max == -HUGE_VAL;
    const double p = empty ? 0.0 : std::exp(double{z} - max) / sum.Total();
    result.probs.push_back(empty && o.empty_row == EmptyRow::kNan ? NAN : p);
  }
  result.logsumexp = max == -HUGE_VAL ? max : max + std::log(sum.Total());
  result.sink_prob =
      max == -HUGE_VAL ? 0.0 : std::exp(sink - max) / sum.Total();
  return result;
}

// sum_c g_c p_c of row r in double, with logits that are not rounded.
inline double LossOf(const AttentionCase& c, size_t r,
                     const std::vector<double>& x, double sink,
                     const std::vector<float>& g,
                     const AttentionReference& masks) {
  const AttentionOptions& o = c.options;
  double sum = std::exp(sink), loss = 0.0;
  for (size_t i = 0; i < c.cols; ++i) {
    if (masks.z[i] == -kInf) continue;
    double z = double{o.scale} * x[i];
    if (o.softcap != 0.0f) z = o.softcap * std::tanh(z / o.softcap);
    const int64_t query = o.first_query + static_cast<int64_t>(r);
    const int64_t distance = std::abs(query - static_cast<int64_t>(i));
    z -= double{o.alibi_slope} * static_cast<double>(distance);
    if (o.bias.data != nullptr)
      z += double{*static_cast<const float*>(o.bias.At(r, i))};
    sum += std::exp(z);
    loss += std::exp(z) * double{g[r * c.cols + i]};
  }
  return sum == 0.0 ? 0.0 : loss / sum;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_ATTENTION_REFERENCE_H_
