// SPDX-License-Identifier: Apache-2.0
// One long row, and a few long rows, over the threads of a host. Many rows need
// no more than Rows::Part; here the columns are split, too. Fails unless any
// number of threads gives the bits of one call.

#include <softlane/softlane.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

namespace {

using softlane::Rows;
using softlane::SoftmaxState;
using softlane::StateUse;
using softlane::Status;

using Floats = std::vector<float>;

// Calls work(i) on thread i of n. Returns an error of a thread, or kOk.
template <class Work>
Status OnThreads(size_t n, const Work& work) {
  std::vector<Status> statuses(n, Status::kOk);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < n; ++i) {
    threads.emplace_back([&work, &statuses, i] { statuses[i] = work(i); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status status : statuses) {
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

// The states of the rows, each thread having read a part of the columns.
Status ReadStates(const Rows<const float>& logits, StateUse use, size_t n,
                  std::vector<SoftmaxState>& states) {
  const size_t rows = logits.rows;
  std::vector<SoftmaxState> parts(n * rows);
  const Status status = OnThreads(n, [&](size_t i) {
    return UpdateStates(logits.PartOfColumns(i, n), logits.FirstColOfPart(i, n),
                        &parts[i * rows], {1.0f, use});
  });
  if (status != Status::kOk) return status;
  states.assign(rows, {});
  for (size_t i = 0; i < n; ++i) {
    const Status merged = MergeStates(states.data(), &parts[i * rows], rows);
    if (merged != Status::kOk) return merged;
  }
  return Status::kOk;
}

Status SoftmaxOnThreads(const Rows<const float>& logits,
                        const Rows<float>& probs, size_t n) {
  std::vector<SoftmaxState> states;
  const Status status = ReadStates(logits, StateUse::kSoftmax, n, states);
  if (status != Status::kOk) return status;
  return OnThreads(n, [&](size_t i) {
    return SoftmaxFromStates(logits.PartOfColumns(i, n), states.data(),
                             probs.PartOfColumns(i, n));
  });
}

Status LogSoftmaxOnThreads(const Rows<const float>& logits,
                           const Rows<float>& log_probs, size_t n) {
  std::vector<SoftmaxState> states;
  const Status status = ReadStates(logits, StateUse::kLogSoftmax, n, states);
  if (status != Status::kOk) return status;
  return OnThreads(n, [&](size_t i) {
    return LogSoftmaxFromStates(logits.PartOfColumns(i, n), states.data(),
                                log_probs.PartOfColumns(i, n));
  });
}

struct Shape {
  size_t rows, cols;
};
constexpr Shape kShapes[] = {
    {1, 300000}, {1, 5}, {1, 4096}, {3, 70001}, {5, 8193}};

Floats MakeLogits(size_t n) {
  Floats x(n);
  uint64_t state = 1;
  for (float& v : x) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    v = static_cast<float>(state >> 40) * 0x1p-20f - 8.0f;
  }
  return x;
}

using Function = Status(const Rows<const float>& logits, const Rows<float>& y);
using ThreadsFunction = Status(const Rows<const float>& logits,
                               const Rows<float>& y, size_t n);

// The number of cases that have other bits.
int CountFailures(const char* name, Function* in_one_call,
                  ThreadsFunction* on_threads) {
  int failures = 0;
  for (const Shape& shape : kShapes) {
    const size_t size = shape.rows * shape.cols;
    const Floats x = MakeLogits(size);
    const Rows<const float> logits(x.data(), shape.rows, shape.cols);
    Floats want(size), got(size);
    const bool is_ok = in_one_call(logits, {want.data(), shape.rows,
                                            shape.cols}) == Status::kOk;
    for (size_t n = 1; n <= 8; ++n) {
      got.assign(size, 5.0f);
      const Status status =
          on_threads(logits, {got.data(), shape.rows, shape.cols}, n);
      const bool is_same =
          std::memcmp(got.data(), want.data(), size * sizeof(float)) == 0;
      if (is_ok && status == Status::kOk && is_same) continue;
      std::printf("%s, %zu x %zu, %zu threads: %s\n", name, shape.rows,
                  shape.cols, n, softlane::StatusName(status));
      ++failures;
    }
  }
  return failures;
}

}  // namespace

int main() {
  const int failures =
      CountFailures(
          "softmax",
          [](const Rows<const float>& x, const Rows<float>& y) {
            return Softmax(x, y);
          },
          &SoftmaxOnThreads) +
      CountFailures(
          "log-softmax",
          [](const Rows<const float>& x, const Rows<float>& y) {
            return LogSoftmax(x, y);
          },
          &LogSoftmaxOnThreads);
  std::printf("%d failures\n", failures);
  return failures != 0;
}
