// SPDX-License-Identifier: Apache-2.0
// Cross-entropy's special values: of logits, weights, smoothing, z-loss, scale
// and upstream, in every combination and place, against an oracle in double
// that is written from the header alone.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cases.h"
#include "cross_entropy_calls.h"
#include "cross_entropy_oracle.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

void CheckCall(const Call& call, Target target, Rules* rules) {
  const Output out = RunCall(call, target);
  const CrossEntropyOptions& o = call.options;
  const bool mean = o.reduction == Reduction::kMean;
  CompensatedSum divisor_sum;
  size_t counted = 0;
  for (size_t r = 0; r < call.rows; ++r) {
    divisor_sum.Add(call.Weight(r));
    counted += !call.Ignored(r);
  }
  const double divisor = divisor_sum.Total();
  const auto first = [&] { return call.Describe(0); };
  if (call.with_divisor) {
    rules->Expect("divisor", out.divisor, divisor, divisor * 0x1p-23 + 0x1p-149,
                  first);
  }
  double sum = 0.0, bound = 0.0;
  double sum_of_floats = 0.0;  // of losses that are infinite beyond the floats
  for (size_t r = 0; r < call.rows; ++r) {
    const auto describe = [&] { return call.Describe(r); };
    const bool ignored = call.Ignored(r);
    OracleRow want;
    if (!ignored) {
      want = Oracle(&call.x[r * call.stride], call.cols,
                    call.soft ? &call.targets[r * call.cols] : nullptr,
                    static_cast<size_t>(call.labels[r]), o);
    }
    const bool plus_zero = ignored || (want.plus_zero && !mean) ||
                           (want.plus_zero && divisor != 0.0);
    if (o.reduction == Reduction::kNone) {
      if (plus_zero) {
        rules->ExpectPlusZero("loss", out.losses[r], describe);
      } else {
        rules->Expect("loss", out.losses[r], want.loss, want.loss_bound,
                      describe);
      }
    }
    sum += want.loss;
    sum_of_floats += std::abs(want.loss) > kLargest
                         ? std::copysign(HUGE_VAL, want.loss)
                         : want.loss;
    bound += want.loss_bound + std::abs(want.loss) * 0x1p-23;
    if (!call.gradient) continue;
    double u = o.upstream;
    if (o.reduction == Reduction::kNone && o.upstream_rows != nullptr) {
      u = o.upstream_rows[r];
    }
    if (mean) u = divisor == 0.0 ? NAN : u / divisor;
    for (size_t c = 0; c < call.cols; ++c) {
      const float got = out.gradient[r * call.stride + c];
      const auto there = [&] {
        return "column " + std::to_string(c) + " of " + describe();
      };
      if (plus_zero) {
        rules->ExpectPlusZero("gradient", got, there);
        continue;
      }
      const double factor = u * o.scale;
      rules->Expect("gradient", got, factor * want.gradient[c],
                    std::abs(factor) * (want.gradient_bound[c] +
                                        0x1p-125 * want.underflow[c]) +
                        0x1p-144,
                    there);
    }
  }
  if (o.reduction == Reduction::kNone) return;
  if (mean) {
    const double by = divisor == 0.0 ? NAN : divisor;
    sum /= by;
    sum_of_floats /= by;
    bound /= by;
    if (counted == 0) bound = 0.0;
    if (counted == 0 && o.zero_if_all_ignored) sum = sum_of_floats = 0.0;
  }
  bound += 0x1p-149;
  // A row's loss beyond the floats makes the result infinite, or counts with
  // its value: the header leaves it open.
  if (OracleError(out.losses[0], sum, bound) > 1.0 &&
      OracleError(out.losses[0], sum_of_floats, bound) <= 1.0) {
    sum = sum_of_floats;
  }
  rules->Expect("reduced loss", out.losses[0], sum, bound, first);
}

// Kills: a special value of one option that is right alone and wrong beside
// another's; a row that disturbs its neighbours.
TEST_CASE("cross_entropy special values: every combination") {
  ForEachTarget([](Target target) {
    const uint64_t rounds = target == Target::kBaseline ? 1 : 4;
    Rules rules(target);
    for (uint64_t i = 0; i < rounds * Call::kCombinations; ++i) {
      CheckCall(Call(i), target, &rules);
    }
  });
}

// The loss and the gradient of one row.
LossOfRow One(const std::vector<float>& x, int64_t label,
              const CrossEntropyOptions& options, Target target) {
  LossOfRow result;
  result.gradient.assign(x.size(), 123.0f);
  REQUIRE(CrossEntropy(Rows<const float>(x.data(), 1, x.size()), &label,
                       &result.loss,
                       Rows<float>(result.gradient.data(), 1, x.size()),
                       options, nullptr, target) == Status::kOk);
  return result;
}

CrossEntropyOptions With(const float* weights, float smoothing, float z_loss,
                         Reduction reduction = Reduction::kNone) {
  CrossEntropyOptions options;
  options.class_weights = weights;
  options.label_smoothing = smoothing;
  options.z_loss = z_loss;
  options.reduction = reduction;
  return options;
}

// Kills: 0 * inf for a class of weight 0 whose logit is -inf.
TEST_CASE("cross_entropy special values: -inf of weight 0 costs nothing") {
  ForEachTarget([](Target target) {
    const float weights[] = {1.0f, 0.0f, 1.0f};
    const LossOfRow got =
        One({0.5f, -kInf, 2.0f}, 0, With(weights, 0.1f, 0.0f), target);
    CHECK(std::abs(got.loss - 1.5946995) <= 1e-6);
    CHECK(IsZero(got.gradient[1]));
  });
}

// Kills: a zero with the sign of upstream; a NaN of 0 * inf; a row without
// shares whose NaN is skipped.
TEST_CASE("cross_entropy special values: a row without shares is +0") {
  ForEachTarget([](Target target) {
    Cases cases("a row without shares", target);
    Random random(3);
    for (size_t n = 1; n <= 70; ++n) {
      for (const size_t i : {size_t{0}, n / 2, n - 1}) {
        std::vector<float> weights(n, 1.0f);
        weights[i] = 0.0f;
        CrossEntropyOptions options = With(weights.data(), 0.0f, 0.0f);
        for (const float upstream : {1.0f, -1.5f, 0.0f, 1e30f}) {
          options.upstream = upstream;
          for (const Family family : {Family::kGaussian, Family::kMasked}) {
            std::vector<float> x = MakeRow(family, n, random);
            const int64_t label = static_cast<int64_t>(i);
            if (n > 1 && upstream == 1e30f) {
              x.assign(n, -kInf);
              x[(i + 1) % n] = 2.0f;
            }
            const LossOfRow zero = One(x, label, options, target);
            cases.Expect(IsPlusZero(zero.loss), "loss", n, i);
            cases.Expect(All(zero.gradient, IsPlusZero), "gradient", n, i);
            for (const float bad : {kNan, kInf, -kInf}) {
              if (bad == -kInf) x.assign(n, bad);
              x[n / 3] = bad;
              const LossOfRow nan = One(x, label, options, target);
              cases.Expect(IsNan(nan.loss), "NaN loss", n, i);
              cases.Expect(All(nan.gradient, IsNan), "NaN gradient", n, i);
              x[n / 3] = 0.0f;
            }
          }
        }
      }
    }
  });
}

// Kills: a divisor of 0 that is left out, or whose gradient is inf or 0.
TEST_CASE("cross_entropy special values: a mean of counted rows of weight 0") {
  ForEachTarget([](Target target) {
    const float weights[] = {0.0f, 1.0f};
    for (const bool zero_if_all_ignored : {false, true}) {
      for (const float z_loss : {0.0f, 1.0f}) {
        for (const float smoothing : {0.1f, 0.0f}) {
          CrossEntropyOptions options =
              With(weights, smoothing, z_loss, Reduction::kMean);
          options.zero_if_all_ignored = zero_if_all_ignored;
          const LossOfRow got = One({0.0f, 0.0f}, 0, options, target);
          CHECK(IsNan(got.loss));
          CHECK(All(got.gradient, IsNan));
        }
      }
    }
  });
}

// Kills: the gradient of a label of weight 0 as a difference of large numbers.
TEST_CASE("cross_entropy special values: a label without a share") {
  ForEachTarget([](Target target) {
    const float weights[] = {1.0f, 1.3f, 0.0f};
    const LossOfRow got =
        One({0.0f, 0.5f, -30.0f}, 2, With(weights, 0.1f, 0.0f), target);
    CHECK(std::abs(got.gradient[2] / 2.70854e-15 - 1.0) <= 1e-5);
  });
}

// Kills: 1 + 2 z logsumexp from a rounded logsumexp where they cancel.
TEST_CASE("cross_entropy special values: z-loss against the shares") {
  ForEachTarget([](Target target) {
    const std::vector<float> x = {-1.19008708f, -1.20000005f};
    const CrossEntropyOptions options = With(nullptr, 0.0f, 1.0f);
    const LossOfRow got = One(x, 0, options, target);
    const OracleRow want = Oracle(x.data(), 2, nullptr, 0, options);
    CHECK(OracleError(got.loss, want.loss, want.loss_bound) <= 1.0);
    for (size_t c = 0; c < 2; ++c) {
      CHECK(OracleError(got.gradient[c], want.gradient[c],
                        want.gradient_bound[c]) <= 1.0);
    }
  });
}

// Kills: inf * 0 where z-loss's part or the scaled logit is beyond floats.
TEST_CASE("cross_entropy special values: a logsumexp beyond the floats") {
  ForEachTarget([](Target target) {
    CrossEntropyOptions options = With(nullptr, 0.0f, 1.0f);
    options.upstream = 1024.0f;
    const LossOfRow far = One({3e38f, 0.0f, 1.0f}, 1, options, target);
    CHECK(far.loss == kInf);
    CHECK(far.gradient[0] == kInf);
    CHECK(far.gradient[1] == -1024.0f);
    CHECK(IsPlusZero(far.gradient[2]));
    options.upstream = 1.0f;
    options.scale = 10.0f;
    const LossOfRow first = One({3e38f, 0.0f}, 0, options, target);
    CHECK(first.loss == kInf);
    CHECK(first.gradient[0] == kInf);
    CHECK(IsZero(first.gradient[1]));
    const LossOfRow second = One({3e38f, 0.0f}, 1, options, target);
    CHECK(second.loss == kInf);
    CHECK(second.gradient[0] == kInf);
    CHECK(second.gradient[1] == -10.0f);
    // 10 * 2 * 1e-10 * 3e39.
    options.z_loss = 1e-10f;
    const LossOfRow small = One({3e38f, 0.0f}, 0, options, target);
    CHECK(std::abs(small.gradient[0] / 6e30 - 1.0) <= 1e-5);
    CHECK(IsZero(small.gradient[1]));
  });
}

// Kills: upstream * scale, or upstream over the divisor, rounded to a float.
TEST_CASE("cross_entropy special values: a factor beyond the floats") {
  ForEachTarget([](Target target) {
    const auto near = [](float got, double want) {
      return std::abs(got / want - 1.0) <= 1e-5;
    };
    CrossEntropyOptions options = With(nullptr, 0.0f, 0.0f);
    options.upstream = 1e30f;
    options.scale = 1e20f;
    const std::vector<float> x = {0.0f, -46e-20f, -50e-20f};
    const double a = std::exp(1e20f * double{x[1]});
    const double b = std::exp(1e20f * double{x[2]});
    const LossOfRow large = One(x, 0, options, target);
    CHECK(near(large.gradient[0], -1e50 * (a + b)));
    CHECK(near(large.gradient[1], 1e50 * a));
    CHECK(near(large.gradient[2], 1e50 * b));
    const float heavy[] = {3e38f, 3e38f};
    options.class_weights = heavy;
    options.upstream = options.scale = 1e-30f;
    const LossOfRow small = One({0.0f, 0.0f}, 0, options, target);
    CHECK(near(small.gradient[0], -1.5e-22));
    CHECK(near(small.gradient[1], 1.5e-22));
    const float light[] = {1e-45f, 1e-45f};
    const LossOfRow mean =
        One({0.0f, 0.0f}, 0, With(light, 0.0f, 0.0f, Reduction::kMean), target);
    CHECK(near(mean.gradient[0], -0.5));
    CHECK(near(mean.gradient[1], 0.5));
  });
}

// Kills: logits taken times a power of two that makes them subnormal.
TEST_CASE("cross_entropy: tiny logits under a huge scale") {
  ForEachTarget([](Target target) {
    const float x[2] = {1.2e-38f, 2e-38f};
    const int64_t label = 0;
    CrossEntropyOptions options;
    options.scale = 1e38f;
    options.label_smoothing = 0.5f;
    float loss;
    REQUIRE(CrossEntropy({x, 1, 2}, &label, &loss, {}, options, nullptr,
                         target) == Status::kOk);
    CHECK(std::abs(double{loss} / 0.971100669 - 1.0) < 1e-7);
  });
}

}  // namespace
}  // namespace softlane
