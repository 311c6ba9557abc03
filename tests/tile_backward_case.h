// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_TILE_BACKWARD_CASE_H_
#define SOFTLANE_TESTS_TILE_BACKWARD_CASE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "attention_reference.h"
#include "doctest/doctest.h"
#include "flash.h"
#include "inputs.h"
#include "softlane/softlane.h"
#include "tile_case.h"

// Random cases of the backward pass of attention by tiles, and their results by
// full rows and by tiles.

namespace softlane {

using Floats = std::vector<float>;

// A case and what its backward pass reads.
struct BackwardCase {
  size_t Size() const { return forward.scores.size(); }
  Rows<const float> Dprobs() const {
    return {dprobs.data(), forward.rows, forward.cols};
  }

  AttentionCase forward;
  Floats dprobs;
  std::vector<SoftmaxState> states;
  std::vector<double> delta;
};

struct Results {
  Floats probs, dscores;
};

// The results of full rows, whose dot products become the delta.
inline Results FullRows(BackwardCase& c, Target target) {
  const AttentionCase& f = c.forward;
  Results want{Floats(c.Size()), Floats(c.Size())};
  const Rows<float> probs(want.probs.data(), f.rows, f.cols);
  REQUIRE(AttentionSoftmax(f.Scores(), probs, f.options, target) ==
          Status::kOk);
  REQUIRE(AttentionSoftmaxBackward(probs, c.Dprobs(), f.Scores(),
                                   {want.dscores.data(), f.rows, f.cols},
                                   f.options, {}, target) == Status::kOk);
  // A dot product begins at the first key, and a key with p = 0 has no part.
  c.delta.assign(f.rows, 0.0);
  for (size_t r = 0; r < f.rows; ++r) {
    const std::vector<bool> outside = ReferenceAttention(f, r).outside;
    size_t begin = 0;
    while (begin < f.cols && outside[begin]) ++begin;
    const size_t at = r * f.cols + begin, n = f.cols - begin;
    Floats kept(c.dprobs.begin() + static_cast<ptrdiff_t>(at),
                c.dprobs.begin() + static_cast<ptrdiff_t>(at + n));
    for (size_t i = 0; i < n; ++i) {
      if (want.probs[at + i] == 0.0f) kept[i] = 0.0f;
    }
    REQUIRE(SoftmaxBackwardDots({want.probs.data() + at, 1, n},
                                {kept.data(), 1, n}, &c.delta[r],
                                target) == Status::kOk);
  }
  return want;
}

inline void ReadStates(BackwardCase& c, const std::vector<Part>& parts,
                       Target target) {
  const AttentionCase& f = c.forward;
  c.states.assign(f.rows, {});
  for (const Part& part : parts) {
    const Tile tile(f, part.begin, part.end);
    Floats exps(f.rows * tile.cols);
    std::vector<int32_t> shifts(f.rows);
    REQUIRE(AttentionTile({tile.scores.data(), f.rows, tile.cols},
                          c.states.data(),
                          Rows<float>(exps.data(), f.rows, tile.cols),
                          shifts.data(), tile.options, target) == Status::kOk);
  }
}

inline BackwardCase MakeBackwardCase(size_t which, Random& random,
                                     Target target) {
  BackwardCase c{MakeAttentionCase(which, random), {}, {}, {}};
  for (size_t i = 0; i < c.Size(); ++i) c.dprobs.push_back(random.Normal());
  ReadStates(c, {{0, c.forward.cols}}, target);
  return c;
}

// Keys [begin, end) as a tile of the case's own memory.
inline Status RunTile(const BackwardCase& c, const Part& part,
                      const AnyRows& dscores, const AnyRows& probs,
                      Target target) {
  const AttentionCase& f = c.forward;
  const size_t cols = part.end - part.begin;
  AttentionTileOptions options = Tile(f, part.begin, part.end).options;
  options.attention.sinks = f.options.sinks;
  return AttentionTileBackward(
      {f.scores.data() + part.begin, f.rows, cols, f.cols},
      {c.dprobs.data() + part.begin, f.rows, cols, f.cols}, c.states.data(),
      c.delta.data(), dscores, probs, options, target);
}

// The results by tiles, each of which is written to a window of the result.
inline Results ByTiles(const BackwardCase& c, const std::vector<Part>& parts,
                       Target target) {
  const AttentionCase& f = c.forward;
  Results got{Floats(c.Size(), 7.0f), Floats(c.Size(), 7.0f)};
  for (const Part& part : parts) {
    const size_t cols = part.end - part.begin;
    REQUIRE(
        RunTile(
            c, part,
            Rows<float>(got.dscores.data() + part.begin, f.rows, cols, f.cols),
            Rows<float>(got.probs.data() + part.begin, f.rows, cols, f.cols),
            target) == Status::kOk);
  }
  return got;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_TILE_BACKWARD_CASE_H_
