// SPDX-License-Identifier: Apache-2.0
#include "threads.h"

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"
#include "format.h"
#include "table.h"

namespace softlane {
namespace bench {
namespace {

// The shapes of rows that are worth threads.
constexpr Shape kShapes[] = {{1, 4194304}, {1, 16777216}, {4, 1048576}};

using Work = std::function<void(size_t)>;

// Threads that wait for work, as those of a host do. A thread that waits gives
// its core to others.
class Team {
 public:
  explicit Team(size_t count) {
    for (size_t i = 1; i < count; ++i) {
      threads_.emplace_back([this, i] { Serve(i); });
    }
  }
  ~Team() {
    work_ = nullptr;
    ++round_;
    for (std::thread& thread : threads_) thread.join();
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // work(i) on thread i of all. Returns when all have ended.
  void Run(const Work& work) {
    work_ = &work;
    busy_ = threads_.size();
    ++round_;
    work(0);
    while (busy_.load() != 0) std::this_thread::yield();
  }

 private:
  void Serve(size_t i) {
    for (size_t round = 0;;) {
      while (round_.load() == round) std::this_thread::yield();
      ++round;
      if (work_ == nullptr) return;
      (*work_)(i);
      --busy_;
    }
  }

  std::atomic<size_t> round_{0}, busy_{0};
  const Work* work_ = nullptr;
  std::vector<std::thread> threads_;
};

// A call by all threads of a team.
using Call = std::function<bool(Team&, const Operands&, size_t threads)>;

bool RunInParts(Team& team, const Operands& o, size_t threads) {
  const size_t rows = o.x.rows;
  std::vector<SoftmaxState> parts(threads * rows), states(rows);
  std::atomic<bool> ok{true};
  team.Run([&](size_t i) {
    const Status status =
        UpdateStates(o.x.PartOfColumns(i, threads),
                     o.x.FirstColOfPart(i, threads), &parts[i * rows]);
    if (status != Status::kOk) ok = false;
  });
  for (size_t i = 0; i < threads; ++i) {
    const Status status = MergeStates(states.data(), &parts[i * rows], rows);
    if (status != Status::kOk) ok = false;
  }
  team.Run([&](size_t i) {
    const Status status =
        SoftmaxFromStates(o.x.PartOfColumns(i, threads), states.data(),
                          o.y.PartOfColumns(i, threads));
    if (status != Status::kOk) ok = false;
  });
  return ok;
}

bool RunInOneCall(Team&, const Operands& o, size_t) {
  return Softmax(o.x, o.y) == Status::kOk;
}

bool RunCopy(Team& team, const Operands& o, size_t threads) {
  team.Run([&](size_t i) {
    const Rows<float> from = o.x.PartOfColumns(i, threads);
    const Rows<float> to = o.y.PartOfColumns(i, threads);
    for (size_t r = 0; r < from.rows; ++r) {
      std::memcpy(to.Row(r), from.Row(r), from.cols * sizeof(float));
    }
  });
  return true;
}

std::string SeriesOf(const char* what, size_t threads) {
  return std::string(what) + "/f32/" + std::to_string(threads);
}
constexpr const char* kParts = "softmax_in_parts";
constexpr const char* kOneCall = "softmax_in_one_call";
constexpr const char* kCopy = "copy_by_threads";

// Whether y has the bits of one call.
bool IsOfOneCall(const Operands& o) {
  std::vector<float> row(o.x.cols);
  for (size_t r = 0; r < o.x.rows; ++r) {
    if (Softmax(o.x.Slice(r, 1), {row.data(), 1, row.size()}) != Status::kOk ||
        std::memcmp(row.data(), o.y.Row(r), row.size() * sizeof(float)) != 0) {
      return false;
    }
  }
  return true;
}

void RegisterCall(const char* what, const Shape& shape, size_t threads,
                  const Call& call) {
  const bool is_softmax = std::strcmp(what, kCopy) != 0;
  const auto run = [=](benchmark::State& state) {
    const Operands o = OperandsOf(shape, false);
    Team team(threads);
    bool ok = call(team, o, threads);
    if (is_softmax && !IsOfOneCall(o)) {
      return state.SkipWithError("other bits than one call");
    }
    for (auto _ : state) {
      ok = call(team, o, threads) && ok;
      benchmark::ClobberMemory();
    }
    if (!ok) return state.SkipWithError("the call failed");
    state.counters["elements"] = static_cast<double>(shape.Elements());
    state.counters["bytes_per_element"] = 8.0;
  };
  benchmark::RegisterBenchmark(
      (SeriesOf(what, threads) + "/" + shape.Name()).c_str(), run)
      ->UseRealTime();
}

}  // namespace

void RegisterThreads(size_t threads) {
  for (const Shape& shape : kShapes) {
    RegisterCall(kOneCall, shape, 1, RunInOneCall);
    for (const size_t n : {size_t{1}, threads}) {
      RegisterCall(kParts, shape, n, RunInParts);
      RegisterCall(kCopy, shape, n, RunCopy);
    }
  }
}

void PrintThreads(const Results& results, size_t threads) {
  const std::string by = Format("by %zu", threads);
  Table table(
      Format("softmax of columns in parts: ns per element by 1 and by %zu "
             "threads,\nspeed-up over one call; copies, speed-up",
             threads),
      {"rows x cols", "one call", "by 1", by, "copy", by});
  for (const Shape& shape : kShapes) {
    const auto time = [&](const char* what, size_t n) {
      return results.Time(SeriesOf(what, n), shape);
    };
    const auto field = [&](const char* what, size_t n, const char* whole) {
      const double ns = time(what, n), other = time(whole, 1);
      if (ns == 0.0) return std::string();
      return other == 0.0 ? Format("%.3f", ns)
                          : Format("%.3f %6.2fx", ns, other / ns);
    };
    const char* const kNone = "";
    table.Add(shape.Name(),
              {field(kOneCall, 1, kNone), field(kParts, 1, kNone),
               field(kParts, threads, kOneCall), field(kCopy, 1, kNone),
               field(kCopy, threads, kCopy)});
  }
  table.Print();
}

}  // namespace bench
}  // namespace softlane
