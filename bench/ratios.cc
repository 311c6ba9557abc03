// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>

#include "format.h"
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

// " | geometric mean, lowest ratio and its shape", or blanks.
std::string Summary(const Plan& plan, const Results& results,
                    const Kernel& kernel, Target target) {
  double sum = 0.0, count = 0.0, lowest = 0.0;
  std::string where;
  for (const Shape& shape : plan.shapes) {
    const double ratio = Ratio(plan, results, kernel, target, shape);
    if (ratio == 0.0) continue;
    sum += std::log(ratio);
    count += 1.0;
    if (lowest == 0.0 || ratio < lowest) {
      lowest = ratio;
      where = shape.Name();
    }
  }
  return count == 0.0 ? Format(" | %26s", "")
                      : Format(" | %5.2fx %5.2fx %12s", std::exp(sum / count),
                               lowest, where.c_str());
}

}  // namespace

void PrintRatios(const Plan& plan, const Results& results,
                 const Kernel& kernel) {
  std::string lines;
  for (const Shape& shape : plan.shapes) {
    const FastestPeer fastest = FindFastestPeer(plan, results, kernel, shape);
    if (fastest.time == 0.0) continue;
    lines += Format("%12s | %8s %7.3f", shape.Name().c_str(),
                    fastest.name.c_str(), fastest.time);
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      const double ratio = Ratio(plan, results, kernel, target, shape);
      if (ratio == 0.0) continue;
      lines += Format(" | %6s %5.2fx", TargetName(target), ratio);
    }
    lines += "\n";
  }
  PrintTable(
      Series(kernel) + ": the fastest peer, its ns per element over softlane's",
      "", lines);
}

void PrintRatioSummary(const Plan& plan, const Results& results) {
  std::string head = Format("%16s", "");
  for (const Target target : plan.targets) {
    if (target == Target::kBaseline) continue;
    head += Format(" | %26s", TargetName(target));
  }
  std::string lines;
  for (const Kernel* kernel : plan.kernels) {
    std::string line;
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      line += Summary(plan, results, *kernel, target);
    }
    const bool is_blank = line.find_first_not_of(" |") == std::string::npos;
    if (!is_blank) lines += Format("%16s", kernel->name) + line + "\n";
  }
  PrintTable(
      "the fastest peer's time over softlane's: geometric mean, lowest, its "
      "shape",
      head + "\n", lines);
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
