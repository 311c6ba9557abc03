// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_STATES_H_
#define SOFTLANE_TESTS_STATES_H_

#include <cstring>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

// States of one row, and what they give.

namespace softlane {

using Floats = std::vector<float>;

inline bool AreSame(const SoftmaxState& a, const SoftmaxState& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

inline SoftmaxState Read(const float* x, size_t first_col, size_t n,
                         const StateOptions& options, Target target) {
  SoftmaxState state = {};
  REQUIRE(UpdateStates({x, 1, n}, first_col, &state, options, target) ==
          Status::kOk);
  return state;
}
inline SoftmaxState Read(const Floats& x, const StateOptions& options,
                         Target target) {
  return Read(x.data(), 0, x.size(), options, target);
}
inline SoftmaxState Merged(SoftmaxState into, const SoftmaxState& from) {
  REQUIRE(MergeStates(&into, &from, 1) == Status::kOk);
  return into;
}
constexpr StateOptions kOfSoftmax{1.0f, StateUse::kSoftmax};
constexpr StateOptions kOfLog{1.0f, StateUse::kLogSoftmax};

inline float LogOf(const SoftmaxState& state, float scale, Target target) {
  float log = 1234.5f;
  REQUIRE(LogSumExp(&state, 1, &log, scale, target) == Status::kOk);
  return log;
}
inline Floats ProbsOf(const Floats& x, const SoftmaxState& state,
                      const SoftmaxOptions& options, Target target) {
  Floats y(x.size(), 1234.5f);
  REQUIRE(SoftmaxFromStates({x.data(), 1, x.size()}, &state,
                            {y.data(), 1, y.size()}, options,
                            target) == Status::kOk);
  return y;
}
inline Floats LogProbsOf(const Floats& x, const SoftmaxState& state,
                         const SoftmaxOptions& options, Target target) {
  Floats y(x.size(), 1234.5f);
  REQUIRE(LogSoftmaxFromStates({x.data(), 1, x.size()}, &state,
                               {y.data(), 1, y.size()}, options,
                               target) == Status::kOk);
  return y;
}

// Whether all results from the states are those of one call.
inline bool AreOfOneCall(const Floats& x, const SoftmaxState& of_softmax,
                         const SoftmaxState& of_log, float scale,
                         Target target) {
  const Rows<const float> in(x.data(), 1, x.size());
  bool ok = true;
  for (const EmptyRow policy : {EmptyRow::kNan, EmptyRow::kZero}) {
    const SoftmaxOptions options{scale, policy};
    Floats probs(x.size()), logs(x.size());
    float log, log_with_softmax;
    REQUIRE(SoftmaxWithLogSumExp(in, {probs.data(), 1, x.size()},
                                 &log_with_softmax, options,
                                 target) == Status::kOk);
    REQUIRE(LogSoftmax(in, {logs.data(), 1, x.size()}, options, target) ==
            Status::kOk);
    REQUIRE(LogSumExp(in, &log, scale, target) == Status::kOk);
    ok = ok && SameBits(ProbsOf(x, of_softmax, options, target), probs) &&
         SameBits(LogProbsOf(x, of_log, options, target), logs) &&
         SameBits(LogOf(of_softmax, scale, target), log_with_softmax) &&
         SameBits(LogOf(of_log, scale, target), log);
  }
  return ok;
}

// The state of a row in three parts, the last one first.
constexpr size_t kCuts[] = {0, kStateCols, 3 * kStateCols, 3 * kStateCols + 77};
constexpr size_t kCols = kCuts[3];
inline SoftmaxState ReadParts(const Floats& x, const StateOptions& options,
                              Target target) {
  SoftmaxState state = {};
  for (size_t i = 3; i-- > 0;) {
    state = Merged(state, Read(x.data() + kCuts[i], kCuts[i],
                               kCuts[i + 1] - kCuts[i], options, target));
  }
  return state;
}

inline Floats MakeLogits(size_t n, Random& random) {
  Floats x(n);
  for (float& v : x) v = 3.0f * random.Normal();
  return x;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_STATES_H_
