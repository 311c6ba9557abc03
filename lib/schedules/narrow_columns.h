// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_NARROW_COLUMNS_H_
#define SOFTLANE_LIB_SCHEDULES_NARROW_COLUMNS_H_

#include <cstddef>

#include "kernels/narrow_planes.h"
#include "schedules/columns.h"

// Planes with fewer columns than a vector has lanes. A tile takes several of
// them: see narrow_planes.h.

namespace softlane {
namespace internal {

/// The number of planes that a tile of `floats` takes, which is a power of two.
/// 0 means that planes are read one by one. `lanes` is that of TileKernels.
size_t PlanesAtOnce(const Planes<const float>& v, size_t lanes, size_t floats);
/// Whether columns stand beside one another without a gap.
template <typename T>
bool IsGapless(const Planes<T>& v) {
  return v.axis_stride == v.inner;
}

/// FloatMemory for narrow planes.
class NarrowMemory {
 public:
  explicit NarrowMemory(Target target)
      : narrow_(KernelsOf(kNarrowPlanesKernels, target)),
        kernels_(KernelsOf(kColumnKernels, target)) {}

  /// `max` may be null.
  void Read(const Planes<const float>& v, const ColumnTile& at,
            const TilePart& part, bool is_first, float* max) const;
  template <class MakeResults>
  void Put(const Planes<float>& v, const ColumnTile& at, const TilePart& part,
           const MakeResults& make) const {
    make(ColumnsOut{part.values, part.width, part.count, part.width});
    Write(v, at, part);
  }
  void Write(const Planes<float>& v, const ColumnTile& at,
             const TilePart& part) const;
  // The planes of a tile are one run of memory, which a CPU prefetches.
  void PrefetchIn(const Planes<const float>&, const ColumnTile&) const {}
  void PrefetchOut(const Planes<float>&, const ColumnTile&) const {}

 private:
  const NarrowPlanesKernels& narrow_;
  const ColumnKernels& kernels_;
};

/// Calls run(ColumnTile) for all planes, `at_once` planes at a time.
template <class Run>
void ForEachNarrowTile(const Planes<const float>& v, size_t at_once,
                       const Run& run) {
  for (size_t o = 0; o < v.outer; o += at_once) {
    const size_t left = v.outer - o;
    run(ColumnTile{o, 0, v.inner, 0, 0, left < at_once ? left : at_once,
                   at_once});
  }
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_NARROW_COLUMNS_H_
