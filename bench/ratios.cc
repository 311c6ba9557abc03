// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>

#include "format.h"
#include "tables.h"

namespace softlane {
namespace bench {
namespace {

struct Fastest {
  std::string name;
  double time = 0.0;  // 0: no peer was timed
};

Fastest FastestPeer(const Plan& plan, const Results& results,
                    const Kernel& kernel, const Shape& shape) {
  Fastest fastest;
  for (const std::string& peer : plan.peers) {
    const double time = results.Time(Series(kernel, peer), shape);
    if (time != 0.0 && (fastest.time == 0.0 || time < fastest.time)) {
      fastest = {peer, time};
    }
  }
  return fastest;
}

// 0 if one of both was not timed.
double Ratio(const Results& results, const Kernel& kernel, Target target,
             const Shape& shape, const Fastest& fastest) {
  const double time = results.Time(Series(kernel, TargetName(target)), shape);
  return time == 0.0 ? 0.0 : fastest.time / time;
}

}  // namespace

void PrintRatios(const Plan& plan, const Results& results,
                 const Kernel& kernel) {
  std::string lines, means;
  for (const Shape& shape : plan.shapes) {
    const Fastest fastest = FastestPeer(plan, results, kernel, shape);
    if (fastest.time == 0.0) continue;
    lines += Format("%12s | %8s %7.3f", shape.Name().c_str(),
                    fastest.name.c_str(), fastest.time);
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      const double ratio = Ratio(results, kernel, target, shape, fastest);
      if (ratio == 0.0) continue;
      lines += Format(" | %6s %5.2fx", TargetName(target), ratio);
    }
    lines += "\n";
  }
  for (const Target target : plan.targets) {
    if (target == Target::kBaseline) continue;
    double sum = 0.0, count = 0.0;
    for (const Shape& shape : plan.shapes) {
      const Fastest fastest = FastestPeer(plan, results, kernel, shape);
      const double ratio = Ratio(results, kernel, target, shape, fastest);
      if (ratio == 0.0) continue;
      sum += std::log(ratio);
      count += 1.0;
    }
    if (count == 0.0) continue;
    means += Format("geometric mean, %s: %.2fx\n", TargetName(target),
                    std::exp(sum / count));
  }
  PrintTable(
      Series(kernel) + ": the fastest peer, its ns per element over softlane's",
      "", lines + means);
}

bool WriteRatioData(const Plan& plan, const Results& results,
                    const char* path) {
  std::FILE* file = std::fopen(path, "w");
  if (file == nullptr) return false;
  for (const Kernel* kernel : plan.kernels) {
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      std::string lines;
      for (const Shape& shape : plan.shapes) {
        const Fastest fastest = FastestPeer(plan, results, *kernel, shape);
        const double ratio = Ratio(results, *kernel, target, shape, fastest);
        if (ratio != 0.0) lines += Format("%zu %f\n", shape.cols, ratio);
      }
      if (lines.empty()) continue;
      std::fprintf(file, "# %s\n%s\n\n",
                   Series(*kernel, TargetName(target)).c_str(), lines.c_str());
    }
  }
  return std::fclose(file) == 0;
}

}  // namespace bench
}  // namespace softlane
