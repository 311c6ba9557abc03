// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_LIMITS_H_
#define SOFTLANE_BENCH_LIMITS_H_

#include <cstddef>

#include "buffers.h"
#include "softlane/target.h"

// The best that the machine can do: loops that only compute or only move data,
// with the vectors of a target. They are limits for every kernel.

namespace softlane {
namespace bench {

// The multiply-adds of a step, none of which waits for another: chains x lanes.
Shape FmaShape(Target target);
// Reads and writes at most kSlack elements.
void RunFma(Target target, const float* from, float* to, size_t steps);
// The instructions of exp values that compete for the pipes of multiply-adds,
// and none of which waits for another: for a vector 7 multiply-adds, and 1 for
// the quotient; a look-up in a table of 8; conversions to double of one float
// in four. A step has as many vectors as FmaShape has rows.
void RunExp(Target target, const float* from, float* to, size_t steps);

// Moves n elements, rounded up to whole steps. A step is less than kSlack.
using Move = void(const float* from, float* to, size_t n);

// On the best target of this machine.
struct Mover {
  const char* name;  // <kernel>/<dtype>/<variant>
  double bytes;      // per element
  Move* run;
};
constexpr const char* kReads[] = {"read/f32/vector", "read/f32/prefetch"};
constexpr const char* kCopies[] = {"copy/f32/memcpy", "copy/f32/vector",
                                   "copy/f32/stream"};
constexpr const char* kStore = "store/f32/stream";

constexpr size_t kNumMovers = 6;
struct MoverList {
  const Mover* begin() const { return movers; }
  const Mover* end() const { return movers + kNumMovers; }

  Mover movers[kNumMovers];
};
MoverList Movers();

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_LIMITS_H_
