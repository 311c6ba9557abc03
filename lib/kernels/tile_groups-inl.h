// SPDX-License-Identifier: Apache-2.0

// The order in which tiles of rows are done, a row per lane.

#if defined(SOFTLANE_LIB_KERNELS_TILE_GROUPS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_TILE_GROUPS_INL_H_
#undef SOFTLANE_LIB_KERNELS_TILE_GROUPS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_TILE_GROUPS_INL_H_
#endif

#include "arith/vector-inl.h"
#include "softlane/rows.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Where the rows of a group are. In place of rows that it does not have stands
// the last one: a tile does it again, which needs no branch.
struct GroupRows {
  HWY_INLINE void Set(const Rows<const float>& x, const Rows<float>& y,
                      size_t first_row, size_t row_count) {
    first = first_row;
    count = row_count;
    const float* x_row = x.Row(first);
    float* y_row = y.Row(first);
    for (size_t r = 0; r < kLanes; ++r) {
      from[r] = x_row;
      to[r] = y_row;
      if (r + 1 < count) {
        x_row += x.stride;
        y_row += y.stride;
      }
    }
  }

  size_t first, count;
  const float* from[kLanes];
  float* to[kLanes];
};

// All rows, in groups: a Group is made of `parameters` and has the steps called
// below, of which only the first reads rows. `fallback` does rows [first, first
// + count) of a group whose first step says that it cannot.
template <class Group, class Fallback, class... Parameters>
HWY_INLINE void RunGroups(const Rows<const float>& x, const Rows<float>& y,
                          const Fallback& fallback,
                          const Parameters&... parameters) {
  // Different steps of three groups alternate, so that one has work to do where
  // another waits for its maxima or sums.
  Group groups[3] = {Group(parameters...), Group(parameters...),
                     Group(parameters...)};
  Group* before = nullptr;
  Group* current = nullptr;
  for (size_t r = 0; r < x.rows || current != nullptr || before != nullptr;
       r += kLanes) {
    Group* const next = &groups[r / kLanes % 3];
    const size_t count = r < x.rows ? HWY_MIN(kLanes, x.rows - r) : 0;
    bool is_direct = false;
    if (count != 0 && current != nullptr && before != nullptr) {
      is_direct = current->SumNumeratorsAnd(*next, x, y, r, count, *before);
    } else {
      if (count != 0) is_direct = next->FindOctaves(x, y, r, count);
      if (before != nullptr) before->EndSums();
      if (current != nullptr) current->SumNumerators(x.cols);
      if (before != nullptr) before->Write(x.cols);
    }
    if (count != 0 && !is_direct) fallback(r, count);
    before = current;
    current = is_direct ? next : nullptr;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_TILE_GROUPS_INL_H_
