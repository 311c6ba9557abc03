// SPDX-License-Identifier: Apache-2.0
#include "tables.h"

#include <map>
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

// The targets and peers that this kernel was timed with.
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

void PrintSmallCalls(const Plan& plan, const Results& results) {
  std::string head = Format("%12s | %8s", "rows x cols", "naive");
  for (const Target target : plan.targets) {
    head += Format(" | %16s", TargetName(target));
  }
  std::string lines;
  for (const Shape& shape : plan.small) {
    const auto find = [&](const char* variant) {
      return results.Find(Series(kSoftmax, variant), shape);
    };
    const auto field = [&](const Results::Cell* cell) {
      return cell == nullptr
                 ? Format(" | %8s", "")
                 : Format(" | %8.1f",
                          cell->ns_per_element *
                              static_cast<double>(shape.Elements()));
    };
    const Results::Cell* naive = find("naive");
    bool any = naive != nullptr;
    std::string line = field(naive);
    for (const Target target : plan.targets) {
      const Results::Cell* cell = find(TargetName(target));
      any = any || cell != nullptr;
      line += field(cell) + SpeedUp(cell, naive);
    }
    if (any) lines += Format("%12s", shape.Name().c_str()) + line + "\n";
  }
  PrintTable(Series(kSoftmax) + ": ns per call, speed-up over naive",
             head + "\n", lines);
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
  // `time` gives ns per element for a shape, or 0.
  const auto write = [&](const std::string& series, const auto& time) {
    std::map<size_t, double> points;  // the first shape of a length stays
    for (const Shape& shape : plan.shapes) {
      const double ns = time(shape);
      if (ns != 0.0) points.emplace(shape.cols, ns);
    }
    if (points.empty()) return;
    std::fprintf(file, "# %s\n", series.c_str());
    for (const auto& point : points) {
      std::fprintf(file, "%zu %f\n", point.first, point.second);
    }
    std::fprintf(file, "\n\n");
  };
  const auto write_series = [&](const std::string& series) {
    write(series,
          [&](const Shape& shape) { return results.Time(series, shape); });
  };
  write_series("copy/f32/memcpy");
  for (const Kernel* kernel : plan.kernels) {
    write_series(Series(*kernel, "naive"));
    for (const Target target : plan.targets) {
      write_series(Series(*kernel, TargetName(target)));
    }
    write(Series(*kernel, "peer"), [&](const Shape& shape) {
      return FindFastestPeer(plan, results, *kernel, shape).time;
    });
  }
  return std::fclose(file) == 0;
}

}  // namespace bench
}  // namespace softlane
