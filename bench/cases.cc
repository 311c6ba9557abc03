// SPDX-License-Identifier: Apache-2.0
#include "cases.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "limits.h"
#include "peers/peer.h"

namespace softlane {
namespace bench {
namespace {

void SetCounters(benchmark::State& state, double elements, double bytes) {
  state.counters["elements"] = elements;
  state.counters["bytes_per_element"] = bytes;
  state.SetBytesProcessed(static_cast<int64_t>(
      static_cast<double>(state.iterations()) * elements * bytes));
}

// An implementation to time: the naive loop, softlane on a target, or a peer.
struct Variant {
  std::string name;
  // The error that it may have in rows of this many columns, in units of
  // softlane's bound.
  std::function<double(size_t)> error_limit;
  // The call, or null where the variant cannot run.
  std::function<std::function<bool()>(const Operands&)> prepare;
  // Whether results of a half type are those of floats, rounded once.
  bool is_exact = false;
};

// The naive loop sums one term after the other, which is less accurate than the
// sums of libraries.
double NaiveErrorLimit(const Kernel& kernel, size_t cols) {
  return 5.0 * kernel.error_of_others(cols);
}

Variant NaiveVariant(const Kernel& kernel) {
  return {"naive",
          [&kernel](size_t cols) { return NaiveErrorLimit(kernel, cols); },
          [&kernel](const Operands& o) {
            return [&kernel, o] {
              kernel.naive(o);
              return true;
            };
          }};
}

Variant TargetVariant(const Kernel& kernel, Target target) {
  return {TargetName(target), [](size_t) { return 1.0; },
          [&kernel, target](const Operands& o) {
            return [&kernel, o, target] {
              return kernel.run(o, target) == Status::kOk;
            };
          },
          true};
}

// Of half types. A peer's kernel is then <kernel>/<dtype>.
std::vector<Variant> HalfVariants(const Kernel& kernel, const Plan& plan) {
  std::vector<Variant> variants;
  for (const Target target : plan.targets) {
    if (target == Target::kBaseline) continue;
    variants.push_back(TargetVariant(kernel, target));
  }
  for (const Peer& peer : Peers()) {
    if (peer.kernel != Series(kernel)) continue;
    variants.push_back({peer.name, kernel.error_of_others, peer.prepare});
  }
  return variants;
}

std::vector<Variant> AllVariants(const Kernel& kernel, const Plan& plan) {
  std::vector<Variant> variants = {NaiveVariant(kernel)};
  for (const Target target : plan.targets) {
    variants.push_back(TargetVariant(kernel, target));
  }
  for (const Peer& peer : Peers()) {
    if (peer.kernel != std::string(kernel.name)) continue;
    variants.push_back({peer.name, kernel.error_of_others, peer.prepare});
  }
  return variants;
}

// One case. It is verified at its first run only, since repetitions run the
// same code.
class Case {
 public:
  Case(const Kernel& kernel, Variant variant, const Shape& shape)
      : kernel_(kernel), variant_(std::move(variant)), shape_(shape) {}

  void operator()(benchmark::State& state) {
    const Operands operands =
        OperandsOf(shape_, kernel_.wants_probabilities, kernel_.type);
    const std::function<bool()> call = variant_.prepare(operands);
    if (!call) return state.SkipWithError("cannot run here");
    bool ok = call();
    if (!verified_ && !IsGood(operands)) {
      return state.SkipWithError("error above the limit");
    }
    verified_ = true;
    for (auto _ : state) {
      ok = call() && ok;
      benchmark::ClobberMemory();
    }
    if (!ok) return state.SkipWithError("the call failed");
    SetCounters(state, static_cast<double>(shape_.Elements()), kernel_.bytes);
  }

 private:
  bool IsGood(const Operands& operands) const {
    if (kernel_.type != ElementType::kFloat32) {
      // A peer rounds more than once.
      return !variant_.is_exact ||
             (kernel_.run_floats(operands, Target::kAuto) == Status::kOk &&
              IsRounded(operands));
    }
    return kernel_.error(operands) <= variant_.error_limit(shape_.cols);
  }

  const Kernel& kernel_;
  Variant variant_;
  Shape shape_;
  bool verified_ = false;
};

void Register(const std::string& series, const Shape& shape,
              std::function<void(benchmark::State&)> run) {
  benchmark::RegisterBenchmark((series + "/" + shape.Name()).c_str(),
                               std::move(run));
}

void RegisterCase(const Kernel& kernel, const Variant& variant,
                  const Shape& shape) {
  auto run = std::make_shared<Case>(kernel, variant, shape);
  Register(Series(kernel, variant.name), shape,
           [run](benchmark::State& state) { (*run)(state); });
}

// `run` is RunFma or RunExp.
void RegisterLimit(const std::string& series, Target target,
                   decltype(RunFma)* run) {
  const Shape shape = FmaShape(target);
  Register(series, shape, [target, shape, run](benchmark::State& state) {
    constexpr size_t kSteps = 1000;
    std::vector<float> from(kSlack, 1.0f), to(kSlack);
    for (size_t i = 0; i < kSlack; ++i) from[i] += static_cast<float>(i);
    for (auto _ : state) {
      run(target, from.data(), to.data(), kSteps);
      benchmark::ClobberMemory();
    }
    SetCounters(state, static_cast<double>(kSteps * shape.Elements()), 0.0);
  });
}

void RegisterMover(const Mover& mover, const Shape& shape) {
  Register(mover.name, shape, [mover, shape](benchmark::State& state) {
    const Operands o = OperandsOf(shape, false);
    const size_t n = shape.Elements();
    for (auto _ : state) {
      mover.run(o.x.data, o.y.data, n);
      benchmark::ClobberMemory();
    }
    SetCounters(state, static_cast<double>(n), mover.bytes);
  });
}

}  // namespace

void RegisterCases(const Plan& plan) {
  for (const Target target : plan.targets) {
    if (target == Target::kBaseline) continue;
    RegisterLimit(FmaSeries(target), target, RunFma);
    RegisterLimit(ExpSeries(target), target, RunExp);
  }
  for (const Shape& shape : plan.shapes) {
    for (const Mover& mover : Movers()) RegisterMover(mover, shape);
  }
  for (const Kernel* kernel : plan.kernels) {
    for (const Variant& variant : AllVariants(*kernel, plan)) {
      for (const Shape& shape : ShapesOf(plan, *kernel)) {
        RegisterCase(*kernel, variant, shape);
      }
    }
  }
  for (const Kernel& kernel : plan.half_kernels) {
    for (const Variant& variant : HalfVariants(kernel, plan)) {
      for (const Shape& shape : plan.half_shapes) {
        RegisterCase(kernel, variant, shape);
      }
    }
  }
  for (const Shape& shape : plan.small) {
    RegisterCase(kSoftmax, NaiveVariant(kSoftmax), shape);
  }
  for (const Target target : plan.targets) {
    const Variant variant = TargetVariant(kSoftmax, target);
    for (const Shape& shape : plan.small) {
      RegisterCase(kSoftmax, variant, shape);
    }
    if (target == Target::kBaseline) continue;
    for (const Shape& shape : plan.few_rows) {
      RegisterCase(kSoftmax, variant, ManyRows(shape));
    }
  }
  for (const Shape& shape : plan.few_rows) {
    for (const Mover& mover : Movers()) RegisterMover(mover, ManyRows(shape));
  }
}

}  // namespace bench
}  // namespace softlane
