// SPDX-License-Identifier: Apache-2.0

// The vectors of a tile whose lanes are columns. The last columns may be a
// partial vector.

#if defined(SOFTLANE_LIB_KERNELS_COLUMN_VECTORS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_COLUMN_VECTORS_INL_H_
#undef SOFTLANE_LIB_KERNELS_COLUMN_VECTORS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_COLUMN_VECTORS_INL_H_
#endif

#include <cstring>

#include "arith/vector-inl.h"
#include "kernels/column_tiles.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ColumnsOut;

// The vectors of one row after another, where the last columns may be a partial
// vector. AVX-512 reads and writes a partial vector like a whole vector.
// Directly and by way of the tile, on Zen 5: softmax 0.56 and 0.79 ns per
// element at 1024 x 8.
#if HWY_TARGET == HWY_AVX3
constexpr bool kHasParts = true;
class SomeLanes {
 public:
  HWY_INLINE explicit SomeLanes(size_t count)
      : mask_(hn::FirstN(F32(), count)) {
    __asm__("" : "+Yk"(mask_.raw));  // GCC would make it for each vector
  }
  // +0 in the other lanes.
  HWY_INLINE VF Load(const float* from) const {
    return VF{_mm512_maskz_loadu_ps(mask_.raw, from)};
  }
  HWY_INLINE void Store(VF v, float* to) const {
    hn::BlendedStore(v, mask_, F32(), to);
  }

 private:
  hn::Mask<F32> mask_;
};
#else
constexpr bool kHasParts = false;
struct SomeLanes {
  HWY_INLINE explicit SomeLanes(size_t) {}
  static HWY_INLINE VF Load(const float* from) {
    return HWY_NAMESPACE::Load(from);
  }
  static HWY_INLINE void Store(VF v, float* to) { HWY_NAMESPACE::Store(v, to); }
};
#endif

// Aligned, because the loop takes twice the time if it crosses a cache line.
template <size_t kCount>
[[gnu::aligned(64)]] void CopyColumns(const float* values, size_t width,
                                      size_t n, float* to, size_t stride) {
  // A single row may have any stride, so no pointer behind it is computed.
  for (size_t k = 0; k < n; ++k) {
    std::memcpy(to + k * stride, values + k * width, kCount * sizeof(float));
  }
}
// Writes the partial vector at the end of each row.
HWY_MAYBE_UNUSED HWY_NOINLINE void WritePart(const float* values, size_t width,
                                             size_t n, size_t lanes, float* to,
                                             size_t stride) {
  // Writes the first columns and the last columns, which may overlap.
  // StoreFirst has branches that take more time: at 800 x 10, 13 % of a call on
  // Zen 3.
  const size_t count = lanes >= 4 ? 4 : lanes >= 2 ? 2 : 1;
  const auto copy = count == 4   ? &CopyColumns<4>
                    : count == 2 ? &CopyColumns<2>
                                 : &CopyColumns<1>;
  copy(values, width, n, to, stride);
  const size_t rest = lanes - count;
  if (rest != 0) copy(values + rest, width, n, to + rest, stride);
}

// Goes over n rows of `cols` columns. four(k, i) does vector i of the four rows
// from k on, which share the numbers of their lanes. one(k, i) does vector i of
// the rows from k on, one after another. A partial vector is treated like a
// whole vector.
template <class FourRows, class OneVector>
HWY_INLINE void ForVectors(size_t n, size_t cols, const FourRows& four,
                           const OneVector& one) {
  const size_t end = cols - cols % kLanes;
  const size_t first = end == kLanes ? 0 : n - n % 4;
  for (size_t k = 0; k < first; k += 4) {
    for (size_t i = 0; i < end; i += kLanes) four(k, i);
  }
  for (size_t i = first == n ? end : 0; i < cols; i += kLanes) {
    one(i == end ? 0 : first, i);
  }
}

// Calls body(x, to) for the elements of some rows. A single row may have any
// stride, so no pointer behind it is computed.
template <class X, class Body>
HWY_INLINE void ForRows(size_t rows, X x, size_t x_stride, float* to,
                        size_t to_stride, const Body& body) {
  for (;; x += x_stride, to += to_stride) {
    body(x, to);
    if (--rows == 0) return;
  }
}

// A vector of a tile, or four vectors of four rows.
struct OneAt {
  HWY_INLINE VF operator()(const float* values) const {
    return Load(values + at);
  }
  size_t at;
};
struct FourAt {
  HWY_INLINE Four operator()(const float* values) const {
    return LoadFour(values + at, width);
  }
  size_t at, width;
};

// step_of(i) gives the function that computes the results of the lanes from i
// on. It takes a OneAt or a FourAt. Partial vectors wait in the tile.
template <class StepOf>
HWY_INLINE void WriteColumns(float* tile, size_t width, const ColumnsOut& out,
                             const StepOf& step_of) {
  const size_t n = out.n, cols = out.cols, stride = out.stride;
  float* const to = out.to;
  const size_t lanes = cols % kLanes, end = cols - lanes;
  ForVectors(
      n, cols,
      [&](size_t k, size_t i) HWY_ATTR {
        StoreFour(step_of(i)(FourAt{k * width + i, width}), to + k * stride + i,
                  stride);
      },
      [&](size_t k, size_t i) HWY_ATTR {
        const auto step = step_of(i);
        const size_t at = k * width + i;
        const bool is_part = i == end;
        const bool is_copied = !kHasParts && is_part;
        const SomeLanes some(is_part ? lanes : kLanes);
        ForRows(n - k, at, width, is_copied ? tile + at : to + k * stride + i,
                is_copied ? width : stride, [&](size_t at, float* to) HWY_ATTR {
                  some.Store(step(OneAt{at}), to);
                });
      });
  if (kHasParts || lanes == 0) return;
  WritePart(tile + end, width, n, lanes, to + end, stride);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_COLUMN_VECTORS_INL_H_
