// SPDX-License-Identifier: Apache-2.0

// A look-up in a table of eight values, with the same result on every target.

#if defined(SOFTLANE_LIB_ARITH_TABLE8_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_TABLE8_INL_H_
#undef SOFTLANE_LIB_ARITH_TABLE8_INL_H_
#else
#define SOFTLANE_LIB_ARITH_TABLE8_INL_H_
#endif

#include <cstdint>
#include <cstring>

#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Eight 32-bit values, looked up by the low three bits of each lane.
class Table8 {
 public:
  HWY_INLINE explicit Table8(const uint32_t (&values)[8]) {
#if HWY_TARGET == HWY_AVX2
    const __m128i* from = reinterpret_cast<const __m128i*>(values);
    table_ = _mm256_loadu2_m128i(from + 1, from);
#elif HWY_TARGET == HWY_AVX3
    const __m256i* from = reinterpret_cast<const __m256i*>(values);
    table_ = _mm512_broadcast_i64x4(_mm256_loadu_si256(from));
#elif HWY_ARCH_ARM_A64
    table_.val[0] = vreinterpretq_u8_u32(vld1q_u32(values));
    table_.val[1] = vreinterpretq_u8_u32(vld1q_u32(values + 4));
    constexpr uint32_t kRepeat[4] = {0x00000000, 0x04040404, 0x08080808,
                                     0x0C0C0C0C};
    repeat_ = vreinterpretq_u8_u32(vld1q_u32(kRepeat));
#else
    std::memcpy(table_, values, sizeof(table_));
#endif
  }

  // hn::TableLookupLanes needs indices in range, which would take an And.
  // vpermd ignores the higher bits.
  HWY_INLINE VI operator[](VI index) const {
#if HWY_TARGET == HWY_AVX2
    return VI{_mm256_permutevar8x32_epi32(table_, index.raw)};
#elif HWY_TARGET == HWY_AVX3
    return VI{_mm512_permutexvar_epi32(index.raw, table_)};
#elif HWY_ARCH_ARM_A64
    // Byte b of a lane looks up byte 4 * index + b. vmulq would compute this,
    // too, but only one pipe has it. These three instructions run on any pipe.
    const uint8x16_t shifted = vreinterpretq_u8_s32(vshlq_n_s32(index.raw, 2));
    const uint8x16_t all_bytes = vqtbl1q_u8(shifted, repeat_);
    const uint8x16_t bytes =
        vbslq_u8(vdupq_n_u8(7 << 2), all_bytes,
                 vreinterpretq_u8_u32(vdupq_n_u32(0x03020100)));
    return VI(vreinterpretq_s32_u8(vqtbl2q_u8(table_, bytes)));
#else
    return hn::Set(I32(), table_[hn::GetLane(index) & 7]);
#endif
  }

 private:
#if HWY_TARGET == HWY_AVX2
  __m256i table_;
#elif HWY_TARGET == HWY_AVX3
  __m512i table_;
#elif HWY_ARCH_ARM_A64
  uint8x16x2_t table_;
  uint8x16_t repeat_;
#else
  int32_t table_[8];
#endif
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_TABLE8_INL_H_
