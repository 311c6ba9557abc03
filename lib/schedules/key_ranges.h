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
    if (options.causal) end_ = AtMostFar(Sum(first, 1, kMax));
    if (options.window != 0) {
      begin_ = AtMostFar(Sum(Sum(first, -options.window, kMin), 1, kMax));
    }
  }

  /// Whether a row may have less than all keys.
  bool MayBePart() const {
    return lengths_ != nullptr || begin_ != kMin ||
           Within(cols_, end_) != cols_;
  }

  [[gnu::noinline]] KeyRange Of(size_t r) const {
    const size_t end = EndOf(r);
    return {Within(end, begin_ + static_cast<int64_t>(r)), end};
  }
  /// The ends of `count` rows from `first` on.
  [[gnu::noinline]] void EndsOf(size_t first, size_t count,
                                size_t* ends) const {
    const KeyRanges own = *this;  // a copy, which no store changes
    for (size_t k = 0; k < count; ++k) ends[k] = own.EndOf(first + k);
  }

 private:
  static constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  static constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  // A position after all keys. The sum of kFar and the index of a row does not
  // overflow.
  static constexpr int64_t kFar = int64_t{1} << 62;

  size_t EndOf(size_t r) const {
    const size_t end =
        lengths_ == nullptr ? cols_ : static_cast<size_t>(lengths_[r]);
    return Within(end, end_ + static_cast<int64_t>(r));
  }
  // a + b, or `limit` if the sum overflows.
  static int64_t Sum(int64_t a, int64_t b, int64_t limit) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? limit : sum;
  }
  static int64_t AtMostFar(int64_t at) { return at < kFar ? at : kFar; }
  // The position, moved into [0, end].
  static size_t Within(size_t end, int64_t at) {
    const auto last = static_cast<int64_t>(end);
    const int64_t before = at < last ? at : last;
    return static_cast<size_t>(before > 0 ? before : 0);
  }

  size_t cols_;
  const int32_t* lengths_;
  // The range of row 0 as positions, which may lie outside of the keys.
  int64_t begin_ = kMin, end_ = kFar;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_KEY_RANGES_H_
