// SPDX-License-Identifier: Apache-2.0
// CrossEntropyBackward and CrossEntropyBackwardFromProbs: the error against a
// reference in double, the same bits, and types.

#include "softlane/cross_entropy_backward.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "amount.h"
#include "cross_entropy_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// A call, and what a forward pass would have saved for it.
struct SavedCase {
  SavedCase(size_t rows, size_t cols, bool has_targets, Random& random)
      : loss(MakeCase(random, rows, cols, has_targets, true)),
        logsumexp(rows),
        probs(rows * cols) {
    CrossEntropyOptions& o = loss.settings;
    o.reduction = static_cast<Reduction>(random.Below(3));
    if (random.Below(3) == 0) o.label_smoothing = random.Unit();
    if (random.Below(3) == 0) o.z_loss = 0.1f * random.Unit();
    if (random.Below(3) == 0) o.scale = random.Uniform(1e-3f, 4.0f);
    o.upstream = random.Below(2) == 0 ? 1.0f : random.Uniform(-9.0f, 9.0f);
    const bool has_weights = random.Below(3) == 0;
    for (size_t k = 0; has_weights && k < cols; ++k) {
      loss.class_weights.push_back(random.Unit());
    }
    const bool has_upstreams = random.Below(3) == 0;
    for (size_t r = 0; has_upstreams && r < rows; ++r) {
      loss.upstream_rows.push_back(random.Uniform(-2.0f, 2.0f));
    }
    for (size_t r = 0; !has_targets && r < rows; ++r) {
      if (random.Below(8) == 0) loss.labels[r] = o.ignore_index;
    }
    const Rows<const float> x = Logits();
    SoftmaxOptions options;
    options.scale = o.scale;
    REQUIRE(SoftmaxWithLogSumExp(x, {probs.data(), rows, cols},
                                 logsumexp.data(), options) == Status::kOk);
  }
  Rows<const float> Logits() const {
    return {loss.logits.data(), loss.rows, loss.cols};
  }

  LossCase loss;
  std::vector<float> logsumexp, probs;
};

// The gradient, of views of any types, where `in` is the logits or the
// probabilities.
template <class In, class Out>
Status Run(const SavedCase& c, bool from_probs, const In& in, const In& targets,
           const Out& dx, const CrossEntropyOptions& options, Target target,
           bool narrow = false) {
  const std::vector<int32_t> labels32(c.loss.labels.begin(),
                                      c.loss.labels.end());
  const int64_t* const labels = c.loss.labels.data();
  const float* const lse = c.logsumexp.data();
  if (!c.loss.HasLabels()) {
    return from_probs
               ? CrossEntropyBackwardFromProbs(in, targets, dx, options, target)
               : CrossEntropyBackward(in, lse, targets, dx, options, target);
  }
  if (narrow) {
    return from_probs ? CrossEntropyBackwardFromProbs(in, labels32.data(), dx,
                                                      options, target)
                      : CrossEntropyBackward(in, lse, labels32.data(), dx,
                                             options, target);
  }
  return from_probs
             ? CrossEntropyBackwardFromProbs(in, labels, dx, options, target)
             : CrossEntropyBackward(in, lse, labels, dx, options, target);
}

CrossEntropyOptions OptionsOf(const SavedCase& c, bool from_probs) {
  CrossEntropyOptions options = c.loss.Options();
  if (from_probs) options.z_loss = 0.0f;
  return options;
}

// The float call, separately or in place.
std::vector<float> GradientOf(const SavedCase& c, bool from_probs,
                              Target target, bool in_place = false,
                              bool narrow = false) {
  std::vector<float> in = from_probs ? c.probs : c.loss.logits;
  std::vector<float> separate(in.size(), 123.0f);
  std::vector<float>& to = in_place ? in : separate;
  const size_t rows = c.loss.rows, cols = c.loss.cols;
  const Rows<const float> x(in.data(), rows, cols);
  const Rows<const float> targets(c.loss.targets.data(), rows, cols);
  REQUIRE(Run(c, from_probs, x, targets, Rows<float>(to.data(), rows, cols),
              OptionsOf(c, from_probs), target, narrow) == Status::kOk);
  return to;
}

// The largest error over the bound.
double WorstOf(const SavedCase& c, bool from_probs,
               const std::vector<float>& got) {
  const LossCase& loss = c.loss;
  const CrossEntropyOptions o = OptionsOf(c, from_probs);
  const size_t n = loss.cols;
  const auto weight = [&](size_t k) {
    return o.class_weights == nullptr ? 1.0 : double{o.class_weights[k]};
  };
  double divisor = 0.0;
  for (size_t r = 0; r < loss.rows; ++r) {
    if (!loss.Counts(r)) continue;
    divisor +=
        loss.HasLabels() ? weight(static_cast<size_t>(loss.labels[r])) : 1.0;
  }
  double worst = 0.0;
  for (size_t r = 0; r < loss.rows; ++r) {
    const float* const row = &got[r * n];
    if (!loss.Counts(r)) {
      for (size_t k = 0; k < n; ++k) {
        if (BitsOf(row[k]) != 0) return HUGE_VAL;
      }
      continue;
    }
    double u = o.upstream;
    if (o.reduction == Reduction::kNone && o.upstream_rows != nullptr) {
      u = o.upstream_rows[r];
    }
    if (o.reduction == Reduction::kMean) u /= divisor;
    const double lse = c.logsumexp[r], smoothing = o.label_smoothing;
    std::vector<double> q(n);
    CompensatedSum total, amount;
    for (size_t k = 0; k < n; ++k) {
      const double target = loss.HasLabels()
                                ? loss.labels[r] == static_cast<int64_t>(k)
                                : double{loss.targets[r * n + k]};
      q[k] = weight(k) *
             ((1.0 - smoothing) * target + smoothing / static_cast<double>(n));
      total.Add(q[k]);
      amount.Add(std::abs(q[k]));
    }
    const double unit = u * o.scale, extra = 2.0 * o.z_loss * lse;
    const double most = amount.Total() + std::abs(extra);
    for (size_t k = 0; k < n; ++k) {
      const size_t at = r * n + k;
      const double p = from_probs
                           ? double{c.probs[at]}
                           : std::exp(double{o.scale} * loss.logits[at] - lse);
      const double want = unit * ((total.Total() + extra) * p - q[k]);
      const double bound = kCrossEntropyBackwardMaxError * 0x1p-24 *
                               std::abs(unit) * (most * p + std::abs(q[k])) +
                           0x1p-144 + 0x1p-125 * std::abs(unit) * most;
      worst = std::max(worst, std::abs(row[k] - want) / bound);
      if (row[k] != row[k]) worst = HUGE_VAL;
    }
  }
  return worst;
}

// Kills: a factor of the exp values that is not that of the logsumexp; a share
// or an option that is left out; the label's gradient by another p.
TEST_CASE("cross_entropy_backward: the error is within the bound") {
  ForEachTarget([](Target target) {
    Random random(41);
    double worst[2] = {};
    const size_t rounds = Amount("SOFTLANE_ROUNDS", 1500, 300);
    for (size_t i = 0; i < rounds; ++i) {
      const size_t cols =
          i % 100 == 0 ? 4000 + random.Below(6000) : RandomCols(random);
      const SavedCase c(1 + random.Below(cols > 100 ? 2 : 12), cols, i % 3 == 0,
                        random);
      for (const bool from_probs : {false, true}) {
        const double error =
            WorstOf(c, from_probs, GradientOf(c, from_probs, target));
        CAPTURE(i);
        CAPTURE(from_probs);
        CHECK(error <= 1.0);
        worst[from_probs] = std::max(worst[from_probs], error);
      }
    }
    std::printf("%-9s cross_entropy_backward: %.3f u, from probs %.3f u\n",
                TargetName(target), worst[0] * kCrossEntropyBackwardMaxError,
                worst[1] * kCrossEntropyBackwardMaxError);
  });
}

// Values that no forward pass saves, too.
void Disturb(SavedCase& c, Random& random) {
  constexpr float kValues[] = {kNan, kInf,  -kInf,  3e38f,  -3e38f, 0.0f,
                               5.0f, 90.0f, -90.0f, 1e-40f, 5000.0f};
  for (std::vector<float>* values :
       {&c.loss.logits, &c.probs, &c.logsumexp, &c.loss.targets}) {
    if (values->empty() || random.Below(3) != 0) continue;
    const size_t count = 1 + random.Below(3);
    for (size_t i = 0; i < count; ++i) {
      (*values)[random.Below(values->size())] = kValues[random.Below(11)];
    }
  }
}

bool AreSame(const std::vector<float>& a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!SameBits(a[i], b[i]) && !(a[i] != a[i] && b[i] != b[i])) return false;
  }
  return a.size() == b.size();
}

// Kills: an element above the logsumexp that a target's exp wraps; NaN that
// another target finds; labels of one type; a part in place.
TEST_CASE("cross_entropy_backward: same bits, for any values") {
  ForEachTarget([](Target target) {
    Random random(42);
    const size_t rounds = Amount("SOFTLANE_ROUNDS", 3000, 300);
    for (size_t i = 0; i < rounds; ++i) {
      const size_t cols =
          i % 200 == 0 ? 4000 + random.Below(6000) : RandomCols(random);
      SavedCase c(1 + random.Below(cols > 100 ? 2 : 12), cols, i % 3 == 0,
                  random);
      if (i % 2 == 0) Disturb(c, random);
      const bool from_probs = random.Below(2) == 0;
      CAPTURE(i);
      const std::vector<float> want = GradientOf(c, from_probs, target);
      CHECK(AreSame(GradientOf(c, from_probs, Target::kBaseline), want));
      CHECK(AreSame(GradientOf(c, from_probs, target, true, true), want));
    }
  });
}

template <typename T, typename From>
std::vector<T> As(const std::vector<From>& values) {
  std::vector<T> result;
  for (const From v : values) result.push_back(static_cast<T>(v));
  return result;
}

// Kills: a type that is taken for another; gradients that are rounded before
// they are added; an ignored row that is added to.
template <typename In, typename Out>
void CheckTypes(size_t cols, bool accumulate, Target target, Random& random) {
  SavedCase c(3, cols, random.Below(2) == 0, random);
  const std::vector<In> x = As<In>(c.loss.logits), p = As<In>(c.probs);
  const std::vector<In> targets = As<In>(c.loss.targets);
  c.loss.logits = As<float>(As<In>(c.loss.logits));
  c.probs = As<float>(As<In>(c.probs));
  c.loss.targets = As<float>(As<In>(c.loss.targets));
  for (const bool from_probs : {false, true}) {
    const std::vector<float> gradient = GradientOf(c, from_probs, target);
    std::vector<Out> got(gradient.size(), Out(accumulate ? -0.0f : 7.0f));
    std::vector<Out> want = got;
    for (size_t i = 0; i < want.size(); ++i) {
      if (!accumulate) want[i] = Out(gradient[i]);
      if (accumulate && c.loss.Counts(i / cols)) {
        want[i] = Out(-0.0f + gradient[i]);
      }
    }
    CrossEntropyOptions options = OptionsOf(c, from_probs);
    options.accumulate = accumulate;
    const ConstAnyRows in =
        Rows<const In>((from_probs ? p : x).data(), 3, cols);
    const ConstAnyRows shares = Rows<const In>(targets.data(), 3, cols);
    const AnyRows out = Rows<Out>(got.data(), 3, cols);
    REQUIRE(Run(c, from_probs, in, shares, out, options, target) ==
            Status::kOk);
    CAPTURE(cols);
    CAPTURE(from_probs);
    CHECK(AreSame(As<float>(got), As<float>(want)));
  }
}

TEST_CASE("cross_entropy_backward: types, and gradients that are added") {
  ForEachTarget([](Target target) {
    Random random(43);
    for (const size_t cols : {1, 7, 33, 100, 4096, 9000}) {
      for (const bool accumulate : {false, true}) {
        CheckTypes<float, float>(cols, accumulate, target, random);
        CheckTypes<BFloat16, BFloat16>(cols, accumulate, target, random);
        CheckTypes<Float16, float>(cols, accumulate, target, random);
        CheckTypes<float, BFloat16>(cols, accumulate, target, random);
      }
    }
  });
}

}  // namespace
}  // namespace softlane
