// SPDX-License-Identifier: Apache-2.0
#include "kernels/half_passes.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/half_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/half-inl.h"

// Conversions between a half type and float. Each pass reads and writes each
// element once.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::HalfPasses;

#if HWY_TARGET == HWY_AVX3

template <class In, class Out>
HWY_INLINE void ForSteps(const In* from, Out* to, size_t n) {
  size_t i = 0;
  for (; n - i >= kHalfStep; i += kHalfStep) Step(from + i, to + i);
  if (i != n) LastStep(from + i, to + i, hn::FirstN(F32(), n - i).raw);
}

#else

// to[i] = from[i] for i in [0, count). Copies need no loop: count < kHalfStep.
template <class T>
HWY_INLINE void CopyFew(const T* from, T* to, size_t count) {
  static_assert(kHalfStep == 8, "at most 4 + 2 + 1");
  if (count & 4) {
    std::memcpy(to, from, 4 * sizeof(T));
    from += 4, to += 4;
  }
  if (count & 2) {
    std::memcpy(to, from, 2 * sizeof(T));
    from += 2, to += 2;
  }
  if (count & 1) *to = *from;
}

// The last of several steps ends at the end of the row, so it converts some
// elements a second time.
template <class In, class Out>
HWY_INLINE void ForSteps(const In* from, Out* to, size_t n) {
  HWY_ALIGN In in[kHalfStep];
  HWY_ALIGN Out out[kHalfStep];
  Out* const few = to;
  const size_t count = n;
  if (n < kHalfStep) {
    std::memset(in, 0, sizeof(in));
    CopyFew(from, in, count);
    from = in;
    to = out;
    n = kHalfStep;
  }
  size_t i = 0;
#if HWY_TARGET == HWY_AVX2
  for (; n - i >= 2 * kHalfStep; i += 2 * kHalfStep) {
    TwoSteps(from + i, to + i);
  }
#endif
  for (; i < n; i += kHalfStep) {
    const size_t first = HWY_MIN(i, n - kHalfStep);
    Step(from + first, to + first);
  }
  if (count < kHalfStep) CopyFew(out, few, count);
}

#endif

template <class Half>
HWY_NOINLINE void Widen(const void* from, float* to, size_t n) {
  ForSteps(static_cast<const Half*>(from), to, n);
}
template <class Half>
HWY_NOINLINE void Narrow(const float* from, void* to, size_t n) {
  ForSteps(from, static_cast<Half*>(to), n);
}

// Rows without gaps are one row. A single row may have any stride, so no
// pointer behind it is computed.
template <class Half>
void WidenRows(const void* from, size_t from_stride, float* to,
               size_t to_stride, size_t rows, size_t n) {
  const Half* const first = static_cast<const Half*>(from);
  if (from_stride == n && to_stride == n) {
    return Widen<Half>(from, to, rows * n);
  }
  for (size_t r = 0; r < rows; ++r) {
    Widen<Half>(first + r * from_stride, to + r * to_stride, n);
  }
}
template <class Half>
void NarrowRows(const float* from, size_t from_stride, void* to,
                size_t to_stride, size_t rows, size_t n) {
  Half* const first = static_cast<Half*>(to);
  if (from_stride == n && to_stride == n) {
    return Narrow<Half>(from, to, rows * n);
  }
  for (size_t r = 0; r < rows; ++r) {
    Narrow<Half>(from + r * from_stride, first + r * to_stride, n);
  }
}

constexpr HalfPasses kPasses = {{&Widen<BFloat16>, &Widen<Float16>},
                                {&Narrow<BFloat16>, &Narrow<Float16>},
                                {&WidenRows<BFloat16>, &WidenRows<Float16>},
                                {&NarrowRows<BFloat16>, &NarrowRows<Float16>}};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const HalfPasses> kHalfPasses =
    SOFTLANE_KERNEL_TABLE(kPasses);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
