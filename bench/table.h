// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_TABLE_H_
#define SOFTLANE_BENCH_TABLE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"

namespace softlane {
namespace bench {

// Collects the repetitions of every case and prints, at the end, a table per
// kernel: a row per shape; per target ns per element, GB/s and the speed-up
// over naive, all from medians.
class TableReporter : public benchmark::BenchmarkReporter {
 public:
  // What there can be, in the order of the tables; a kernel has its dtype
  // behind a slash.
  TableReporter(std::vector<std::string> kernels,
                std::vector<std::string> variants,
                std::vector<std::string> peers, std::vector<std::string> shapes)
      : kernels_(std::move(kernels)),
        variants_(std::move(variants)),
        peers_(std::move(peers)),
        shapes_(std::move(shapes)) {}

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

  bool Failed() const { return failed_; }

  // For plot.gp: per kernel and variant a data set of columns and ns per
  // element.
  bool WritePlotData(const char* path) const;

 private:
  struct Cell {
    double ns_per_element;
    double gigabytes_per_second;
  };
  const Cell* Find(const std::string& kernel, const std::string& variant,
                   const std::string& shape) const;
  void PrintKernel(const std::string& kernel) const;

  // The fastest peer's time over softlane's, per target.
  void PrintRatios(const std::string& kernel) const;

  std::vector<std::string> kernels_, variants_, peers_, shapes_;
  std::map<std::string, Cell> cells_;  // by <kernel>/<dtype>/<variant>/<shape>
  bool failed_ = false;
};

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_TABLE_H_
