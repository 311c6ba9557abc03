// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_TALLY_H_
#define SOFTLANE_TESTS_OPERAND_TALLY_H_

#include <cstdio>
#include <string>

#include "doctest/doctest.h"
#include "each_target.h"
#include "operand_fixture.h"
#include "operand_types.h"

// Runs calls, compares what they give, and counts the cases.

namespace softlane {
namespace operands {

// A call in words.
inline std::string Describe(const Operation& operation, const Call& call,
                            const std::string& what, Status status) {
  const auto number = [](size_t n) {
    return n == SIZE_MAX          ? std::string("SIZE_MAX")
           : n == size_t{1} << 62 ? std::string("2^62")
                                  : std::to_string(n);
  };
  std::string text = what + ": " + StatusName(status) + " of " +
                     number(call.sizes.rows) + " x ";
  if (Has(operation, Shape::kPlanes)) text += number(call.sizes.axis) + " x ";
  text += number(call.sizes.cols);
  for (const Operand& operand : operation.operands) {
    const View& v = call[operand.id];
    text += std::string(", ") + operand.name;
    if (v.data == nullptr) text += " null";
    if (!IsView(operand.shape)) continue;
    text += " stride " + number(v.stride);
    if (HasAxis(operand.shape)) text += "/" + number(v.axis_stride);
  }
  return text;
}

// Counts the cases of a target; one check and one witness per function.
class Tally {
 public:
  Tally(const char* name, Target target) : name_(name), target_(target) {}
  ~Tally() {
    std::printf("%-9s %8zu cases, %zu failed: %s\n", TargetName(target_),
                count_, failed_, name_);
  }
  // describe() says what the case is.
  template <class Describe>
  void Expect(bool ok, const Describe& describe) {
    ++count_;
    if (ok) return;
    if (failures_++ == 0) first_ = describe();
  }
  // The cases of one function are over.
  void Check(const Operation& operation, size_t twin) {
    INFO(NameOf(operation) << ", " << std::string(kTwinNames[twin]));
    INFO(failures_ << " failures, the first: " << first_);
    CHECK(failures_ == 0);
    failed_ += failures_;
    failures_ = 0;
  }

 private:
  const char* name_;
  Target target_;
  size_t count_ = 0;
  size_t failures_ = 0;  // of the function
  size_t failed_ = 0;    // of those before
  std::string first_;
};

// body(operation, twin, target, tally) for each function and its C twin, with
// floats and with other types.
template <class Body>
void ForEachFunction(const char* name, const Body& body) {
  ForEachTarget([&](Target target) {
    Tally tally(name, target);
    for (const auto* const all : {&Operations(), &TypedOperations()}) {
      for (const Operation& operation : *all) {
        for (const size_t twin : {0, 1}) {
          body(operation, twin, target, tally);
          tally.Check(operation, twin);
        }
      }
    }
  });
}

// Runs the call, which must give what `want` has.
inline void ExpectBytes(const Operation& operation, size_t twin, Target target,
                        Fixture& f, const Call& call, const Bytes& want,
                        const std::string& what, Tally& tally) {
  const Status status = operation.run[twin](call, target);
  bool intact;
  const Bytes got = f.Take(call, &intact);
  tally.Expect(status == Status::kOk && intact && got == want, [&] {
    return Describe(operation, call,
                    what + (!intact       ? ", wrote elsewhere"
                            : got == want ? ""
                                          : ", other bits"),
                    status);
  });
}

// The bytes that the call gives.
inline Bytes Expected(const Operation& operation, size_t twin, Target target,
                      Fixture& f, const Call& call, Tally& tally) {
  const Status status = operation.run[twin](call, target);
  bool intact;
  const Bytes result = f.Take(call, &intact);
  tally.Expect(status == Status::kOk && intact, [&] {
    return Describe(operation, call, "a usual call", status);
  });
  return result;
}

// Runs a call that must have that status, and else must not write.
inline void ExpectStatus(const Operation& operation, size_t twin, Target target,
                         Fixture& f, const Call& call, Status want,
                         const std::string& what, Tally& tally) {
  const Status status = operation.run[twin](call, target);
  bool untouched = true;
  if (want != Status::kOk) {
    untouched = f.IsUntouched();
    if (!untouched) f.Reset();
  } else {
    f.Take(call, &untouched);
  }
  tally.Expect(status == want && untouched, [&] {
    return Describe(
        operation, call,
        what + ", not " + StatusName(want) + (untouched ? "" : ", wrote"),
        status);
  });
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_TALLY_H_
