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

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_FORMAT_H_
