// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_PLAN_H_
#define SOFTLANE_BENCH_PLAN_H_

namespace softlane {
namespace bench {

// Prints which schedule softmax takes on each target for a shape such as
// "64x64". False if the text is not a shape.
bool PrintSoftmaxPlan(const char* shape);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_PLAN_H_
