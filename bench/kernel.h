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

// What no implementation can do without, per element of an operand.
struct Floor {
  struct Sweeps {
    double reads, copies;  // a copy is a read and a write
  };
  double operations;  // FMA-class ones per vector; 0: none is known
  Sweeps cached;
  Sweeps large;  // of rows that no cache holds
};

struct Kernel {
  const char* name;
  // Bytes per element that must move: every operand once.
  double bytes;
  bool wants_probabilities;
  Floor floor;
  Status (*run)(const Operands&, Target);
  // The plain loop with std::exp that one would write without a library.
  void (*naive)(const Operands&);
  // The largest error of the outputs, in units of the documented bound.
  double (*error)(const Operands&);
  // In the same units, what other libraries may have in rows of so many
  // columns.
  double (*error_of_others)(size_t cols);
};

extern const Kernel kAttentionSoftmax, kCrossEntropy, kExp, kLogSoftmax,
    kRowMax, kSoftmax, kSoftmaxWithLogSumExp, kSoftmaxBackward;

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_KERNEL_H_
