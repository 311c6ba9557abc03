// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_LABELS_H_
#define SOFTLANE_BENCH_LABELS_H_

#include <cstdint>
#include <vector>

#include "softlane/rows.h"

namespace softlane {
namespace bench {

// One class label per row of logits, spread over the classes. The memory is
// shared by all, and refilled where the shape is another one.
inline const int64_t* LabelsOf(const Rows<float>& logits) {
  static std::vector<int64_t> labels;
  static size_t cols = 0;
  if (labels.size() != logits.rows || cols != logits.cols) {
    cols = logits.cols;
    labels.clear();
    for (size_t r = 0; r < logits.rows; ++r) {
      labels.push_back(static_cast<int64_t>(r * 7919 % cols));
    }
  }
  return labels.data();
}

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_LABELS_H_
