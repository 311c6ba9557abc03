// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace softlane {
namespace bench {
namespace {

constexpr size_t kTerminal = 80;
constexpr char kBetween[] = " | ";

}  // namespace

void Table::Add(const std::string& name, std::vector<std::string> cells) {
  const bool is_blank =
      std::all_of(cells.begin(), cells.end(),
                  [](const std::string& cell) { return cell.empty(); });
  if (is_blank) return;
  cells.insert(cells.begin(), name);
  lines_.push_back(std::move(cells));
}

size_t Table::WidthOf(size_t column) const {
  size_t width = heads_[column].size();
  for (const auto& line : lines_) width = std::max(width, line[column].size());
  return width;
}

void Table::PrintColumns(const std::vector<size_t>& columns) const {
  const auto print = [&](const std::vector<std::string>& line) {
    for (const size_t column : columns) {
      std::printf("%s%*s", column == 0 ? "" : kBetween,
                  static_cast<int>(WidthOf(column)), line[column].c_str());
    }
    std::printf("\n");
  };
  print(heads_);
  for (const auto& line : lines_) print(line);
}

void Table::Print() const {
  if (lines_.empty()) return;
  std::printf("\n%s\n", caption_.c_str());
  std::vector<size_t> columns = {0};
  size_t width = WidthOf(0);
  for (size_t column = 1; column < heads_.size(); ++column) {
    const bool is_blank =
        std::all_of(lines_.begin(), lines_.end(),
                    [&](const auto& line) { return line[column].empty(); });
    if (is_blank) continue;
    const size_t own = sizeof(kBetween) - 1 + WidthOf(column);
    if (width + own > kTerminal && columns.size() > 1) {
      PrintColumns(columns);
      columns.resize(1);
      width = WidthOf(0);
    }
    columns.push_back(column);
    width += own;
  }
  PrintColumns(columns);
}

}  // namespace bench
}  // namespace softlane
