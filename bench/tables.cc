// SPDX-License-Identifier: Apache-2.0
#include "tables.h"

#include <map>
#include <string>
#include <vector>

#include "bound.h"
#include "format.h"
#include "table.h"

namespace softlane {
namespace bench {
namespace {

std::string Field(const Results::Cell* cell) {
  return cell == nullptr ? "" : Format("%.3f", cell->ns_per_element);
}

// A time, and the speed-up over the naive loop if that was measured.
std::string WithSpeedUp(const std::string& time, const Results::Cell* cell,
                        const Results::Cell* naive) {
  return cell == nullptr || naive == nullptr
             ? time
             : time + Format(" %6.2fx",
                             naive->ns_per_element / cell->ns_per_element);
}

std::vector<std::string> TargetNames(const Plan& plan) {
  std::vector<std::string> names;
  for (const Target target : plan.targets) names.push_back(TargetName(target));
  return names;
}

}  // namespace

void PrintKernel(const Plan& plan, const Results& results,
                 const Kernel& kernel) {
  std::vector<std::string> heads = {"rows x cols", "copy", "naive"};
  std::vector<std::string> variants = TargetNames(plan);
  variants.insert(variants.end(), plan.peers.begin(), plan.peers.end());
  heads.insert(heads.end(), variants.begin(), variants.end());
  Table table(Series(kernel) + ": ns per element, speed-up over naive", heads);
  for (const Shape& shape : ShapesOf(plan, kernel)) {
    const Results::Cell* naive = results.Find(Series(kernel, "naive"), shape);
    std::vector<std::string> cells = {"", Field(naive)};
    bool any = naive != nullptr;
    for (const std::string& variant : variants) {
      const Results::Cell* cell = results.Find(Series(kernel, variant), shape);
      any = any || cell != nullptr;
      cells.push_back(WithSpeedUp(Field(cell), cell, naive));
    }
    // A copy alone is no line of a kernel.
    if (any) cells[0] = Field(results.Find("copy/f32/memcpy", shape));
    table.Add(shape.Name(), cells);
  }
  table.Print();
}

void PrintTypes(const Plan& plan, const Results& results,
                const Kernel& kernel) {
  if (kernel.run_any == nullptr) return;
  std::vector<std::string> heads = {"rows x cols"};
  for (const Target target : plan.targets) {
    if (target == Target::kBaseline) continue;
    for (const ElementType type : kHalfTypes) {
      heads.push_back(std::string(TargetName(target)) + " " + TypeName(type));
    }
  }
  for (const std::string& peer : plan.peers) {
    for (const ElementType type : kHalfTypes) {
      heads.push_back(peer + " " + TypeName(type));
    }
  }
  Table table(std::string(kernel.name) +
                  ", half types: ns per element, over f32's time",
              heads);
  for (const Shape& shape : plan.half_shapes) {
    std::vector<std::string> cells;
    const auto add = [&](const std::string& variant) {
      const double of_floats = results.Time(Series(kernel, variant), shape);
      for (const ElementType type : kHalfTypes) {
        const Results::Cell* const cell =
            results.Find(Series(OfType(kernel, type), variant), shape);
        std::string field = Field(cell);
        if (cell != nullptr && of_floats != 0.0) {
          field += Format(" %5.2fx", cell->ns_per_element / of_floats);
        }
        cells.push_back(field);
      }
    };
    for (const Target target : plan.targets) {
      if (target != Target::kBaseline) add(TargetName(target));
    }
    for (const std::string& peer : plan.peers) add(peer);
    table.Add(shape.Name(), cells);
  }
  table.Print();
}

void PrintSmallCalls(const Plan& plan, const Results& results) {
  std::vector<std::string> heads = {"rows x cols", "naive"};
  const std::vector<std::string> variants = TargetNames(plan);
  heads.insert(heads.end(), variants.begin(), variants.end());
  Table table(Series(kSoftmax) + ": ns per call, speed-up over naive", heads);
  for (const Shape& shape : plan.small) {
    const auto field = [&](const Results::Cell* cell) {
      return cell == nullptr
                 ? ""
                 : Format("%.1f", cell->ns_per_element *
                                      static_cast<double>(shape.Elements()));
    };
    const Results::Cell* naive = results.Find(Series(kSoftmax, "naive"), shape);
    std::vector<std::string> cells = {field(naive)};
    for (const std::string& variant : variants) {
      const Results::Cell* cell =
          results.Find(Series(kSoftmax, variant), shape);
      cells.push_back(WithSpeedUp(field(cell), cell, naive));
    }
    table.Add(shape.Name(), cells);
  }
  table.Print();
}

void PrintManyRows(const Plan& plan, const Results& results) {
  std::vector<std::string> heads = {"rows x cols", "fastest copy"};
  for (const Target target : plan.targets) {
    if (target != Target::kBaseline) heads.push_back(TargetName(target));
  }
  Table table(Series(kSoftmax) +
                  Format(": ns per element, with %zu times the rows, their "
                         "ratio",
                         kManyTimes),
              heads);
  for (const Shape& shape : plan.few_rows) {
    std::vector<std::string> cells;
    const auto add = [&](double few, double many) {
      const bool known = few != 0.0 && many != 0.0;
      cells.push_back(known ? Format("%.3f %7.3f %5.2fx", few, many, many / few)
                            : "");
    };
    add(CopyTime(results, shape), CopyTime(results, ManyRows(shape)));
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      const std::string series = Series(kSoftmax, TargetName(target));
      add(results.Time(series, shape), results.Time(series, ManyRows(shape)));
    }
    table.Add(shape.Name(), cells);
  }
  table.Print();
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
  for (const Kernel& kernel : plan.half_kernels) {
    for (const Target target : plan.targets) {
      write_series(Series(kernel, TargetName(target)));
    }
  }
  return std::fclose(file) == 0;
}

}  // namespace bench
}  // namespace softlane
