// SPDX-License-Identifier: Apache-2.0
// softlane_bench: every kernel on every available target, beside the plain loop
// and a copy, in one run. Every case is verified against an oracle before it is
// timed.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "inputs.h"
#include "kernel.h"
#include "peers/peer.h"
#include "table.h"

namespace softlane {
namespace bench {
namespace {

struct Shape {
  size_t rows, cols;
};
const std::vector<Shape>& AllShapes() {
  static const std::vector<Shape> shapes = {
      {1024, 8}, {512, 16}, {256, 32},  {64, 64},    {16, 256},
      {8, 1024}, {8, 4096}, {4, 32768}, {1, 262144}, {1, 4194304}};
  return shapes;
}
// The comparison with other libraries: class scores, NLP batches, attention,
// vocabularies, and rows beyond the cache.
const std::vector<Shape>& PeerShapes() {
  static const std::vector<Shape> shapes = {
      {1024, 8},  {512, 16},   {400, 20},   {256, 32},    {200, 41},
      {128, 67},  {64, 64},    {64, 127},   {64, 128},    {32, 256},
      {8, 1023},  {8, 1024},   {8, 4096},   {4, 16384},   {4, 32000},
      {2, 50257}, {2, 128256}, {1, 262144}, {1, 4194304}, {1, 16777216}};
  return shapes;
}
const std::vector<Shape>& QuickShapes() {
  static const std::vector<Shape> shapes = {
      {512, 16}, {64, 64}, {8, 4096}, {4, 32768}};
  return shapes;
}

const Kernel* const kKernels[] = {&kSoftmax, &kSoftmaxWithLogSumExp,
                                  &kSoftmaxBackward, &kExp, &kRowMax};

// Operands of one shape. They start at different offsets in a page: on some
// CPUs a store waits for loads whose address has the same last 12 bits.
class Memory {
 public:
  explicit Memory(const Shape& shape)
      : shape_(shape),
        x_(shape.rows * shape.cols + kPad),
        second_(x_.size()),
        y_(x_.size()),
        row_results_(shape.rows) {}

  Operands Fill(bool probabilities) {
    const Operands o = {View(&x_, 0), View(&second_, 1), View(&y_, 2),
                        row_results_.data()};
    Random random(1);
    for (size_t r = 0; r < shape_.rows; ++r) {
      const auto x = MakeRow(Family::kGaussian, shape_.cols, random);
      const auto second = MakeRow(Family::kGaussian, shape_.cols, random);
      std::copy(x.begin(), x.end(), o.x.Row(r));
      std::copy(second.begin(), second.end(), o.second.Row(r));
    }
    if (probabilities &&
        Softmax(o.x, o.x, {}, Target::kBaseline) != Status::kOk) {
      std::abort();
    }
    return o;
  }

 private:
  static constexpr size_t kPad = 4096;

  Rows<float> View(std::vector<float>* buffer, size_t index) const {
    const uintptr_t begin = reinterpret_cast<uintptr_t>(buffer->data());
    const uintptr_t page = (begin + 4095) / 4096 * 4096 + index * 1344;
    return Rows<float>(reinterpret_cast<float*>(page), shape_.rows,
                       shape_.cols);
  }

  Shape shape_;
  std::vector<float> x_, second_, y_, row_results_;
};

void SetCounters(benchmark::State& state, const Shape& shape, double bytes) {
  const double elements =
      static_cast<double>(shape.rows) * static_cast<double>(shape.cols);
  state.counters["elements"] = elements;
  state.counters["bytes_per_element"] = bytes;
  state.SetBytesProcessed(static_cast<int64_t>(
      static_cast<double>(state.iterations()) * elements * bytes));
}

// Something to time: the naive loop, softlane on a target, or a peer.
struct Variant {
  std::string name;
  // How many times softlane's bound its error may be.
  double error_limit;
  // The call, or null where the variant cannot run.
  std::function<std::function<bool()>(const Operands&)> prepare;
};

// One case, verified at its first run only: repetitions run the same code.
class Case {
 public:
  Case(const Kernel& kernel, const Variant& variant, const Shape& shape)
      : kernel_(kernel), variant_(variant), shape_(shape) {}

  void operator()(benchmark::State& state) {
    Memory memory(shape_);
    const Operands operands = memory.Fill(kernel_.wants_probabilities);
    const std::function<bool()> call = variant_.prepare(operands);
    if (!call) return state.SkipWithError("cannot run here");
    bool ok = call();
    if (!verified_) {
      if (!(kernel_.error(operands) <= variant_.error_limit)) {
        return state.SkipWithError("error above the limit");
      }
      verified_ = true;
    }
    for (auto _ : state) {
      ok = call() && ok;
      benchmark::ClobberMemory();
    }
    if (!ok) return state.SkipWithError("the call failed");
    SetCounters(state, shape_, kernel_.bytes);
  }

 private:
  const Kernel& kernel_;
  Variant variant_;
  Shape shape_;
  bool verified_ = false;
};

// The naive loop and some peers sum millions of terms in float: for them the
// limit only tells a result from none.
std::vector<Variant> Variants(const Kernel& kernel) {
  std::vector<Variant> variants;
  variants.push_back({"naive", 1e6, [&kernel](const Operands& o) {
                        return [&kernel, o] {
                          kernel.naive(o);
                          return true;
                        };
                      }});
  const TargetList targets = AvailableTargets();
  for (size_t t = targets.size; t-- > 0;) {  // slowest first
    const Target target = targets.data[t];
    variants.push_back(
        {TargetName(target), 1.0, [&kernel, target](const Operands& o) {
           return [&kernel, o, target] {
             return kernel.run(o, target) == Status::kOk;
           };
         }});
  }
  for (const Peer& peer : Peers()) {
    if (peer.kernel != std::string(kernel.name)) continue;
    variants.push_back({peer.name, 1e6, peer.prepare});
  }
  return variants;
}

std::string ShapeName(const Shape& shape) {
  return std::to_string(shape.rows) + "x" + std::to_string(shape.cols);
}

void RegisterCopy(const Shape& shape) {
  benchmark::RegisterBenchmark(("copy/f32/memcpy/" + ShapeName(shape)).c_str(),
                               [shape](benchmark::State& state) {
                                 Memory memory(shape);
                                 const Operands o = memory.Fill(false);
                                 const size_t bytes =
                                     shape.rows * shape.cols * sizeof(float);
                                 for (auto _ : state) {
                                   std::memcpy(o.y.data, o.x.data, bytes);
                                   benchmark::ClobberMemory();
                                 }
                                 SetCounters(state, shape, 8.0);
                               });
}

void RegisterCase(const Kernel& kernel, const Variant& variant,
                  const Shape& shape) {
  auto run = std::make_shared<Case>(kernel, variant, shape);
  benchmark::RegisterBenchmark(
      (std::string(kernel.name) + "/f32/" + variant.name + "/" +
       ShapeName(shape))
          .c_str(),
      [run](benchmark::State& state) { (*run)(state); });
}

void RegisterAll(const std::vector<Shape>& shapes) {
  for (const Shape& shape : shapes) RegisterCopy(shape);
  for (const Kernel* kernel : kKernels) {
    for (const Variant& variant : Variants(*kernel)) {
      for (const Shape& shape : shapes) RegisterCase(*kernel, variant, shape);
    }
  }
}

TableReporter MakeTable(const std::vector<Shape>& shapes) {
  std::vector<std::string> kernels, variants, peers, names;
  const auto add = [](std::vector<std::string>* list, const std::string& name) {
    if (std::find(list->begin(), list->end(), name) == list->end()) {
      list->push_back(name);
    }
  };
  for (const Kernel* kernel : kKernels) {
    kernels.push_back(std::string(kernel->name) + "/f32");
    for (const Variant& variant : Variants(*kernel))
      add(&variants, variant.name);
  }
  for (const Peer& peer : Peers()) add(&peers, peer.name);
  for (const Shape& shape : shapes) names.push_back(ShapeName(shape));
  return TableReporter(kernels, variants, peers, names);
}

int Main(int argc, char** argv) {
  bool quick = false;
  const char* plot_data = nullptr;
  const std::string plot_flag = "--plot_data=";
  // Ours first, so that a flag on the command line wins.
  std::string repetitions = "--benchmark_repetitions=5";
  std::string time = "--benchmark_min_time=0.02";
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  std::vector<char*> arguments = {argv[0], repetitions.data(), time.data(),
                                  interleave.data()};
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
      repetitions = "--benchmark_repetitions=3";
      time = "--benchmark_min_time=0.005";
      arguments[1] = repetitions.data();
      arguments[2] = time.data();
    } else if (std::strncmp(argv[i], plot_flag.c_str(), plot_flag.size()) ==
               0) {
      plot_data = argv[i] + plot_flag.size();
    } else {
      arguments.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  const std::vector<Shape>& shapes = quick             ? QuickShapes()
                                     : Peers().empty() ? AllShapes()
                                                       : PeerShapes();
  RegisterAll(shapes);
  TableReporter table = MakeTable(shapes);
  if (benchmark::RunSpecifiedBenchmarks(&table) == 0) {
    std::fprintf(stderr, "no benchmark matches\n");
    return 1;
  }
  if (plot_data != nullptr && !table.WritePlotData(plot_data)) {
    std::fprintf(stderr, "cannot write %s\n", plot_data);
    return 1;
  }
  return table.Failed() ? 1 : 0;
}

}  // namespace
}  // namespace bench
}  // namespace softlane

int main(int argc, char** argv) { return softlane::bench::Main(argc, argv); }
