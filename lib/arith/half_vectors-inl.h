// SPDX-License-Identifier: Apache-2.0

// Loads and stores vectors of a half type, for passes that convert in
// registers. Targets without instructions for the conversion do not have them.
//
// A usual number is 0 or has a magnitude from 2^-126 to 2^111.

#if defined(SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_
#undef SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_
#else
#define SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_
#endif

#include "arith/cpu_features.h"
#include "arith/half-inl.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX3

template <class Half>
HWY_INLINE VF LoadHalf(const Half* from) {
  return VF{Convert(
      Half(), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)))};
}
HWY_INLINE void StoreUsual(VF v, Float16* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      Convert(Float16(), v.raw));
}

#elif HWY_TARGET == HWY_AVX2

HWY_INLINE VF LoadHalf(const BFloat16* from) {
  // One shuffle of bytes replaces two instructions.
  const __m256i v = _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  const __m256i places = _mm256_setr_epi8(
      -1, -1, 0, 1, -1, -1, 2, 3, -1, -1, 4, 5, -1, -1, 6, 7, -1, -1, 8, 9, -1,
      -1, 10, 11, -1, -1, 12, 13, -1, -1, 14, 15);
  return VF{_mm256_castsi256_ps(_mm256_shuffle_epi8(v, places))};
}
HWY_INLINE VF LoadHalf(const Float16* from) {
  return VF{Convert(Float16(),
                    _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))};
}
HWY_INLINE void StoreUsual(VF v, Float16* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), Convert(Float16(), v.raw));
}

#elif HWY_ARCH_ARM_A64

HWY_INLINE uint16x4_t LoadFourBits(const void* from) {
  return vreinterpret_u16_u8(vld1_u8(static_cast<const uint8_t*>(from)));
}
HWY_INLINE VF LoadHalf(const BFloat16* from) {
  return VF(vreinterpretq_f32_u32(vshll_n_u16(LoadFourBits(from), 16)));
}
HWY_INLINE VF LoadHalf(const Float16* from) {
  return VF(vcvt_f32_f16(vreinterpret_f16_u16(LoadFourBits(from))));
}

#endif

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

// A usual number rounded to the 8 bits of bfloat16, to nearest even. 65535 v,
// rounded to 24 bits, is 65536 v minus the multiple of v's last bit in bfloat16
// that is nearest to v. 65537 v would not serve, because it may have one more
// binary digit. All such floats were compared. NaN becomes quiet.
HWY_INLINE VF RoundedUsual(VF v) {
  const VF factor = Set(0x1p16f);
  return hn::MulSub(v, factor, hn::MulSub(v, factor, v));
}

HWY_INLINE void StoreUsual(const Two& v, float* to) {
  Store(v.a, to);
  Store(v.b, to + kLanes);
}
HWY_INLINE void StoreUsual(const Two& v, Float16* to) {
  StoreUsual(v.a, to);
  StoreUsual(v.b, to + kLanes);
}
#if HWY_TARGET == HWY_AVX3
// AVX512-BF16 rounds usual numbers and NaN to the same bits: it differs where a
// number is subnormal. The time of softmax on Zen 5 without and with it over
// that of floats: 1.30 and 1.14 at 16 x 256, 1.25 and 1.13 at 8 x 4096.
template <bool kHasBFloat16>
HWY_INLINE __m512i UsualHalves(const Two& v) {
  if constexpr (kHasBFloat16) {
    __m512i halves;
    __asm__("vcvtne2ps2bf16 %2, %1, %0"
            : "=v"(halves)
            : "v"(v.b.raw), "v"(v.a.raw));
    return halves;
  }
  return UpperHalves(_mm512_castps_si512(RoundedUsual(v.a).raw),
                     _mm512_castps_si512(RoundedUsual(v.b).raw));
}
HWY_INLINE bool HasBFloat16() {
  return HWY_LIKELY(internal::g_has_bfloat16.load(std::memory_order_relaxed));
}
HWY_INLINE void StoreUsual(const Two& v, BFloat16* to) {
  _mm512_storeu_si512(
      to, HasBFloat16() ? UsualHalves<true>(v) : UsualHalves<false>(v));
}
#else
HWY_INLINE void StoreUsual(const Two& v, BFloat16* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      UpperHalves(_mm256_castps_si256(RoundedUsual(v.a).raw),
                                  _mm256_castps_si256(RoundedUsual(v.b).raw)));
}
#endif

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_
