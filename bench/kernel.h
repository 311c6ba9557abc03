// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_KERNEL_H_
#define SOFTLANE_BENCH_KERNEL_H_

#include <cstddef>

#include "softlane/softlane.h"

// The description of a kernel. Each <kernel>_bench.cc has one.

namespace softlane {
namespace bench {

struct Operands {
  Rows<float> x;       // logits, N(0, 4); probabilities for a backward kernel
  Rows<float> second;  // N(0, 4)
  Rows<float> y;
  float* row_results;
  // For a kernel of a half type: x and second in that type, and an output.
  AnyRows any_x, any_second, any_y;
};

// The least work of any implementation, per element of an operand.
struct Floor {
  struct Sweeps {
    double reads, copies;  // a copy is a read and a write
  };
  // Per vector: exp values, each with its quotient (see RunExp), and more
  // multiply-adds or their like. Both are 0 if they are not known.
  double exps, operations;
  Sweeps cached;
  Sweeps large;  // for rows that no cache holds
};

struct Kernel {
  const char* name;
  // The bytes per element that must move: every operand once.
  double bytes;
  bool wants_probabilities;
  Floor floor;
  Status (*run)(const Operands&, Target);
  // The naive loop: the plain loop with std::exp that a user without a library
  // would write. Null for half types.
  void (*naive)(const Operands&);
  // The largest error of the outputs, in units of the documented bound.
  double (*error)(const Operands&);
  // The error that other libraries may have in rows of this many columns, in
  // the same units.
  double (*error_of_others)(size_t cols);
  // The same for views of any type: any_x, any_second, any_y. Null: the kernel
  // is timed with floats only.
  Status (*run_any)(const Operands&, Target) = nullptr;
  ElementType type = ElementType::kFloat32;
  // Of a half type: the function of floats, from x and second to y.
  Status (*run_floats)(const Operands&, Target) = nullptr;
  // Along an axis: timed with the shapes of such functions.
  bool is_axis = false;
};

constexpr ElementType kHalfTypes[] = {ElementType::kBFloat16,
                                      ElementType::kFloat16};
// The kernel with elements of a half type.
inline Kernel OfType(const Kernel& of_floats, ElementType type) {
  Kernel kernel = of_floats;
  kernel.run = of_floats.run_any;
  kernel.run_floats = of_floats.run;
  kernel.naive = nullptr;
  kernel.bytes = of_floats.bytes / 2.0;
  kernel.floor = {};
  kernel.type = type;
  return kernel;
}

extern const Kernel kAttentionSoftmax, kCrossEntropy, kCrossEntropyAxis,
    kCrossEntropyBackward, kExp, kLogSoftmax, kLogSoftmaxAxis, kRowMax,
    kSoftmax, kSoftmaxAxis, kSoftmaxBackward, kSoftmaxBackwardAxis,
    kSoftmaxTensor, kSoftmaxWithLogSumExp;

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_KERNEL_H_
