// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_TABLE_H_
#define SOFTLANE_BENCH_TABLE_H_

#include <string>
#include <utility>
#include <vector>

namespace softlane {
namespace bench {

// A table for a terminal of 80 columns. A cell that is blank was not measured:
// lines and columns that are wholly blank are left out. Columns that do not fit
// beside the others are printed below them, with the names of the lines.
class Table {
 public:
  // The caption may have more than one line. `heads` names the lines first.
  Table(std::string caption, std::vector<std::string> heads)
      : caption_(std::move(caption)), heads_(std::move(heads)) {}

  // A cell for each head but the first.
  void Add(const std::string& name, std::vector<std::string> cells);
  // On standard output, after a blank line; nothing if all cells are blank.
  void Print() const;

 private:
  void PrintColumns(const std::vector<size_t>& columns) const;
  // The number of characters of a column.
  size_t WidthOf(size_t column) const;

  std::string caption_;
  std::vector<std::string> heads_;
  std::vector<std::vector<std::string>> lines_;  // each with its name first
};

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_TABLE_H_
