// SPDX-License-Identifier: Apache-2.0
#include "results.h"

#include <algorithm>
#include <cstdio>

namespace softlane {
namespace bench {
namespace {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return (values[(n - 1) / 2] + values[n / 2]) / 2.0;
}

}  // namespace

bool Results::ReportContext(const Context&) { return true; }

void Results::ReportRuns(const std::vector<Run>& runs) {
  std::vector<double> seconds_per_element;
  double bytes_per_element = 0.0;
  for (const Run& run : runs) {
    if (run.error_occurred) {
      std::fprintf(stderr, "%s: %s\n", run.benchmark_name().c_str(),
                   run.error_message.c_str());
      failed_ = true;
      return;
    }
    if (run.run_type != Run::RT_Iteration) continue;
    const double elements = run.counters.at("elements");
    bytes_per_element = run.counters.at("bytes_per_element");
    const double seconds =
        run.real_accumulated_time / static_cast<double>(run.iterations);
    seconds_per_element.push_back(seconds / elements);
  }
  if (seconds_per_element.empty()) return;
  const double median = Median(seconds_per_element);
  const auto ends = std::minmax_element(seconds_per_element.begin(),
                                        seconds_per_element.end());
  spreads_.push_back(*ends.second / *ends.first - 1.0);
  cells_[runs.front().run_name.function_name] = {
      median * 1e9, bytes_per_element / median * 1e-9};
}

double Results::SpreadAt(double share) const {
  std::vector<double> spreads = spreads_;
  std::sort(spreads.begin(), spreads.end());
  return spreads[static_cast<size_t>(share *
                                     static_cast<double>(spreads.size() - 1))];
}

const Results::Cell* Results::Find(const std::string& series,
                                   const Shape& shape) const {
  const auto cell = cells_.find(series + "/" + shape.Name());
  return cell == cells_.end() ? nullptr : &cell->second;
}

double Results::Time(const std::string& series, const Shape& shape) const {
  const Cell* cell = Find(series, shape);
  return cell == nullptr ? 0.0 : cell->ns_per_element;
}

FastestPeer FindFastestPeer(const Plan& plan, const Results& results,
                            const Kernel& kernel, const Shape& shape) {
  FastestPeer fastest;
  for (const std::string& peer : plan.peers) {
    const double time = results.Time(Series(kernel, peer), shape);
    if (time != 0.0 && (fastest.time == 0.0 || time < fastest.time)) {
      fastest = {peer, time};
    }
  }
  return fastest;
}

}  // namespace bench
}  // namespace softlane
