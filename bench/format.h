// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_FORMAT_H_
#define SOFTLANE_BENCH_FORMAT_H_

#include <cstdio>
#include <string>

namespace softlane {
namespace bench {

// printf into a string, of a field or a line.
template <class... Values>
std::string Format(const char* format, const Values&... values) {
  char text[256];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

// Nothing if no line was measured.
inline void PrintTable(const std::string& caption, const std::string& head,
                       const std::string& lines) {
  if (lines.empty()) return;
  std::printf("\n%s\n%s%s", caption.c_str(), head.c_str(), lines.c_str());
}

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_FORMAT_H_
