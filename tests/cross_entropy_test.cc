// SPDX-License-Identifier: Apache-2.0
// Losses and gradients, against an oracle in double.
#include "softlane/cross_entropy.h"

#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cross_entropy_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"

namespace softlane {
namespace {

struct Errors {
  // The worst errors, in units of their bounds. At most 1 is allowed.
  Worst plain_loss, loss, plain_gradient, label_gradient, gradient, divisor;
  size_t cases = 0;

  void Check(const char* name, Target target) const {
    std::printf("%-9s %s: %zu cases; of the bounds:", TargetName(target), name,
                cases);
    bool within = true;
    for (const auto& [column, worst] :
         {std::pair<const char*, const Worst*>{"plain loss", &plain_loss},
          {"loss", &loss},
          {"plain gradient", &plain_gradient},
          {"label", &label_gradient},
          {"gradient", &gradient},
          {"divisor", &divisor}}) {
      if (worst->value < 0.0) continue;
      std::printf(" %s %.3f", column, worst->value);
      if (worst->value <= 1.0) continue;
      within = false;
      std::printf(" (%s)", worst->where.c_str());
    }
    std::printf("\n");
    CHECK(within);
  }
};

double LossError(float got, double want, double magnitude) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  if (got == kInf && want >= kLargest * (1 - 0x1p-22)) return 0.0;
  if (std::isinf(want) || std::isinf(got)) {
    return std::isinf(want) && std::isinf(got) && (got > 0) == (want > 0)
               ? 0.0
               : HUGE_VAL;
  }
  if (std::isnan(want)) return got != got ? 0.0 : HUGE_VAL;
  return std::abs(got - want) / (kCrossEntropyMaxError * magnitude);
}

void Measure(const LossCase& c, Gradient gradient, bool narrow, Target target,
             Errors* errors) {
  LossResults got;
  REQUIRE(RunLossCase(c, gradient, narrow, target, &got) == Status::kOk);
  const LossReference want = ReferenceCrossEntropy(c);
  const CrossEntropyOptions& o = c.settings;
  const auto describe = [&] {
    return std::to_string(c.rows) + " x " + std::to_string(c.cols) +
           ", reduction " + std::to_string(static_cast<int>(o.reduction)) +
           ", smoothing " + std::to_string(o.label_smoothing) + ", z " +
           std::to_string(o.z_loss) + ", scale " + std::to_string(o.scale) +
           ", upstream 2^" + std::to_string(std::ilogb(o.upstream)) +
           (c.HasLabels() ? ", labels" : ", targets") +
           (c.class_weights.empty() ? "" : ", weights") +
           (c.upstream_rows.empty() ? "" : ", upstream rows") + ", gradient " +
           std::to_string(static_cast<int>(gradient));
  };
  ++errors->cases;
  Worst& loss = c.IsPlain() ? errors->plain_loss : errors->loss;
  if (o.reduction == Reduction::kNone) {
    for (size_t r = 0; r < c.rows; ++r) {
      // An ignored row: exactly +0.
      const double error =
          c.Counts(r)
              ? LossError(got.loss[r], want.row_loss[r], want.row_magnitude[r])
              : (BitsOf(got.loss[r]) == 0 ? 0.0 : HUGE_VAL);
      loss.Offer(error, describe);
    }
  } else if (want.divisor != 0.0 || o.reduction == Reduction::kSum) {
    loss.Offer(LossError(got.loss[0], want.loss, want.magnitude), describe);
  }
  errors->divisor.Offer(std::abs(got.divisor - want.divisor) /
                            (0x1p-24 * want.divisor + 0x1p-149),
                        describe);
  if (gradient == Gradient::kNone) return;
  for (size_t i = 0; i < got.gradient.size(); ++i) {
    const size_t r = i / c.cols;
    double error = 0.0;
    const bool is_label =
        c.HasLabels() && static_cast<int64_t>(i % c.cols) == c.labels[r];
    // Probabilities below 2^-125 may be off by as much; the label's gradient is
    // the sum of all the others'.
    const double tiny =
        0x1p-125 * (is_label ? static_cast<double>(c.cols) : 1.0);
    const double underflow = tiny * want.row_factor[r] + 0x1p-144;
    if (!c.Counts(r)) {
      error = BitsOf(got.gradient[i]) == 0 ? 0.0 : HUGE_VAL;
    } else {
      error = std::abs(got.gradient[i] - want.gradient[i]) /
              (kCrossEntropyGradientMaxError * 0x1p-24 *
                   want.gradient_magnitude[i] +
               underflow);
    }
    (!c.IsPlain() ? errors->gradient
     : is_label   ? errors->label_gradient
                  : errors->plain_gradient)
        .Offer(error, describe);
  }
}

// Kills: an option that one path overlooks, a divisor that counts ignored rows
// or forgets their weights, an upstream gradient of another row or reduction,
// smoothing shared among the wrong number of classes, a lost factor 2 of the
// z-loss, a scale of the logits that the gradient misses.
TEST_CASE("cross_entropy: every combination of options") {
  ForEachTarget([](Target target) {
    Random random(1);
    Errors errors;
    for (const Reduction reduction :
         {Reduction::kNone, Reduction::kSum, Reduction::kMean}) {
      for (int mask = 0; mask < 16; ++mask) {
        const bool ignore = mask & 1, weights = mask & 2, z_loss = mask & 4,
                   scaled = mask & 8;
        for (const float smoothing : {0.0f, 0.1f, 1.0f}) {
          for (int upstream = 0; upstream < 3; ++upstream) {
            for (int kind = 0; kind < 3; ++kind) {  // int64, int32, targets
              for (const Gradient gradient :
                   {Gradient::kNone, Gradient::kSeparate, Gradient::kInPlace}) {
                const size_t rows =
                    1 + random.Below(random.Below(4) == 0 ? 40 : 4);
                const size_t cols = RandomCols(random);
                LossCase c = MakeCase(random, rows, cols, kind == 2,
                                      kind != 2 && smoothing == 0.0f);
                c.settings.reduction = reduction;
                c.settings.label_smoothing = smoothing;
                // Changes nothing while a row counts.
                c.settings.zero_if_all_ignored = random.Below(2) == 0;
                if (z_loss) c.settings.z_loss = random.Uniform(1e-4f, 0.1f);
                if (scaled) c.settings.scale = random.Uniform(0.05f, 3.0f);
                if (upstream == 1) c.settings.upstream = -2.5f;
                if (upstream == 2) {
                  for (size_t r = 0; r < rows; ++r) {
                    c.upstream_rows.push_back(random.Uniform(-8.0f, 8.0f));
                  }
                }
                if (weights) {
                  for (size_t k = 0; k < cols; ++k) {
                    c.class_weights.push_back(random.Uniform(0.0f, 3.0f));
                  }
                }
                if (ignore && kind != 2) {
                  // By a label out of range, or one of the classes.
                  const int64_t index =
                      random.Below(2) == 0 ? -100 : c.labels[0];
                  c.settings.ignore_index = index;
                  for (int64_t& label : c.labels) {
                    if (random.Below(3) == 0) label = index;
                  }
                }
                Measure(c, gradient, kind == 1, target, &errors);
              }
            }
          }
        }
      }
    }
    errors.Check("combinations", target);
    CHECK(errors.cases >= 2000);
  });
}

// Long rows, large logits. Kills: a schedule for long rows that treats the
// label or a tail in another way.
TEST_CASE("cross_entropy: long rows and large logits") {
  ForEachTarget([](Target target) {
    Random random(2);
    Errors errors;
    for (const size_t cols : {4096, 32000, 70001, 300007}) {
      for (int kind = 0; kind < 2; ++kind) {
        LossCase c = MakeCase(random, 2, cols, kind == 1, kind == 0);
        Measure(c, Gradient::kSeparate, false, target, &errors);
        c.settings.label_smoothing = 0.1f;
        c.settings.z_loss = 1e-3f;
        for (float& v : c.logits) v = std::max(v, -120.0f);
        Measure(c, Gradient::kInPlace, false, target, &errors);
      }
    }
    for (const float offset : {100.0f, -260.0f, 4100.0f, 1e5f, -1e6f, 1e6f}) {
      for (const float scale : {1.0f, 1e-3f, 7.0f}) {
        LossCase c = MakeCase(random, 12, RandomCols(random), false, true);
        for (float& v : c.logits) v += offset;
        c.settings.scale = scale;
        Measure(c, Gradient::kSeparate, false, target, &errors);
      }
    }
    errors.Check("long and large", target);
  });
}

// Kills: a difference of logits that overflows before it is scaled.
TEST_CASE(
    "cross_entropy: huge finite logits, +inf only above the largest float") {
  ForEachTarget([](Target target) {
    Random random(3);
    Errors errors;
    for (const float huge : {1e30f, 1e38f, 3e38f}) {
      for (const float scale : {1.0f, 0.4f, 1e-10f, 1e-38f}) {
        for (int kind = 0; kind < 3; ++kind) {  // labels, smoothed, targets
          const size_t cols = 2 + random.Below(80);
          LossCase c = MakeCase(random, 2, cols, kind == 2, false);
          for (float& v : c.logits) v = huge * random.Uniform(-1.0f, 1.0f);
          c.logits[random.Below(cols)] = huge;
          c.logits[cols + random.Below(cols)] = -huge;
          c.settings.scale = scale;
          c.settings.label_smoothing = kind == 1 ? 0.1f : 0.0f;
          Measure(c, Gradient::kSeparate, false, target, &errors);
        }
      }
    }
    errors.Check("huge", target);
  });
}

// Upstream gradients as small as loss scaling and large batches make them, and
// as large as floats allow. Kills: a factor that loses bits or overflows before
// it meets p.
TEST_CASE("cross_entropy: upstream gradients of all sizes") {
  ForEachTarget([](Target target) {
    Random random(5);
    Errors errors;
    for (int power = -126; power <= 126; ++power) {
      for (const float scale : {1.0f, 0.3f, 1e-3f}) {
        LossCase c = MakeCase(random, 3, RandomCols(random), false, true);
        c.settings.reduction = Reduction::kSum;
        c.settings.upstream = std::ldexp(1.5f, power);
        c.settings.scale = scale;
        Measure(c, Gradient::kSeparate, false, target, &errors);
        for (float& v : c.logits) v = std::max(v, -100.0f);
        c.settings.label_smoothing = 0.1f;
        Measure(c, Gradient::kSeparate, false, target, &errors);
      }
    }
    errors.Check("upstream", target);
  });
}

}  // namespace
}  // namespace softlane
