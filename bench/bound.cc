// SPDX-License-Identifier: Apache-2.0
#include "bound.h"

#include <algorithm>
#include <string>

#include "format.h"
#include "kernels/row_limits.h"
#include "limits.h"

namespace softlane {
namespace bench {
namespace {

using internal::kMinLargeCols;

double FmaTime(const Results& results, Target target) {
  return results.Time(FmaSeries(target), FmaShape(target));
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
  const double read = Shortest(results, kReads, shape);
  const double copy = CopyTime(results, shape);
  if (fma == 0.0 || read == 0.0 || copy == 0.0) return 0.0;
  const Floor::Sweeps& sweeps =
      shape.cols < kMinLargeCols ? kernel.floor.cached : kernel.floor.large;
  return std::max(kernel.floor.operations * fma,
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
  std::string lines;
  for (const Target target : plan.targets) {
    if (target == Target::kBaseline) continue;
    const double ns = FmaTime(results, target);
    if (ns == 0.0) continue;
    lines += Format("%12s | %7.3f %6.1f\n", TargetName(target),
                    ns * static_cast<double>(FmaShape(target).cols), 2.0 / ns);
  }
  PrintTable("fma/f32: ns per vector, GFLOP/s", "", lines);

  lines.clear();
  std::string head = Format("%12s", "rows x cols");
  for (const Mover& mover : Movers()) {
    std::string name = mover.name;
    head += Format(" | %14s", name.replace(name.find("/f32/"), 5, " ").c_str());
  }
  for (const Shape& shape : plan.shapes) {
    std::string line;
    bool any = false;
    for (const Mover& mover : Movers()) {
      const Results::Cell* cell = results.Find(mover.name, shape);
      any = any || cell != nullptr;
      line += cell == nullptr ? Format(" | %14s", "")
                              : Format(" | %7.3f %6.1f", cell->ns_per_element,
                                       cell->gigabytes_per_second);
    }
    if (any) lines += Format("%12s", shape.Name().c_str()) + line + "\n";
  }
  PrintTable("moving floats: ns per element, GB/s", head + "\n", lines);
}

void PrintBounds(const Plan& plan, const Results& results,
                 const Kernel& kernel) {
  const Floor& floor = kernel.floor;
  if (floor.operations == 0.0) return;
  std::string head = Format("%12s", "rows x cols");
  for (const Target target : plan.targets) {
    if (target == Target::kBaseline) continue;
    head += Format(" | %22s", TargetName(target));
  }
  std::string lines;
  for (const Shape& shape : plan.shapes) {
    std::string line;
    bool any = false;
    for (const Target target : plan.targets) {
      if (target == Target::kBaseline) continue;
      const double time =
          results.Time(Series(kernel, TargetName(target)), shape);
      const double bound = Bound(results, kernel, target, shape);
      const bool known = time != 0.0 && bound != 0.0;
      any = any || known;
      line += known ? Format(" | %7.3f %7.3f %6.2f", time, bound, bound / time)
                    : Format(" | %22s", "");
    }
    if (any) lines += Format("%12s", shape.Name().c_str()) + line + "\n";
  }
  const std::string caption =
      ": ns per element, bound, bound / ns\nThe bound is the larger of " +
      Format("%.0f multiply-adds per vector, and ", floor.operations) +
      Describe(floor.cached) +
      Format(" (from %zu columns on: ", kMinLargeCols) + Describe(floor.large) +
      ").";
  PrintTable(Series(kernel) + caption, head + "\n", lines);
}

}  // namespace bench
}  // namespace softlane
