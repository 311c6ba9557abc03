// SPDX-License-Identifier: Apache-2.0
// Tiles of attention beside steps that are written by hand, as engines have
// them. A program of its own: softlane_tile_bench [SECONDS]. Both sides read 16
// tiles of keys in turn for 64 queries. The forward steps scale accumulators of
// 64 floats; the backward steps write probabilities, too.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

#include "hand_tile.h"
#include "inputs.h"
#include "softlane/softlane.h"

namespace softlane {
namespace bench {
namespace {

constexpr size_t kRows = 64, kTiles = 16;
constexpr float kScale = 0.125f;

double Now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

void CheckOk(Status status) {
  if (status != Status::kOk) std::abort();
}

// The scores of a query over all tiles, and what the steps keep.
struct Workload {
  explicit Workload(size_t keys)
      : cols(keys),
        tiles(kTiles, std::vector<float>(kRows * keys)),
        exps(kRows * keys),
        accumulators(kRows * kHandDims, 1.0f),
        max(kRows),
        sum(kRows),
        shifts(kRows) {
    Random random(keys);
    for (std::vector<float>& tile : tiles) {
      for (float& score : tile) score = 24.0f * random.Normal();
    }
  }

  void RunByHand(HandExp exp, bool is_bfloat16, Target target) {
    std::fill(max.begin(), max.end(), -std::numeric_limits<float>::infinity());
    std::fill(sum.begin(), sum.end(), 0.0f);
    for (const std::vector<float>& tile : tiles) {
      RunHandTile({tile.data(), exps.data(), kRows, cols, kScale, max.data(),
                   sum.data(), accumulators.data()},
                  exp, is_bfloat16, target);
    }
  }
  void Run(ElementType type, Target target) {
    states.assign(kRows, SoftmaxState{});
    AttentionTileOptions options;
    options.attention.scale = kScale;
    for (const std::vector<float>& tile : tiles) {
      CheckOk(AttentionTile({tile.data(), kRows, cols}, states.data(),
                            AnyRows(exps.data(), type, kRows, cols),
                            shifts.data(), options, target));
      options.first_key += cols;
      CheckOk(
          ScaleRows({accumulators.data(), kRows, kHandDims}, shifts.data()));
    }
  }

  size_t cols;
  std::vector<std::vector<float>> tiles;
  std::vector<float> exps, accumulators, max, sum;
  std::vector<int32_t> shifts;
  std::vector<SoftmaxState> states;
};

// The same of the backward steps. All tiles have the same gradient of the
// probabilities.
struct BackwardWorkload : Workload {
  explicit BackwardWorkload(size_t keys)
      : Workload(keys),
        dprobs(kRows * keys),
        dscores(kRows * keys),
        delta(kRows),
        delta_by_hand(kRows),
        logsumexp(kRows) {
    Random random(keys + 1);
    for (float& dprob : dprobs) dprob = random.Normal();
    for (size_t r = 0; r < kRows; ++r) {
      delta_by_hand[r] = random.Normal();
      delta[r] = delta_by_hand[r];
    }
    Workload::Run(ElementType::kFloat32, Target::kAuto);
    CheckOk(FinishRows(
        {accumulators.data(), kRows, kHandDims}, states.data(), nullptr,
        Rows<float>(accumulators.data(), kRows, kHandDims), logsumexp.data()));
  }

  void RunByHand(HandExp exp, bool is_bfloat16, Target target) {
    for (const std::vector<float>& tile : tiles) {
      const HandTileBackward step = {tile.data(),
                                     dprobs.data(),
                                     exps.data(),
                                     dscores.data(),
                                     kRows,
                                     cols,
                                     kScale,
                                     logsumexp.data(),
                                     delta_by_hand.data()};
      RunHandTile(step, exp, is_bfloat16, target);
    }
  }
  void Run(ElementType type, Target target) {
    AttentionTileOptions options;
    options.attention.scale = kScale;
    for (const std::vector<float>& tile : tiles) {
      CheckOk(AttentionTileBackward(
          {tile.data(), kRows, cols}, {dprobs.data(), kRows, cols},
          states.data(), delta.data(),
          AnyRows(dscores.data(), type, kRows, cols),
          AnyRows(exps.data(), type, kRows, cols), options, target));
      options.first_key += cols;
    }
  }

  std::vector<float> dprobs, dscores;
  std::vector<double> delta;
  std::vector<float> delta_by_hand, logsumexp;
};

// The time of a run in ns per score: the 20th percentile of slices in turn.
template <class Steps>
std::vector<double> TimeAll(Steps& work, ElementType type, Target target,
                            double seconds) {
  const bool is_bfloat16 = type == ElementType::kBFloat16;
  std::vector<double> times[3];
  const double scores = static_cast<double>(kRows * work.cols * kTiles);
  for (const double end = Now() + seconds; Now() < end;) {
    for (size_t k = 0; k < 3; ++k) {
      const size_t runs = 1 + 1024 / work.cols;
      const double begin = Now();
      for (size_t i = 0; i < runs; ++i) {
        if (k == 0) work.Run(type, target);
        if (k == 1) work.RunByHand(HandExp::kTorch, is_bfloat16, target);
        if (k == 2) work.RunByHand(HandExp::kLean, is_bfloat16, target);
      }
      times[k].push_back((Now() - begin) / static_cast<double>(runs) / scores *
                         1e9);
    }
  }
  std::vector<double> all;
  for (std::vector<double>& t : times) {
    std::sort(t.begin(), t.end());
    all.push_back(t[t.size() / 5]);
  }
  return all;
}

template <class Steps>
void Print(const char* step, Target target, double seconds) {
  for (const ElementType type :
       {ElementType::kFloat32, ElementType::kBFloat16}) {
    for (const size_t keys : {64, 128, 512}) {
      Steps work(keys);
      const std::vector<double> t = TimeAll(work, type, target, seconds);
      std::printf(
          "| %s | %s | %s | 64 x %zu | %.3f | %.3f (%.2fx) | %.3f (%.2fx) |\n",
          step, TargetName(target),
          type == ElementType::kFloat32 ? "f32" : "bf16", keys, t[0], t[1],
          t[1] / t[0], t[2], t[2] / t[0]);
      std::fflush(stdout);
    }
  }
}

}  // namespace
}  // namespace bench
}  // namespace softlane

int main(int argc, char** argv) {
  using namespace softlane;
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  std::printf(
      "| step | target | exps | tile | softlane, ns | 20-ULP exp of PyTorch, "
      "ns | "
      "leanest quintic, ns |\n|---|---|---|---|---|---|---|\n");
  for (const Target target : AvailableTargets()) {
    const bench::HandTile nothing = {};
    if (bench::RunHandTile(nothing, bench::HandExp::kLean, false, target)) {
      bench::Print<bench::Workload>("forward", target, seconds);
      bench::Print<bench::BackwardWorkload>("backward", target, seconds);
    }
  }
  return 0;
}
