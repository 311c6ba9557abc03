// SPDX-License-Identifier: Apache-2.0
#include "kernels/half_exponentials.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/half_exponentials.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exponential-inl.h"
#include "arith/half_pairs-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::HalfExponentials;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

constexpr size_t kStep = 4 * kLanes;

// Usual arguments are at most 76 in magnitude. Their exponentials are normal
// floats and usual numbers: see half_vectors-inl.h.
template <class Half>
HWY_INLINE bool AreUsual(const Half* x) {
  const hn::Repartition<int16_t, F32> d;
  constexpr int16_t k76 = std::is_same_v<Half, BFloat16> ? 0x4298 : 0x54C0;
  const auto* const bits = reinterpret_cast<const int16_t*>(x);
  const auto magnitude = hn::Set(d, 0x7FFF);
  const auto a = hn::And(hn::LoadU(d, bits), magnitude);
  const auto b = hn::And(hn::LoadU(d, bits + 2 * kLanes), magnitude);
  return hn::AllFalse(d, hn::Gt(hn::Max(a, b), hn::Set(d, k76)));
}

// For all arguments. Not inlined, because the usual loop needs all registers.
template <class Half>
HWY_NOINLINE void ExpOfAny(const Half* x, Half* y) {
  const Exponential exponential;
  for (size_t i = 0; i < kStep; i += 2 * kLanes) {
    i = Unknown(i);  // little code
    StorePair(exponential(LoadPair(x + i)), y + i, false);
  }
}

// In pairs bfloat16 takes fewer instructions.
template <class Half>
void Exp(const void* x, void* y, size_t n) {
  constexpr bool kInWords =
      HWY_TARGET == HWY_AVX2 && std::is_same_v<Half, BFloat16>;
  const Half* const from = static_cast<const Half*>(x);
  Half* const to = static_cast<Half*>(y);
  const Exponential exponential;
  for (size_t i = 0; i < n; i += kStep) {
    if (HWY_UNLIKELY(!AreUsual(from + i))) {
      ExpOfAny(from + i, to + i);
      continue;
    }
    const Two a = LoadTwo<kInWords>(from + i);
    const Two b = LoadTwo<kInWords>(from + i + 2 * kLanes);
    const Four v = exponential.OfUsual(Four{a.a, a.b, b.a, b.b});
    StoreUsual<kInWords>(Two{v.a, v.b}, to + i);
    StoreUsual<kInWords>(Two{v.c, v.d}, to + i + 2 * kLanes);
  }
}

constexpr HalfExponentials kKernels = {{&Exp<BFloat16>, &Exp<Float16>}};
#else
constexpr HalfExponentials kKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const HalfExponentials> kHalfExponentials =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
