// SPDX-License-Identifier: Apache-2.0

// The vectors of a target, and what Highway 1.0.3 lacks: a fused multiply-add
// on every target, loads and stores that touch no byte after the row, a maximum
// with the same result on every target, and arithmetic on two or four vectors
// side by side.

#if defined(SOFTLANE_LIB_ARITH_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_VECTOR_INL_H_
#undef SOFTLANE_LIB_ARITH_VECTOR_INL_H_
#else
#define SOFTLANE_LIB_ARITH_VECTOR_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "arith/soft_fma.h"
#include "highway.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Whether the target has an FMA instruction. A target without computes one lane
// at a time.
constexpr bool kHasFma =
    HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64;

using F32 = hn::CappedTag<float, kHasFma ? 16 : 1>;
using I32 = hn::RebindToSigned<F32>;
using VF = hn::Vec<F32>;
using VI = hn::Vec<I32>;
constexpr size_t kLanes = HWY_TARGET == HWY_AVX3   ? 16
                          : HWY_TARGET == HWY_AVX2 ? 8
                          : kHasFma                ? 4
                                                   : 1;

HWY_INLINE VF Set(float value) { return hn::Set(F32(), value); }

// a * b + c, rounded once.
HWY_INLINE VF Fma(VF a, VF b, VF c) {
  if constexpr (kHasFma) {
    return hn::MulAdd(a, b, c);
  } else {
    return Set(
        internal::SoftFma(hn::GetLane(a), hn::GetLane(b), hn::GetLane(c)));
  }
}

// c - a * b, rounded once.
HWY_INLINE VF Fnma(VF a, VF b, VF c) {
  if constexpr (kHasFma) {
    return hn::NegMulAdd(a, b, c);
  } else {
    return Fma(hn::Neg(a), b, c);
  }
}

// A constant addend of FMAs. NEON's fmla overwrites its addend. A constant in a
// register would be copied first, by the pipes that do the arithmetic. So the
// addend is loaded each time, and the compiler is kept from avoiding that.
class Addend {
 public:
#if HWY_ARCH_ARM_A64
  HWY_INLINE explicit Addend(VF value) { vst1q_f32(values_, value.raw); }
  HWY_INLINE operator VF() const {  // NOLINT: a vector by nature
    const float* from = values_;
    __asm__ volatile("" : "+r"(from));
    return hn::LoadU(F32(), from);
  }

 private:
  HWY_ALIGN float values_[4];
#else
  HWY_INLINE explicit Addend(VF value) : value_(value) {}
  HWY_INLINE operator VF() const { return value_; }  // NOLINT

 private:
  VF value_;
#endif
};

// The larger of the two numbers, or x where x is NaN. `bound` is not NaN.
HWY_INLINE VF MaxKeepNaN(VF bound, VF x) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  return hn::Max(bound, x);  // maxps gives its second operand if one is NaN
#elif HWY_ARCH_ARM_A64
  return VF(vmaxq_f32(bound.raw, x.raw));  // fmax; hn::Max is fmaxnm
#else
  return hn::IfThenElse(hn::Lt(x, bound), bound, x);
#endif
}

// The smaller of the two numbers, or x where x is NaN. `bound` is not NaN.
HWY_INLINE VF MinKeepNaN(VF bound, VF x) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  return hn::Min(bound, x);
#elif HWY_ARCH_ARM_A64
  return VF(vminq_f32(bound.raw, x.raw));
#else
  return hn::IfThenElse(hn::Lt(bound, x), bound, x);
#endif
}

// c - a * b, rounded once, and +0 where x is below `lowest`. NaN is not below.
HWY_INLINE VF FnmaUnlessLess(VF x, VF lowest, VF a, VF b, VF c) {
#if HWY_TARGET == HWY_AVX3
  const __mmask16 keep = _mm512_cmp_ps_mask(x.raw, lowest.raw, _CMP_NLT_UQ);
  return VF{_mm512_maskz_fnmadd_ps(keep, a.raw, b.raw, c.raw)};
#else
  return hn::IfThenZeroElse(hn::Lt(x, lowest), Fnma(a, b, c));
#endif
}

// Returns `value`, but hides it from the compiler. Otherwise the compiler would
// write code for each value, or a loop for each case.
HWY_INLINE size_t Unknown(size_t value) {
#if HWY_COMPILER_GCC || HWY_COMPILER_CLANG
  __asm__("" : "+r"(value));
#endif
  return value;
}

HWY_INLINE VF Load(const float* from) { return hn::LoadU(F32(), from); }
HWY_INLINE void Store(VF v, float* to) { hn::StoreU(v, F32(), to); }

// Four vectors side by side. Each step is done for all of them before the next
// step, because a CPU looks only so far ahead for instructions that can start.
// On Zen 5 the exponential of softmax takes 17 % less time than vector by
// vector with AVX-512, and 14 % less with AVX2.
struct Four {
  VF a, b, c, d;
};
// Two vectors side by side.
struct Two {
  VF a, b;
};

// op of one vector, or of each of two or four vectors.
template <class Op, class... More>
HWY_INLINE VF Map(const Op& op, VF x, More... more) {
  return op(x, more...);
}
template <class Op, class... More>
HWY_INLINE Two Map(const Op& op, const Two& x, const More&... more) {
  return {op(x.a, more.a...), op(x.b, more.b...)};
}
template <class Op, class... More>
HWY_INLINE Four Map(const Op& op, const Four& x, const More&... more) {
  return {op(x.a, more.a...), op(x.b, more.b...), op(x.c, more.c...),
          op(x.d, more.d...)};
}

// V with v as its vector, or as each of its vectors. V is VF, Two or Four.
template <class V>
HWY_INLINE V Repeat(VF v) {
  if constexpr (std::is_same_v<V, Four>) {
    return {v, v, v, v};
  } else if constexpr (std::is_same_v<V, Two>) {
    return {v, v};
  } else {
    return v;
  }
}

// v, in a register. The compiler does not know the value, so it cannot load it
// again; GCC would do so for each use.
HWY_INLINE VF InRegister(VF v) {
#if HWY_TARGET == HWY_AVX3
  __asm__("" : "+v"(v.raw));
#endif
  return v;
}
HWY_INLINE Four InRegisters(const Four& v) {
  return {InRegister(v.a), InRegister(v.b), InRegister(v.c), InRegister(v.d)};
}

// Returns v, and keeps the compiler from computing it before the result of an
// earlier InOrder.
HWY_INLINE VF InOrder(VF v) {
#if HWY_TARGET == HWY_AVX2
  __asm__ volatile("" : "+x"(v.raw));
#endif
  return v;
}

// Four vectors that begin `step` elements after one another.
HWY_INLINE Four LoadFour(const float* from, size_t step) {
  return {Load(from), Load(from + step), Load(from + 2 * step),
          Load(from + 3 * step)};
}
HWY_INLINE void StoreFour(const Four& v, float* to, size_t step) {
  Store(v.a, to);
  Store(v.b, to + step);
  Store(v.c, to + 2 * step);
  Store(v.d, to + 3 * step);
}

// The first `count` <= kLanes elements, and `fill` in the other lanes.
HWY_INLINE VF LoadFirst(const float* from, size_t count, VF fill) {
#if HWY_TARGET == HWY_AVX3
  const auto mask = hn::FirstN(F32(), count);  // a masked load does not fault
  return VF{_mm512_mask_loadu_ps(fill.raw, mask.raw, from)};
#elif HWY_TARGET == HWY_AVX2
  const auto mask = hn::FirstN(F32(), count);  // here, too
  return hn::IfThenElse(mask, hn::MaskedLoad(mask, F32(), from), fill);
#else
  HWY_ALIGN float buffer[kLanes];
  Store(fill, buffer);
  for (size_t i = 0; i < count; ++i) buffer[i] = from[i];
  return Load(buffer);
#endif
}

// Stores the first `count` <= kLanes lanes and touches nothing after them.
HWY_INLINE void StoreFirst(VF v, float* to, size_t count) {
#if HWY_TARGET == HWY_AVX2
  if (count == kLanes) return Store(v, to);
  __m128 rest = _mm256_castps256_ps128(v.raw);
  if (count & 4) {
    _mm_storeu_ps(to, rest);
    rest = _mm256_extractf128_ps(v.raw, 1);
    to += 4;
  }
  if (count & 2) {
    _mm_storel_pi(reinterpret_cast<__m64*>(to), rest);
    rest = _mm_movehl_ps(rest, rest);
    to += 2;
  }
  if (count & 1) _mm_store_ss(to, rest);
#elif HWY_TARGET == HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(F32(), count), F32(), to);
#else
  HWY_ALIGN float buffer[kLanes];
  Store(v, buffer);
  for (size_t i = 0; i < count; ++i) to[i] = buffer[i];
#endif
}

// The first `count` <= kLanes lanes, and +0 in the others.
HWY_INLINE VF KeepFirst(VF v, size_t count) {
  return hn::IfThenElseZero(hn::FirstN(F32(), count), v);
}

// y[i] = op(y[i]) for i in [0, n). Op takes VF and Four.
template <class Op>
HWY_INLINE void Replace(float* y, size_t n, const Op& op) {
  size_t i = 0;
  // In a long row the first step aligns the vectors, so that they do not cross
  // cache lines.
  constexpr size_t kBytes = kLanes * sizeof(float);
  const size_t past = reinterpret_cast<uintptr_t>(y) % kBytes / sizeof(float);
  if (n >= 16 * kLanes && past != 0) {
    i = kLanes - past;
    StoreFirst(op(LoadFirst(y, i, Set(0.0f))), y, i);
  }
  for (; n - i >= 4 * kLanes; i += 4 * kLanes) {
    StoreFour(op(LoadFour(y + i, kLanes)), y + i, kLanes);
  }
  for (; n - i >= kLanes; i += kLanes) Store(op(Load(y + i)), y + i);
  if (const size_t count = n - i; count != 0) {
    StoreFirst(op(LoadFirst(y + i, count, Set(0.0f))), y + i, count);
  }
}

// to[i] = value for i in [0, count).
HWY_INLINE void Fill(float* to, size_t count, float value) {
  for (size_t i = 0; i < count; ++i) to[i] = value;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_VECTOR_INL_H_
