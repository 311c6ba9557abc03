// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>
#include <vector>

#include "format.h"
#include "table.h"
#include "tables.h"

namespace softlane {
namespace bench {
namespace {

// 0 where softlane or every peer was not timed.
double Ratio(const Plan& plan, const Results& results, const Kernel& kernel,
             Target target, const Shape& shape) {
  const double time = results.Time(Series(kernel, TargetName(target)), shape);
  return time == 0.0
             ? 0.0
             : FindFastestPeer(plan, results, kernel, shape).time / time;
}

// The geometric mean, the lowest ratio and its shape, or blank.
std::string Summary(const Plan& plan, const Results& results,
                    const Kernel& kernel, Target target) {
  double sum = 0.0, count = 0.0, lowest = 0.0;
  std::string where;
  for (const Shape& shape : ShapesOf(plan, kernel)) {
    const double ratio = Ratio(plan, results, kernel, target, shape);
    if (ratio == 0.0) continue;
    sum += std::log(ratio);
    count += 1.0;
    if (lowest == 0.0 || ratio < lowest) {
      lowest = ratio;
      where = shape.Name();
    }
  }
  return count == 0.0 ? ""
                      : Format("%.2fx %5.2fx %11s", std::exp(sum / count),
                               lowest, where.c_str());
}

}  // namespace

void PrintRatios(const Plan& plan, const Results& results,
                 const Kernel& kernel) {
  std::vector<std::string> heads = {"rows x cols", "fastest peer"};
  for (const Target target : plan.targets) {
    if (target != Target::kBaseline) heads.push_back(TargetName(target));
  }
  Table table(
      Series(kernel) + ": the fastest peer, its ns per element over softlane's",
      heads);
  for (const Shape& shape : ShapesOf(plan, kernel)) {
    const FastestPeer fastest = FindFastestPeer(plan, results, kernel, shape);
    if (fastest.time == 0.0) continue;
    std::vector<std::string> cells = {
        Format("%s %7.3f", fastest.name.c_str(), fastest.time)};
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      const double ratio = Ratio(plan, results, kernel, target, shape);
      cells.push_back(ratio == 0.0 ? "" : Format("%.2fx", ratio));
    }
    table.Add(shape.Name(), cells);
  }
  table.Print();
}

void PrintRatioSummary(const Plan& plan, const Results& results) {
  std::vector<std::string> heads = {""};
  for (const Target target : plan.targets) {
    if (target != Target::kBaseline) heads.push_back(TargetName(target));
  }
  Table table(
      "the fastest peer's time over softlane's: geometric mean, lowest, its "
      "shape",
      heads);
  for (const Kernel* kernel : plan.kernels) {
    std::vector<std::string> cells;
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      cells.push_back(Summary(plan, results, *kernel, target));
    }
    table.Add(kernel->name, cells);
  }
  table.Print();
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
        const double ratio = Ratio(plan, results, *kernel, target, shape);
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
