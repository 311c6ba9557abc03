// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_KERNEL_H_
#define SOFTLANE_BENCH_KERNEL_H_

#include <cstddef>

#include "softlane/softlane.h"

// What one kernel's file tells the benchmark.

namespace softlane {
namespace bench {

struct Operands {
  Rows<float> x;       // logits, N(0, 4); probabilities for a backward kernel
  Rows<float> second;  // N(0, 4)
  Rows<float> y;
  float* row_results;
};

struct Kernel {
  const char* name;
  // Bytes per element that must move: every operand once.
  double bytes;
  bool wants_probabilities;
  Status (*run)(const Operands&, Target);
  // The plain loop with std::exp that one would write without a library.
  void (*naive)(const Operands&);
  // The largest error of the outputs, in units of the documented bound.
  double (*error)(const Operands&);
};

extern const Kernel kExp, kRowMax, kSoftmax, kSoftmaxWithLogSumExp,
    kSoftmaxBackward;

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_KERNEL_H_
