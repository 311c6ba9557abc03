// SPDX-License-Identifier: Apache-2.0
// Special values of cross-entropy in logits, weights, smoothing, z-loss, scale
// and upstream, in every combination and place. The oracle is in double and
// written from the header alone.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "amount.h"
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
  if (call.gradient) {
    CHECK(SameBits(RunCall(call, target, false).gradient, out.gradient));
  }
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
    // The baseline is slow, and so is an emulator.
    const uint64_t rounds =
        target == Target::kBaseline ? 1 : Amount("SOFTLANE_ROUNDS", 4, 1);
    Rules rules(target);
    for (uint64_t i = 0; i < rounds * Call::kCombinations; ++i) {
      CheckCall(Call(i), target, &rules);
    }
  });
}

// With z_loss and a logsumexp below 0 the factor of the exp values is negative
// while that of the shares is not. Kills: a product of +0 and a negative factor
// that stays -0.
TEST_CASE("cross_entropy special values: a gradient of zero is +0") {
  ForEachTarget([](Target target) {
    size_t wrong = 0;
    for (const size_t n : {4, 8, 16, 67, 200}) {
      for (const float base : {-200.0f, -20.0f, -3.0f}) {
        for (const float upstream : {1.0f, -1.0f}) {
          for (const float z_loss : {0.01f, 0.5f, 3.0f}) {
            std::vector<float> x(n, -kInf), targets(n, 0.0f), gradient(n);
            for (size_t i = 0; i < n / 2; ++i) {
              x[i] = base + 0.37f * static_cast<float>(i * 7 % 5);
            }
            targets[0] = 1.0f;
            CrossEntropyOptions options;
            options.reduction = Reduction::kSum;
            options.z_loss = z_loss;
            options.upstream = upstream;
            float loss;
            REQUIRE(CrossEntropy(Rows<const float>(x.data(), 1, n),
                                 Rows<const float>(targets.data(), 1, n), &loss,
                                 Rows<float>(gradient.data(), 1, n), options,
                                 nullptr, target) == Status::kOk);
            for (size_t i = n / 2; i < n; ++i) {
              wrong += BitsOf(gradient[i]) != 0;
            }
          }
        }
      }
    }
    CHECK(wrong == 0);
  });
}

}  // namespace
}  // namespace softlane
