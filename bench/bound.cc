// SPDX-License-Identifier: Apache-2.0
#include "bound.h"

#include <algorithm>
#include <string>
#include <vector>

#include "format.h"
#include "kernels/row_limits.h"
#include "limits.h"
#include "table.h"

namespace softlane {
namespace bench {
namespace {

using internal::kMinLargeCols;

double FmaTime(const Results& results, Target target) {
  return results.Time(FmaSeries(target), FmaShape(target));
}
double ExpTime(const Results& results, Target target) {
  return results.Time(ExpSeries(target), FmaShape(target));
}

bool IsKnown(const Floor& floor) {
  return floor.exps != 0.0 || floor.operations != 0.0;
}

// The shortest time of several series; 0 if none was measured.
template <size_t kCount>
double Shortest(const Results& results, const char* const (&series)[kCount],
                const Shape& shape) {
  double best = 0.0;
  for (const char* one : series) {
    const double time = results.Time(one, shape);
    if (time != 0.0 && (best == 0.0 || time < best)) best = time;
  }
  return best;
}

// The bound in ns per element, or 0 if a part of it was not measured.
double Bound(const Results& results, const Kernel& kernel, Target target,
             const Shape& shape) {
  const double fma = FmaTime(results, target);
  const double exp = ExpTime(results, target);
  const double read = Shortest(results, kReads, shape);
  const double copy = CopyTime(results, shape);
  if (fma == 0.0 || exp == 0.0 || read == 0.0 || copy == 0.0) return 0.0;
  const Floor::Sweeps& sweeps =
      shape.cols < kMinLargeCols ? kernel.floor.cached : kernel.floor.large;
  return std::max(kernel.floor.exps * exp + kernel.floor.operations * fma,
                  sweeps.reads * read + sweeps.copies * copy);
}

std::string Describe(const Floor::Sweeps& sweeps) {
  if (sweeps.reads == 0.0) return "the fastest copy";
  return Format("%.0f x read + the fastest copy", sweeps.reads);
}

}  // namespace

double CopyTime(const Results& results, const Shape& shape) {
  return Shortest(results, kCopies, shape);
}

void PrintLimits(const Plan& plan, const Results& results) {
  Table computing("limits/f32: ns per vector of a target",
                  {"", "multiply-add", "GFLOP/s", "exp value"});
  for (const Target target : plan.targets) {
    if (target == Target::kBaseline) continue;
    const double ns = FmaTime(results, target);
    const auto lanes = static_cast<double>(FmaShape(target).cols);
    const double exp = ExpTime(results, target);
    computing.Add(TargetName(target),
                  {ns == 0.0 ? "" : Format("%.3f", ns * lanes),
                   ns == 0.0 ? "" : Format("%.1f", 2.0 / ns),
                   exp == 0.0 ? "" : Format("%.3f", exp * lanes)});
  }
  computing.Print();

  std::vector<std::string> heads = {"rows x cols"};
  for (const Mover& mover : Movers()) {
    std::string name = mover.name;
    heads.push_back(name.replace(name.find("/f32/"), 5, " "));
  }
  Table moving("moving floats: ns per element, GB/s", heads);
  for (const Shape& shape : plan.shapes) {
    std::vector<std::string> cells;
    for (const Mover& mover : Movers()) {
      const Results::Cell* cell = results.Find(mover.name, shape);
      cells.push_back(cell == nullptr
                          ? ""
                          : Format("%.3f %6.1f", cell->ns_per_element,
                                   cell->gigabytes_per_second));
    }
    moving.Add(shape.Name(), cells);
  }
  moving.Print();
}

void PrintBounds(const Plan& plan, const Results& results,
                 const Kernel& kernel) {
  const Floor& floor = kernel.floor;
  if (!IsKnown(floor)) return;
  std::vector<std::string> heads = {"rows x cols"};
  for (const Target target : plan.targets) {
    if (target != Target::kBaseline) heads.push_back(TargetName(target));
  }
  std::string work;
  if (floor.exps != 0.0) work = Format("%.0f exp value", floor.exps);
  if (floor.operations != 0.0) {
    if (!work.empty()) work += " and ";
    work += Format("%.0f multiply-adds", floor.operations);
  }
  Table table(Series(kernel) +
                  ": ns per element, bound, bound / ns\nThe bound is " + work +
                  " per vector or, if longer,\n" + Describe(floor.cached) +
                  Format(", from %zu columns on\n", kMinLargeCols) +
                  Describe(floor.large) + ".",
              heads);
  for (const Shape& shape : plan.shapes) {
    std::vector<std::string> cells;
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      const double time =
          results.Time(Series(kernel, TargetName(target)), shape);
      const double bound = Bound(results, kernel, target, shape);
      const bool known = time != 0.0 && bound != 0.0;
      cells.push_back(
          known ? Format("%.3f %7.3f %6.2f", time, bound, bound / time) : "");
    }
    table.Add(shape.Name(), cells);
  }
  table.Print();
}

}  // namespace bench
}  // namespace softlane
