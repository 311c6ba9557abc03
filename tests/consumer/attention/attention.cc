// SPDX-License-Identifier: Apache-2.0
// Causal attention of one head on small matrices with AttentionSoftmax, against
// the same in double: first for all queries at once, then token by token with a
// cache of keys and values that grows by one each step. Both ways give the same
// bits, on every available target.

#include <softlane/softlane.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

using softlane::AttentionOptions;
using softlane::Rows;
using softlane::Status;
using softlane::Target;

constexpr size_t kTokens = 37;
constexpr size_t kWidth = 16;
constexpr float kScale = 0.25f;  // 1 / sqrt(kWidth)

using Matrix = std::vector<float>;  // kTokens x kWidth

// Multiples of 2^-8 in [-2, 2): the same everywhere.
Matrix MakeMatrix(uint32_t seed) {
  Matrix m(kTokens * kWidth);
  for (float& v : m) {
    seed = seed * 1664525u + 1013904223u;
    v = static_cast<float>(static_cast<int>(seed >> 22) - 512) / 256.0f;
  }
  return m;
}

float Dot(const float* a, const float* b) {
  float sum = 0.0f;
  for (size_t i = 0; i < kWidth; ++i) sum += a[i] * b[i];
  return sum;
}

// out[i] = sum_k probs[k] values[k, i].
void Mix(const float* probs, const Matrix& values, size_t keys, float* out) {
  std::fill(out, out + kWidth, 0.0f);
  for (size_t k = 0; k < keys; ++k) {
    const float* value = values.data() + k * kWidth;
    for (size_t i = 0; i < kWidth; ++i) out[i] += probs[k] * value[i];
  }
}

Matrix InDouble(const Matrix& q, const Matrix& k, const Matrix& v) {
  Matrix out;
  for (size_t t = 0; t < kTokens; ++t) {
    std::vector<double> weights;
    double sum = 0.0;
    for (size_t key = 0; key <= t; ++key) {
      double score = 0.0;
      for (size_t i = 0; i < kWidth; ++i) {
        score += double{q[t * kWidth + i]} * double{k[key * kWidth + i]};
      }
      weights.push_back(std::exp(double{kScale} * score));
      sum += weights.back();
    }
    for (size_t i = 0; i < kWidth; ++i) {
      double value = 0.0;
      for (size_t key = 0; key <= t; ++key) {
        value += weights[key] / sum * double{v[key * kWidth + i]};
      }
      out.push_back(static_cast<float>(value));
    }
  }
  return out;
}

// All queries: a square of scores, the upper half masked.
bool Prefill(const Matrix& q, const Matrix& k, const Matrix& v, Target target,
             Matrix* out) {
  std::vector<float> scores(kTokens * kTokens);
  for (size_t t = 0; t < kTokens; ++t) {
    for (size_t key = 0; key < kTokens; ++key) {
      scores[t * kTokens + key] =
          Dot(q.data() + t * kWidth, k.data() + key * kWidth);
    }
  }
  const Rows<float> view(scores.data(), kTokens, kTokens);
  AttentionOptions options;
  options.scale = kScale;
  options.causal = true;
  if (softlane::AttentionSoftmax(view, view, options, target) != Status::kOk) {
    return false;
  }
  out->assign(kTokens * kWidth, 0.0f);
  for (size_t t = 0; t < kTokens; ++t) {
    Mix(view.Row(t), v, t + 1, out->data() + t * kWidth);
  }
  return true;
}

// Token by token, into a buffer as long as the longest row: the length says how
// much of it there is.
bool Decode(const Matrix& q, const Matrix& k, const Matrix& v, Target target,
            Matrix* out) {
  out->assign(kTokens * kWidth, 0.0f);
  std::vector<float> scores(kTokens, NAN);
  for (size_t t = 0; t < kTokens; ++t) {
    const int32_t length = static_cast<int32_t>(t) + 1;
    for (size_t key = 0; key <= t; ++key) {
      scores[key] = Dot(q.data() + t * kWidth, k.data() + key * kWidth);
    }
    std::vector<float> probs(kTokens);
    AttentionOptions options;
    options.scale = kScale;
    options.lengths = &length;
    if (softlane::AttentionSoftmax({scores.data(), 1, kTokens},
                                   {probs.data(), 1, kTokens}, options,
                                   target) != Status::kOk) {
      return false;
    }
    for (size_t key = t + 1; key < kTokens; ++key) {
      if (probs[key] != 0.0f) return false;
    }
    Mix(probs.data(), v, t + 1, out->data() + t * kWidth);
  }
  return true;
}

}  // namespace

int main() {
  const Matrix q = MakeMatrix(1), k = MakeMatrix(2), v = MakeMatrix(3);
  const Matrix want = InDouble(q, k, v);
  Matrix first;
  int failures = 0;
  const softlane::TargetList targets = softlane::AvailableTargets();
  for (size_t t = 0; t < targets.size; ++t) {
    Matrix prefilled, decoded;
    if (!Prefill(q, k, v, targets.data[t], &prefilled) ||
        !Decode(q, k, v, targets.data[t], &decoded)) {
      std::printf("%s: failed\n", softlane::TargetName(targets.data[t]));
      return 1;
    }
    if (t == 0) first = prefilled;
    double worst = 0.0;
    for (size_t i = 0; i < want.size(); ++i) {
      worst = std::max(worst, std::abs(double{prefilled[i]} - double{want[i]}));
    }
    const bool same = prefilled == decoded && prefilled == first;
    std::printf("%s: worst error %.1e, %s\n",
                softlane::TargetName(targets.data[t]), worst,
                same ? "same bits" : "other bits");
    failures += worst > 2e-6 || !same;
  }
  return failures;
}
