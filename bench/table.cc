// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <algorithm>
#include <cmath>
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

bool TableReporter::ReportContext(const Context&) { return true; }

void TableReporter::ReportRuns(const std::vector<Run>& runs) {
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
  cells_[runs.front().run_name.function_name] = {
      median * 1e9, bytes_per_element / median * 1e-9};
}

void TableReporter::Finalize() {
  for (const std::string& kernel : kernels_) PrintKernel(kernel);
  for (const std::string& kernel : kernels_) PrintRatios(kernel);
}

bool TableReporter::WritePlotData(const char* path) const {
  std::FILE* file = std::fopen(path, "w");
  if (file == nullptr) return false;
  const auto write = [&](const std::string& kernel,
                         const std::string& variant) {
    std::string lines;
    for (const std::string& shape : shapes_) {
      const Cell* cell = Find(kernel, variant, shape);
      if (cell == nullptr) continue;
      lines += shape.substr(shape.find('x') + 1) + " " +
               std::to_string(cell->ns_per_element) + "\n";
    }
    if (lines.empty()) return;
    std::fprintf(file, "# %s/%s\n%s\n\n", kernel.c_str(), variant.c_str(),
                 lines.c_str());
  };
  write("copy/f32", "memcpy");
  for (const std::string& kernel : kernels_) {
    for (const std::string& variant : variants_) write(kernel, variant);
  }
  return std::fclose(file) == 0;
}

const TableReporter::Cell* TableReporter::Find(const std::string& kernel,
                                               const std::string& variant,
                                               const std::string& shape) const {
  const auto cell = cells_.find(kernel + "/" + variant + "/" + shape);
  return cell == cells_.end() ? nullptr : &cell->second;
}

void TableReporter::PrintKernel(const std::string& kernel) const {
  std::string text;
  for (const std::string& shape : shapes_) {
    std::string line;
    const auto add = [&](const Cell* cell, bool with_speed_up,
                         const Cell* naive) {
      char text[64] = "";
      char speed_up[32] = "";
      if (cell != nullptr) {
        std::snprintf(text, sizeof(text), "%7.3f %6.1f", cell->ns_per_element,
                      cell->gigabytes_per_second);
      }
      if (cell != nullptr && naive != nullptr) {
        std::snprintf(speed_up, sizeof(speed_up), "%6.2fx",
                      naive->ns_per_element / cell->ns_per_element);
      }
      char padded[128];
      std::snprintf(padded, sizeof(padded),
                    with_speed_up ? " | %14s %7s" : " | %14s", text, speed_up);
      line += padded;
    };
    const Cell* naive = Find(kernel, "naive", shape);
    bool any = false;
    add(Find("copy/f32", "memcpy", shape), false, nullptr);
    for (const std::string& variant : variants_) {
      const Cell* cell = Find(kernel, variant, shape);
      any = any || cell != nullptr;
      add(cell, variant != "naive", naive);
    }
    if (!any) continue;
    char head[32];
    std::snprintf(head, sizeof(head), "%12s", shape.c_str());
    text += head + line + "\n";
  }
  if (text.empty()) return;
  std::printf("\n%s: ns per element, GB/s, speed-up over naive\n%12s | %14s",
              kernel.c_str(), "rows x cols", "copy");
  for (const std::string& variant : variants_) {
    std::printf(variant == "naive" ? " | %14s" : " | %22s", variant.c_str());
  }
  std::printf("\n%s", text.c_str());
}

void TableReporter::PrintRatios(const std::string& kernel) const {
  std::string text;
  std::map<std::string, std::vector<double>> ratios;
  for (const std::string& shape : shapes_) {
    const Cell* best = nullptr;
    std::string best_name;
    for (const std::string& peer : peers_) {
      const Cell* cell = Find(kernel, peer, shape);
      if (cell != nullptr &&
          (best == nullptr || cell->ns_per_element < best->ns_per_element)) {
        best = cell;
        best_name = peer;
      }
    }
    if (best == nullptr) continue;
    char line[128];
    std::snprintf(line, sizeof(line), "%12s | %8s %7.3f", shape.c_str(),
                  best_name.c_str(), best->ns_per_element);
    text += line;
    for (const char* target : {"avx2", "avx512", "neon"}) {
      const Cell* cell = Find(kernel, target, shape);
      if (cell == nullptr) continue;
      const double ratio = best->ns_per_element / cell->ns_per_element;
      ratios[target].push_back(ratio);
      std::snprintf(line, sizeof(line), " | %6s %5.2fx", target, ratio);
      text += line;
    }
    text += "\n";
  }
  if (text.empty()) return;
  std::printf("\n%s: the fastest peer, its ns per element over softlane's\n%s",
              kernel.c_str(), text.c_str());
  for (const auto& [target, values] : ratios) {
    double sum = 0.0;
    for (const double value : values) sum += std::log(value);
    std::printf("geometric mean, %s: %.2fx\n", target.c_str(),
                std::exp(sum / static_cast<double>(values.size())));
  }
}

}  // namespace bench
}  // namespace softlane
