// SPDX-License-Identifier: Apache-2.0
// The first call from many threads at once. The detection of targets has no
// lock and must need none. This test is also built with ThreadSanitizer.

#include <atomic>
#include <thread>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

TEST_CASE("race: 64 threads make the first call") {
  constexpr int kThreads = 64;
  std::atomic<int> waiting{kThreads};
  std::vector<Target> chosen(kThreads);
  std::vector<float> values(kThreads, 0.0f);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      --waiting;
      while (waiting.load() != 0) std::this_thread::yield();
      const Rows<float> view(&values[t], 1, 1);
      if (Exp(view, view) != Status::kOk) values[t] = -1.0f;
      chosen[t] = AutoTarget();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t) {
    CHECK(chosen[t] == AutoTarget());
    CHECK(values[t] == 1.0f);
  }
}

}  // namespace
}  // namespace softlane
