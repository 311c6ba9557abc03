// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_PLAN_H_
#define SOFTLANE_BENCH_PLAN_H_

namespace softlane {
namespace bench {

// Prints which schedule softmax takes for a shape, "64x64", on each target.
// False if it is no shape.
bool PrintSoftmaxPlan(const char* shape);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_PLAN_H_
