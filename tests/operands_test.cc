// SPDX-License-Identifier: Apache-2.0
// Strides and pointers that a call does not use may be anything, for every
// operand of every function.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "doctest/doctest.h"
#include "operand_fixture.h"
#include "operand_tally.h"
#include "reference.h"
#include "softlane/c.h"

namespace softlane {
namespace operands {
namespace {

constexpr size_t kHuge = size_t{1} << 62;

// Whether the axis of planes without elements may be of any length: no operand
// has an element per axis index, and none has an index along the axis.
bool MayBeLong(const Operation& operation) {
  return !Has(operation, Shape::kPerAxis) &&
         !Has(operation, Shape::kTopKPlanes);
}

// Sets the strides of a view that it does not use.
void SetUnused(View& v, size_t stride) {
  if (v.rows <= 1 || IsEmpty(v)) v.stride = stride;
  if (v.axis <= 1 || IsEmpty(v)) v.axis_stride = stride;
}

void ExpectUnusedStrides(const Operation& operation, size_t twin, Target target,
                         const Sizes& sizes, bool is_packed, Tally& tally) {
  Fixture f(operation, sizes, is_packed);
  const Bytes want = Expected(operation, twin, target, f, f.good, tally);
  const auto expect = [&](const Call& call, const std::string& what) {
    ExpectBytes(operation, twin, target, f, call, want, what, tally);
  };
  for (const size_t stride : {size_t{0}, size_t{1}, sizes.cols - 1,
                              sizes.axis * sizes.cols - 1, SIZE_MAX, kHuge}) {
    Call all = f.good;
    for (const Operand& operand : operation.operands) {
      if (!IsView(operand.shape)) continue;
      Call one = f.good;
      SetUnused(one[operand.id], stride);
      SetUnused(all[operand.id], stride);
      expect(one, operand.name);
      if (operand.role != Role::kReplaceable) continue;
      // In place: one view's stride, then the other's.
      one[kY].data = one[operand.id].data;
      if (sizes.rows > 1) one[kY].stride = one[operand.id].stride;
      if (sizes.axis > 1) one[kY].axis_stride = one[operand.id].axis_stride;
      expect(one, std::string("in place of ") + operand.name);
      std::swap(one[kY].stride, one[operand.id].stride);
      std::swap(one[kY].axis_stride, one[operand.id].axis_stride);
      expect(one, std::string("in place of ") + operand.name);
    }
    expect(all, "all");
  }
}

// Kills: `stride < cols` for a view of one row, or of one plane.
TEST_CASE("operands: strides that are not used") {
  ForEachFunction("strides that are not used", [](const Operation& operation,
                                                  size_t twin, Target target,
                                                  Tally& tally) {
    const bool is_slow = target == Target::kBaseline;
    const auto run = [&](const Sizes& sizes) {
      if (is_slow && sizes.rows * sizes.axis * sizes.cols > 100) return;
      for (const bool is_packed : {false, true}) {
        ExpectUnusedStrides(operation, twin, target, sizes, is_packed, tally);
      }
    };
    if (Has(operation, Shape::kPlanes)) {
      for (const size_t inner : {1, 5, 70}) {
        for (const size_t n : {1, 3, 7, 40}) {
          run({1, n, inner, 2});
          run({n, 1, inner, 2});
        }
      }
      return;
    }
    if (Has(operation, Shape::kSquare)) return run({1, 1, 1});
    for (const size_t cols : {1, 4, 16, 33, 300, 5000}) {
      for (const size_t k : {1, 4}) {
        if (k <= cols) run({1, 1, cols, k});
        if (!Has(operation, Shape::kTopK)) break;
      }
    }
  });
}

// Kills: the same, where the issue saw it.
TEST_CASE("operands: one row of stride 1") {
  ForEachTarget([](Target target) {
    const float x[4] = {1.0f, 2.0f, 3.0f, 4.0f};
    float y[4];
    CHECK(Softmax({x, 1, 4, 1}, {y, 1, 4, 1}, {}, target) == Status::kOk);
    const float want[4] = {0.0320586f, 0.0871443f, 0.2368828f, 0.6439143f};
    for (int i = 0; i < 4; ++i) {
      CHECK(y[i] == doctest::Approx(want[i]).epsilon(1e-6));
    }
  });
}

// The call in which what has no elements has other strides and pointers.
void ExpectNoElements(const Operation& operation, size_t twin, Target target,
                      const Sizes& sizes, Tally& tally) {
  Fixture f(operation, sizes);
  const Bytes want = Expected(operation, twin, target, f, f.good, tally);
  for (const size_t stride :
       {size_t{0}, size_t{1}, sizes.cols - 1, sizes.cols, SIZE_MAX, kHuge}) {
    for (void* const data : {static_cast<void*>(nullptr), Unreadable()}) {
      Call all = f.good;
      for (const Operand& operand : operation.operands) {
        if (!IsEmpty(all[operand.id])) {
          // Weights are for classes, whose number is not 0. No row reads them.
          const bool has_rows =
              sizes.rows > 0 &&
              (operand.shape != Shape::kPerAxis || sizes.cols > 0);
          const bool is_read = operand.role != Role::kWritten && has_rows;
          const bool may_vary = (operand.shape == Shape::kPerColumn ||
                                 operand.shape == Shape::kPerAxis) &&
                                !is_read;
          if (may_vary) all[operand.id].data = data;
          continue;
        }
        Call one = f.good;
        one[operand.id].data = all[operand.id].data = data;
        one[operand.id].stride = all[operand.id].stride = stride;
        one[operand.id].axis_stride = all[operand.id].axis_stride = stride;
        ExpectBytes(operation, twin, target, f, one, want, operand.name, tally);
      }
      ExpectBytes(operation, twin, target, f, all, want, "all", tally);
    }
  }
}

// Kills: a stride, a pointer or weights that are looked at before the sizes.
TEST_CASE("operands: views without elements") {
  ForEachFunction(
      "views without elements",
      [](const Operation& operation, size_t twin, Target target, Tally& tally) {
        const auto run = [&](const Sizes& sizes) {
          ExpectNoElements(operation, twin, target, sizes, tally);
        };
        if (Has(operation, Shape::kSquare)) return run({0, 1, 0});
        run({0, 1, 0});
        run({3, 1, 0});
        run({1, 1, 0});
        run({0, 1, 5});
        if (Has(operation, Shape::kTopK)) {
          run({3, 1, 5, 0});
          return run({0, 1, 5, 2});
        }
        if (!Has(operation, Shape::kPerColumn)) run({0, 1, kHuge});
        if (Has(operation, Shape::kPlanes)) {
          run({2, 0, 5});
          run({0, 3, 5});
          run({2, 3, 0});
          if (MayBeLong(operation)) run({0, kHuge, kHuge});
        }
      });
}

// Ends the program, with the name of the function that does not return, unless
// its scope ends soon.
class Watchdog {
 public:
  explicit Watchdog(const char* name)
      : thread_([this, name] {
          std::unique_lock<std::mutex> lock(mutex_);
          if (ended_.wait_for(lock, std::chrono::seconds(30),
                              [this] { return has_ended_; })) {
            return;
          }
          std::fprintf(stderr, "does not return: %s\n", name);
          std::_Exit(1);
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      has_ended_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool has_ended_ = false;
  std::thread thread_;  // the last: it uses the others
};

// Kills: a loop over rows that have no columns.
TEST_CASE("operands: very many rows without columns") {
  ForEachFunction(
      "very many rows without columns",
      [](const Operation& operation, size_t twin, Target target, Tally& tally) {
        if (Has(operation, Shape::kPerRow) || Has(operation, Shape::kSquare)) {
          return;
        }
        const Watchdog watchdog(operation.name);
        const auto run = [&](const Sizes& sizes) {
          ExpectNoElements(operation, twin, target, sizes, tally);
        };
        run({kHuge, 1, 0});
        run({SIZE_MAX, 1, 0});
        if (Has(operation, Shape::kPlanes)) {
          for (const size_t inner : {size_t{0}, size_t{5}, kHuge}) {
            // Without an axis there are results per inner index, too.
            if (inner != 0 && Has(operation, Shape::kInner)) continue;
            run({kHuge, 0, inner});
            run({5, 0, inner});
          }
          for (const size_t axis : {size_t{0}, size_t{5}, kHuge}) {
            if (axis == kHuge && !MayBeLong(operation)) continue;
            run({kHuge, axis, 0});
            run({5, axis, 0});
          }
        }
      });
}

// Kills: a sum of no losses, where each would be NaN; losses that are not
// written.
TEST_CASE("operands: the loss of rows without columns") {
  ForEachTarget([](Target target) {
    for (const Reduction reduction : {Reduction::kSum, Reduction::kMean}) {
      CrossEntropyOptions options;
      options.reduction = reduction;
      options.zero_if_all_ignored = true;
      float loss = 5.0f, divisor = 5.0f;
      const Watchdog watchdog("CrossEntropy");
      const Rows<const float> none(nullptr, kHuge, 0, 0);
      CHECK(CrossEntropy(none, none, &loss, {nullptr, kHuge, 0, 7}, options,
                         &divisor, target) == Status::kOk);
      CHECK(loss != loss);
      CHECK(divisor == 0x1p62f);
    }
    CrossEntropyOptions options;
    options.reduction = Reduction::kNone;
    float losses[3] = {5.0f, 5.0f, 5.0f};
    const Rows<const float> none(nullptr, 3, 0);
    CHECK(CrossEntropy(none, none, losses, {}, options, nullptr, target) ==
          Status::kOk);
    for (const float loss : losses) CHECK(loss != loss);
  });
}

// Kills: an address that is never read and yet must be readable.
TEST_CASE("operands: weights without rows") {
  ForEachTarget([](Target target) {
    CrossEntropyOptions options;
    options.class_weights = static_cast<const float*>(Unreadable());
    options.zero_if_all_ignored = true;
    float loss = 5.0f;
    const Rows<const float> none(nullptr, 0, 20);
    const int64_t* const labels = nullptr;
    CHECK(CrossEntropy(none, labels, &loss, {}, options, nullptr, target) ==
          Status::kOk);
    CHECK(BitsOf(loss) == 0);
    loss = 5.0f;
    CHECK(CrossEntropy(none, none, &loss, {}, options, nullptr, target) ==
          Status::kOk);
    CHECK(BitsOf(loss) == 0);
  });
}

// Kills: a shape, a stride or a type that is checked although its data is null.
TEST_CASE("operands: null is none") {
  ForEachFunction("null is none", [](const Operation& operation, size_t twin,
                                     Target target, Tally& tally) {
    Fixture f(operation, {3, 1, 7});
    for (const Operand& operand : operation.operands) {
      if (!operand.is_optional) continue;
      Call call = f.good;
      call[operand.id] = View();
      const Bytes want = Expected(operation, twin, target, f, call, tally);
      for (const size_t size : {size_t{1}, size_t{6}, SIZE_MAX, kHuge}) {
        call[operand.id].stride = size;
        ExpectBytes(operation, twin, target, f, call, want, operand.name,
                    tally);
        call[operand.id].rows = call[operand.id].cols = size;
        ExpectBytes(operation, twin, target, f, call, want, operand.name,
                    tally);
        call[operand.id].type = 77;
        ExpectBytes(operation, twin, target, f, call, want, operand.name,
                    tally);
      }
    }
  });
}

}  // namespace
}  // namespace operands
}  // namespace softlane
