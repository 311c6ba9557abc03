// SPDX-License-Identifier: Apache-2.0
// softlane_bench: every kernel on every available target, beside the plain loop
// and the machine's limits, in one run. Every case is verified against an
// oracle before it is timed.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "bound.h"
#include "cases.h"
#include "kernel.h"
#include "peers/peer.h"
#include "plan.h"
#include "results.h"
#include "tables.h"
#include "threads.h"

namespace softlane {
namespace bench {
namespace {

const Kernel* const kKernels[] = {&kSoftmax,
                                  &kSoftmaxWithLogSumExp,
                                  &kSoftmaxBackward,
                                  &kLogSoftmax,
                                  &kCrossEntropy,
                                  &kCrossEntropyBackward,
                                  &kAttentionSoftmax,
                                  &kExp,
                                  &kRowMax,
                                  &kSoftmaxAxis,
                                  &kSoftmaxBackwardAxis,
                                  &kLogSoftmaxAxis,
                                  &kCrossEntropyAxis,
                                  &kSoftmaxTensor};

std::vector<Shape> AllShapes() {
  return {{1024, 8}, {512, 16}, {256, 32},  {64, 64},    {16, 256},
          {8, 1024}, {8, 4096}, {4, 32768}, {1, 262144}, {1, 4194304}};
}
// The comparison with other libraries: class scores, NLP batches, attention,
// vocabularies, and rows beyond the cache.
std::vector<Shape> PeerShapes() {
  return {{1024, 8},    {512, 16},    {400, 20},   {256, 32},   {200, 41},
          {64, 64},     {128, 67},    {64, 127},   {64, 128},   {32, 256},
          {8, 1023},    {8, 1024},    {8, 4096},   {4, 16384},  {4, 32000},
          {64, 32000},  {2, 50257},   {2, 128256}, {8, 128256}, {1, 262144},
          {1, 4194304}, {1, 16777216}};
}
// Along an axis: pixels or places, and few or many classes.
std::vector<Shape> AxisShapes() {
  return {{1568, 4},  {8192, 3},   {4096, 10},  {784, 32},
          {512, 128}, {512, 1000}, {65536, 19}, {131072, 21}};
}
std::vector<Shape> QuickShapes() {
  return {{512, 16}, {64, 64}, {8, 4096}, {4, 32768}};
}

void AddOnce(std::vector<std::string>* list, const std::string& name) {
  if (std::find(list->begin(), list->end(), name) == list->end()) {
    list->push_back(name);
  }
}

Plan MakePlan(bool quick) {
  Plan plan;
  const TargetList targets = AvailableTargets();
  plan.targets.assign(targets.data, targets.data + targets.size);
  std::reverse(plan.targets.begin(), plan.targets.end());
  const std::vector<Peer> peers = Peers();
  for (const Peer& peer : peers) AddOnce(&plan.peers, peer.name);
  // Beside other libraries, only the kernels that they have too.
  for (const Kernel* kernel : kKernels) {
    if (peers.empty() ||
        std::any_of(peers.begin(), peers.end(), [&](const Peer& peer) {
          return peer.kernel == std::string(kernel->name);
        })) {
      plan.kernels.push_back(kernel);
    }
  }
  for (const Kernel* kernel : plan.kernels) {
    if (kernel->run_any == nullptr) continue;
    for (const ElementType type : kHalfTypes) {
      plan.half_kernels.push_back(OfType(*kernel, type));
    }
  }
  if (quick) {
    plan.shapes = QuickShapes();
    plan.half_shapes = {{64, 64}, {8, 4096}};
    plan.axis_shapes = {{1568, 4}, {4096, 10}};
  } else {
    plan.shapes = plan.peers.empty() ? AllShapes() : PeerShapes();
    plan.axis_shapes = AxisShapes();
    plan.few_rows = {{1024, 8}, {64, 64}, {8, 1024}};  // all among the shapes
    plan.half_shapes = {
        {1024, 8}, {64, 64}, {8, 1024}, {8, 4096}, {1, 4194304}};
  }
  plan.small = {{1, 8}, {1, 32}, {4, 8}, {16, 2}};  // none among the shapes
  return plan;
}

// A difference between two cells means something only if it is larger.
void PrintNoise(const Results& results) {
  const double half = results.SpreadAt(0.5), tenth = results.SpreadAt(0.9);
  constexpr double kNoisy = 0.1;
  std::printf(
      "noise: the slowest repetition of a case is %.0f %% above the fastest in "
      "half of\nthe cases, and %.0f %% or more in a tenth of them.%s\n",
      100.0 * half, 100.0 * tenth,
      half > kNoisy ? " The machine is too noisy:\nmeasure again when it is "
                      "idle."
                    : "");
}

void PrintAll(const Plan& plan, const Results& results) {
  PrintLimits(plan, results);
  for (const Kernel* kernel : plan.kernels) {
    PrintKernel(plan, results, *kernel);
    PrintBounds(plan, results, *kernel);
  }
  for (const Kernel* kernel : plan.kernels) PrintTypes(plan, results, *kernel);
  PrintSmallCalls(plan, results);
  PrintManyRows(plan, results);
  for (const Kernel* kernel : plan.kernels) PrintRatios(plan, results, *kernel);
  PrintRatioSummary(plan, results);
}

// The value of --<name>=VALUE, or null.
const char* ValueOf(const char* argument, const char* name) {
  const size_t length = std::strlen(name);
  const bool matches = std::strncmp(argument, "--", 2) == 0 &&
                       std::strncmp(argument + 2, name, length) == 0 &&
                       argument[2 + length] == '=';
  return matches ? argument + 2 + length + 1 : nullptr;
}

int Main(int argc, char** argv) {
  bool quick = false;
  size_t threads = 0;
  std::string plot_data, ratio_data;
  // Ours first, so that a flag on the command line wins.
  std::string repetitions = "--benchmark_repetitions=5";
  std::string time = "--benchmark_min_time=0.02";
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  std::vector<char*> arguments = {argv[0], repetitions.data(), time.data(),
                                  interleave.data()};
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--plan") == 0) {
      if (i + 1 < argc && PrintSoftmaxPlan(argv[i + 1])) return 0;
      std::fprintf(stderr, "--plan ROWSxCOLUMNS\n");
      return 1;
    }
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
      repetitions = "--benchmark_repetitions=3";
      time = "--benchmark_min_time=0.005";
      arguments[1] = repetitions.data();
      arguments[2] = time.data();
    } else if (const char* count = ValueOf(argv[i], "threads")) {
      threads = std::strtoul(count, nullptr, 10);
    } else if (const char* plot = ValueOf(argv[i], "plot_data")) {
      plot_data = plot;
    } else if (const char* ratio = ValueOf(argv[i], "ratio_data")) {
      ratio_data = ratio;
    } else {
      arguments.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  const Plan plan = MakePlan(quick);
  threads == 0 ? RegisterCases(plan) : RegisterThreads(threads);
  Results results;
  if (benchmark::RunSpecifiedBenchmarks(&results) == 0) {
    std::fprintf(stderr, "no benchmark matches\n");
    return 1;
  }
  PrintNoise(results);
  threads == 0 ? PrintAll(plan, results) : PrintThreads(results, threads);
  const auto check = [](bool written, const std::string& path) {
    if (!written) std::fprintf(stderr, "cannot write %s\n", path.c_str());
    return written;
  };
  if (!plot_data.empty() &&
      !check(WritePlotData(plan, results, plot_data.c_str()), plot_data)) {
    return 1;
  }
  if (!ratio_data.empty() &&
      !check(WriteRatioData(plan, results, ratio_data.c_str()), ratio_data)) {
    return 1;
  }
  return results.Failed() ? 1 : 0;
}

}  // namespace
}  // namespace bench
}  // namespace softlane

int main(int argc, char** argv) { return softlane::bench::Main(argc, argv); }
