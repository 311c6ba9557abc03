// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_LOSS_LABELS_H_
#define SOFTLANE_LIB_LOSS_LABELS_H_

#include <cstddef>
#include <cstdint>

#include "operand.h"

namespace softlane {
namespace internal {

/// Labels of either type.
class Labels {
 public:
  explicit Labels(const int64_t* labels) : of64_(labels) {}
  explicit Labels(const int32_t* labels) : of32_(labels) {}

  int64_t operator[](size_t r) const {
    return of64_ != nullptr ? of64_[r] : of32_[r];
  }
  // As the checks see them: rows of 32-bit words.
  Rows<const uint32_t> Words(size_t rows) const {
    return of64_ != nullptr
               ? Rows<const uint32_t>(reinterpret_cast<const uint32_t*>(of64_),
                                      rows, 2)
               : Rows<const uint32_t>(reinterpret_cast<const uint32_t*>(of32_),
                                      rows, 1);
  }
  // Whether each label is in [0, end) or is `ignored`.
  bool AreBelow(uint64_t end, size_t rows, int64_t ignored) const {
    for (size_t r = 0; r < rows; ++r) {
      const int64_t label = (*this)[r];
      if (label == ignored) continue;
      if (label < 0 || static_cast<uint64_t>(label) >= end) return false;
    }
    return true;
  }

 private:
  const int64_t* of64_ = nullptr;
  const int32_t* of32_ = nullptr;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_LOSS_LABELS_H_
