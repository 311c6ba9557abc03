// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_LABELS_H_
#define SOFTLANE_LIB_SCHEDULES_LABELS_H_

#include <cstddef>
#include <cstdint>

#include "softlane/rows.h"

namespace softlane {
namespace internal {

/// Operands that are not floats, in the form that the checks use: rows of
/// 32-bit words.
using Words = Rows<const uint32_t>;
template <typename T>
Words WordsOf(const Rows<const T>& view) {
  constexpr size_t kWords = sizeof(T) / sizeof(uint32_t);
  return {reinterpret_cast<const uint32_t*>(view.data), view.rows,
          kWords * view.cols, kWords * view.stride};
}

/// The labels of rows, of either type.
class Labels {
 public:
  Labels() = default;
  explicit Labels(const int64_t* labels) : of64_(labels) {}
  explicit Labels(const int32_t* labels) : of32_(labels) {}

  int64_t operator[](size_t r) const {
    return of64_ != nullptr ? of64_[r] : of32_[r];
  }
  /// The label `distance` labels behind the first, or before it.
  int64_t At(ptrdiff_t distance) const {
    return of64_ != nullptr ? of64_[distance] : of32_[distance];
  }
  /// The labels if they are int64_t, otherwise null.
  const int64_t* Of64() const { return of64_; }
  const int32_t* Of32() const { return of32_; }
  Words WordsOfRows(size_t rows) const {
    return of64_ != nullptr ? WordsOf(Rows<const int64_t>(of64_, rows, 1))
                            : WordsOf(Rows<const int32_t>(of32_, rows, 1));
  }
  /// The labels from row r on.
  Labels From(size_t r) const {
    return of64_ != nullptr ? Labels(of64_ + r) : Labels(of32_ + r);
  }
  /// Whether each label is in [0, end) or is `ignored`. Counts the others.
  bool AreBelow(uint64_t end, size_t rows, int64_t ignored,
                size_t& counted) const {
    return of64_ != nullptr ? AreBelow(of64_, end, rows, ignored, counted)
                            : AreBelow(of32_, end, rows, ignored, counted);
  }

 private:
  // A loop per type takes half the time of a loop that asks for the type.
  template <typename T>
  static bool AreBelow(const T* labels, uint64_t end, size_t rows,
                       int64_t ignored, size_t& counted) {
    counted = rows;
    for (size_t r = 0; r < rows; ++r) {
      const int64_t label = labels[r];
      if (label == ignored) {
        --counted;
      } else if (label < 0 || static_cast<uint64_t>(label) >= end) {
        return false;
      }
    }
    return true;
  }

  const int64_t* of64_ = nullptr;
  const int32_t* of32_ = nullptr;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_LABELS_H_
