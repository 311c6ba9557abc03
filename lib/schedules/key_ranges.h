// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_KEY_RANGES_H_
#define SOFTLANE_LIB_SCHEDULES_KEY_RANGES_H_

#include <cstddef>
#include <cstdint>
#include <limits>

#include "softlane/options.h"

namespace softlane {
namespace internal {

/// The keys of a row that lengths, causal and window leave: [begin, end).
struct KeyRange {
  size_t begin, end;
};

/// The ranges of all rows of a call.
class KeyRanges {
 public:
  KeyRanges(const AttentionOptions& options, size_t cols)
      : cols_(cols), lengths_(options.lengths) {
    const int64_t first = options.first_query;
    if (options.causal) end_ = Sum(first, 1, kMax);
    if (options.window != 0) {
      begin_ = Sum(Sum(first, -options.window, kMin), 1, kMax);
    }
  }

  /// Whether a row may have less than all keys.
  static bool MayBePart(const AttentionOptions& options) {
    return options.lengths != nullptr || options.causal || options.window != 0;
  }

  [[gnu::noinline]] KeyRange Of(size_t r) const {
    const size_t end = EndOf(r);
    return {AtMost(end, begin_, r), end};
  }
  /// The ends of `count` rows from `first` on.
  [[gnu::noinline]] void EndsOf(size_t first, size_t count,
                                size_t* ends) const {
    for (size_t k = 0; k < count; ++k) ends[k] = EndOf(first + k);
  }

 private:
  static constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  static constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

  size_t EndOf(size_t r) const {
    const size_t end =
        lengths_ == nullptr ? cols_ : static_cast<size_t>(lengths_[r]);
    return AtMost(end, end_, r);
  }
  // a + b, or `limit` if the sum overflows.
  static int64_t Sum(int64_t a, int64_t b, int64_t limit) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? limit : sum;
  }
  // first + r, moved into [0, end].
  static size_t AtMost(size_t end, int64_t first, size_t r) {
    const int64_t at = Sum(first, static_cast<int64_t>(r), kMax);
    if (at <= 0) return 0;
    return static_cast<size_t>(at) < end ? static_cast<size_t>(at) : end;
  }

  size_t cols_;
  const int32_t* lengths_;
  // The range of row 0 as positions, which may lie outside of the keys.
  int64_t begin_ = kMin, end_ = kMax;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_KEY_RANGES_H_
