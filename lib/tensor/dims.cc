// SPDX-License-Identifier: Apache-2.0
#include "tensor/dims.h"

namespace softlane {
namespace internal {

void Dims::Insert(const Dim& dim, size_t key, size_t last) noexcept {
  int at = rank++;
  for (; at > 0 && key != kNoOrder; --at) {
    const Dim& before = all[at - 1];
    const bool is_tie = before.strides[key] == dim.strides[key];
    const size_t by = is_tie ? last : key;
    if (before.strides[by] <= dim.strides[by]) break;
    all[at] = before;
  }
  all[at] = dim;
}

void Dims::Merge(size_t operands) noexcept {
  int merged = 0;
  for (int d = 1; d < rank; ++d) {
    Dim& inner = all[merged];
    bool fits = true;
    for (size_t k = 0; k < operands; ++k) {
      fits &= all[d].strides[k] == Times(inner.strides[k], inner.size);
    }
    if (fits) {
      inner.size *= all[d].size;
    } else {
      all[++merged] = all[d];
    }
  }
  if (rank != 0) rank = merged + 1;
}

}  // namespace internal
}  // namespace softlane
