// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_RESULTS_H_
#define SOFTLANE_BENCH_RESULTS_H_

#include <map>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "buffers.h"
#include "kernel.h"

// The plan of a run, and its results.

namespace softlane {
namespace bench {

// Collects the repetitions of every case and takes their median.
class Results : public benchmark::BenchmarkReporter {
 public:
  struct Cell {
    double ns_per_element;
    double gigabytes_per_second;
  };

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

  bool Failed() const { return failed_; }
  // How much the slowest repetition of a case was above the fastest: in the
  // case at `share` of all cases, from 0 to 1, in order.
  double SpreadAt(double share) const;

  // The cell of <series>/<rows>x<cols>, or null; a series is
  // <kernel>/<dtype>/<variant>.
  const Cell* Find(const std::string& series, const Shape& shape) const;
  // Its time, or 0.
  double Time(const std::string& series, const Shape& shape) const;

 private:
  std::map<std::string, Cell> cells_;  // by name of the case
  std::vector<double> spreads_;        // a case's slowest over its fastest
  bool failed_ = false;
};

// All that a run can have, in the order of the tables.
struct Plan {
  std::vector<const Kernel*> kernels;
  // Those of half types.
  std::vector<Kernel> half_kernels;
  std::vector<Shape> half_shapes;  // all among the shapes
  std::vector<Shape> shapes;
  // Those of kernels along an axis: places x classes.
  std::vector<Shape> axis_shapes;
  // Shapes for which softmax is also timed with kManyTimes the rows.
  std::vector<Shape> few_rows;
  // Shapes of calls that take nanoseconds, timed with softmax.
  std::vector<Shape> small;
  std::vector<Target> targets;  // slowest first
  std::vector<std::string> peers;
};
inline const std::vector<Shape>& ShapesOf(const Plan& plan,
                                          const Kernel& kernel) {
  return kernel.is_axis ? plan.axis_shapes : plan.shapes;
}
constexpr size_t kManyTimes = 100;
inline Shape ManyRows(const Shape& shape) {
  return {kManyTimes * shape.rows, shape.cols};
}

inline const char* TypeName(ElementType type) {
  return type == ElementType::kBFloat16  ? "bf16"
         : type == ElementType::kFloat16 ? "f16"
                                         : "f32";
}
// The first part of the names of a kernel's series.
inline std::string Series(const Kernel& kernel) {
  return std::string(kernel.name) + "/" + TypeName(kernel.type);
}
inline std::string Series(const Kernel& kernel, const std::string& variant) {
  return Series(kernel) + "/" + variant;
}
inline std::string FmaSeries(Target target) {
  return std::string("fma/f32/") + TargetName(target);
}
inline std::string ExpSeries(Target target) {
  return std::string("exp_limit/f32/") + TargetName(target);
}

// The peer that is fastest for a kernel and shape. `time` is 0 where no peer
// was timed.
struct FastestPeer {
  std::string name;
  double time = 0.0;
};
FastestPeer FindFastestPeer(const Plan& plan, const Results& results,
                            const Kernel& kernel, const Shape& shape);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_RESULTS_H_
