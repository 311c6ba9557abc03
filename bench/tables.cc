// SPDX-License-Identifier: Apache-2.0
#include "tables.h"

#include <string>
#include <vector>

#include "bound.h"
#include "format.h"

namespace softlane {
namespace bench {
namespace {

std::string Field(const Results::Cell* cell) {
  return cell == nullptr ? Format(" | %14s", "")
                         : Format(" | %7.3f %6.1f", cell->ns_per_element,
                                  cell->gigabytes_per_second);
}

std::string SpeedUp(const Results::Cell* cell, const Results::Cell* naive) {
  return cell == nullptr || naive == nullptr
             ? Format(" %7s", "")
             : Format(" %6.2fx", naive->ns_per_element / cell->ns_per_element);
}

// Those that this kernel was timed with.
std::vector<std::string> Variants(const Plan& plan, const Results& results,
                                  const Kernel& kernel) {
  std::vector<std::string> variants;
  const auto add = [&](const std::string& variant) {
    for (const Shape& shape : plan.shapes) {
      if (results.Find(Series(kernel, variant), shape) != nullptr) {
        return variants.push_back(variant);
      }
    }
  };
  for (const Target target : plan.targets) add(TargetName(target));
  for (const std::string& peer : plan.peers) add(peer);
  return variants;
}

}  // namespace

void PrintKernel(const Plan& plan, const Results& results,
                 const Kernel& kernel) {
  const std::vector<std::string> variants = Variants(plan, results, kernel);
  std::string head =
      Format("%12s | %14s | %14s", "rows x cols", "copy", "naive");
  for (const std::string& variant : variants) {
    head += Format(" | %22s", variant.c_str());
  }
  std::string lines;
  for (const Shape& shape : plan.shapes) {
    const Results::Cell* naive = results.Find(Series(kernel, "naive"), shape);
    bool any = naive != nullptr;
    std::string line = Field(results.Find("copy/f32/memcpy", shape));
    line += Field(naive);
    for (const std::string& variant : variants) {
      const Results::Cell* cell = results.Find(Series(kernel, variant), shape);
      any = any || cell != nullptr;
      line += Field(cell) + SpeedUp(cell, naive);
    }
    if (any) lines += Format("%12s", shape.Name().c_str()) + line + "\n";
  }
  PrintTable(Series(kernel) + ": ns per element, GB/s, speed-up over naive",
             head + "\n", lines);
}

void PrintSmallCall(const Plan& plan, const Results& results) {
  std::string lines;
  const auto add = [&](Target target) {
    const double time =
        results.Time(Series(kSoftmax, TargetName(target)), kSmallCall);
    if (time == 0.0) return;
    lines += Format("%12s | %7.1f\n", TargetName(target),
                    time * static_cast<double>(kSmallCall.Elements()));
  };
  add(Target::kAuto);
  for (const Target target : plan.targets) add(target);
  PrintTable(Series(kSoftmax) + ": ns per call of " + kSmallCall.Name(), "",
             lines);
}

void PrintManyRows(const Plan& plan, const Results& results) {
  std::string head = Format("%12s | %22s", "rows x cols", "fastest copy");
  for (const Target target : plan.targets) {
    if (target == Target::kBaseline) continue;
    head += Format(" | %22s", TargetName(target));
  }
  std::string lines;
  for (const Shape& shape : plan.few_rows) {
    std::string line;
    bool any = false;
    const auto add = [&](double few, double many) {
      const bool known = few != 0.0 && many != 0.0;
      any = any || known;
      line += known ? Format(" | %7.3f %7.3f %5.2fx", few, many, many / few)
                    : Format(" | %22s", "");
    };
    add(CopyTime(results, shape), CopyTime(results, ManyRows(shape)));
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      const std::string series = Series(kSoftmax, TargetName(target));
      add(results.Time(series, shape), results.Time(series, ManyRows(shape)));
    }
    if (any) lines += Format("%12s", shape.Name().c_str()) + line + "\n";
  }
  PrintTable(Series(kSoftmax) +
                 Format(": ns per element, with %zu times the rows, their "
                        "ratio",
                        kManyTimes),
             head + "\n", lines);
}

bool WritePlotData(const Plan& plan, const Results& results, const char* path) {
  std::FILE* file = std::fopen(path, "w");
  if (file == nullptr) return false;
  const auto write = [&](const std::string& series) {
    std::string lines;
    for (const Shape& shape : plan.shapes) {
      const double time = results.Time(series, shape);
      if (time != 0.0) lines += Format("%zu %f\n", shape.cols, time);
    }
    if (lines.empty()) return;
    std::fprintf(file, "# %s\n%s\n\n", series.c_str(), lines.c_str());
  };
  write("copy/f32/memcpy");
  for (const Kernel* kernel : plan.kernels) {
    write(Series(*kernel, "naive"));
    for (const std::string& variant : Variants(plan, results, *kernel)) {
      write(Series(*kernel, variant));
    }
  }
  return std::fclose(file) == 0;
}

}  // namespace bench
}  // namespace softlane
