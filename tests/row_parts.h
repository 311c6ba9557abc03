// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_ROW_PARTS_H_
#define SOFTLANE_TESTS_ROW_PARTS_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "inputs.h"
#include "softlane/softmax_state.h"

// Random splits of a row, and random trees of merges.

namespace softlane {

struct Part {
  size_t begin, end;
};

// Parts that begin at multiples of kStateCols. Some may be empty.
inline std::vector<Part> SplitRow(size_t n, Random& random) {
  std::vector<size_t> cuts = {0};
  const size_t blocks = (n + kStateCols - 1) / kStateCols;
  for (size_t k = random.Below(blocks + 3); k-- > 0;) {
    cuts.push_back(std::min(n, random.Below(blocks + 1) * kStateCols));
  }
  cuts.push_back(n);
  std::sort(cuts.begin(), cuts.end());
  std::vector<Part> parts;
  for (size_t k = 0; k + 1 < cuts.size(); ++k) {
    parts.push_back({cuts[k], cuts[k + 1]});
  }
  return parts;
}

// The state of all parts, by a random tree.
inline SoftmaxState MergeAll(std::vector<SoftmaxState> states, Random& random) {
  while (states.size() > 1) {
    std::swap(states[random.Below(states.size())], states.back());
    const SoftmaxState last = states.back();
    states.pop_back();
    REQUIRE(MergeStates(&states[random.Below(states.size())], &last, 1) ==
            Status::kOk);
  }
  return states[0];
}

inline Target AnyTarget(Random& random) {
  const TargetList list = AvailableTargets();
  return list.data[random.Below(list.size)];
}

// The state of all parts: read(part, state) adds a part. Some states read more
// than one part, in any order.
template <class Read>
SoftmaxState ReadParts(const std::vector<Part>& parts, Random& random,
                       const Read& read) {
  std::vector<SoftmaxState> states;
  for (const Part& part : parts) {
    if (states.empty() || random.Below(3) != 0) states.emplace_back();
    read(part, states[random.Below(states.size())]);
  }
  return MergeAll(std::move(states), random);
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_ROW_PARTS_H_
