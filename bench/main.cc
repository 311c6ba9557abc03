// SPDX-License-Identifier: Apache-2.0
// softlane_bench: every kernel on every available target, beside the plain loop
// and a copy, in one run. Every case is verified against an oracle before it is
// timed.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "inputs.h"
#include "kernel.h"
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

// One case, verified at its first run only: repetitions run the same code.
class Case {
 public:
  // kAuto stands for the naive loop.
  Case(const Kernel& kernel, Target target, const Shape& shape)
      : kernel_(kernel), target_(target), shape_(shape) {}

  void operator()(benchmark::State& state) {
    Memory memory(shape_);
    const Operands operands = memory.Fill(kernel_.wants_probabilities);
    if (!verified_) {
      if (!Run(operands)) return state.SkipWithError("bad status");
      // The naive loop sums in float, one term after the other: no bound of
      // ours.
      const double limit = target_ == Target::kAuto ? 1e5 : 1.0;
      if (!(kernel_.error(operands) <= limit)) {
        return state.SkipWithError("error above the documented bound");
      }
      verified_ = true;
    }
    bool ok = true;
    for (auto _ : state) {
      ok = Run(operands) && ok;
      benchmark::ClobberMemory();
    }
    if (!ok) return state.SkipWithError("bad status");
    SetCounters(state, shape_, kernel_.bytes);
  }

 private:
  bool Run(const Operands& operands) const {
    if (target_ != Target::kAuto) {
      return kernel_.run(operands, target_) == Status::kOk;
    }
    kernel_.naive(operands);
    return true;
  }

  const Kernel& kernel_;
  Target target_;
  Shape shape_;
  bool verified_ = false;
};

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

void RegisterCase(const Kernel& kernel, Target target, const Shape& shape) {
  const char* variant = target == Target::kAuto ? "naive" : TargetName(target);
  auto run = std::make_shared<Case>(kernel, target, shape);
  benchmark::RegisterBenchmark(
      (std::string(kernel.name) + "/f32/" + variant + "/" + ShapeName(shape))
          .c_str(),
      [run](benchmark::State& state) { (*run)(state); });
}

void RegisterAll(const std::vector<Shape>& shapes) {
  for (const Shape& shape : shapes) RegisterCopy(shape);
  const TargetList targets = AvailableTargets();
  for (const Kernel* kernel : kKernels) {
    for (const Shape& shape : shapes) {
      RegisterCase(*kernel, Target::kAuto, shape);
      for (size_t t = targets.size; t-- > 0;) {  // slowest first
        RegisterCase(*kernel, targets.data[t], shape);
      }
    }
  }
}

TableReporter MakeTable(const std::vector<Shape>& shapes) {
  std::vector<std::string> kernels, variants = {"naive"}, names;
  for (const Kernel* kernel : kKernels) {
    kernels.push_back(std::string(kernel->name) + "/f32");
  }
  const TargetList targets = AvailableTargets();
  for (size_t t = targets.size; t-- > 0;) {
    variants.push_back(TargetName(targets.data[t]));
  }
  for (const Shape& shape : shapes) names.push_back(ShapeName(shape));
  return TableReporter(kernels, variants, names);
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
  const std::vector<Shape>& shapes = quick ? QuickShapes() : AllShapes();
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
