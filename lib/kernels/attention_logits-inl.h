// SPDX-License-Identifier: Apache-2.0

// The logits of attention's softmax from the scores, element by element.

#if defined(SOFTLANE_LIB_KERNELS_ATTENTION_LOGITS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_ATTENTION_LOGITS_INL_H_
#undef SOFTLANE_LIB_KERNELS_ATTENTION_LOGITS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_ATTENTION_LOGITS_INL_H_
#endif

#include <limits>

#include "arith/tanh-inl.h"
#include "arith/vector-inl.h"
#include "kernels/attention_passes.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The position of the query of row r among the keys: first_query + r, which may
// be above INT64_MAX.
class QueryPosition {
 public:
  HWY_INLINE QueryPosition(const AttentionOptions& options, size_t r)
      : bits_(static_cast<uint64_t>(options.first_query) + uint64_t{r}),
        is_negative_(options.first_query < 0 &&
                     static_cast<int64_t>(bits_) < 0) {}

  // The position of the query minus c. It wraps modulo 2^64; a value that has
  // wrapped is far from 0.
  HWY_INLINE int64_t Behind(size_t c) const {
    return static_cast<int64_t>(bits_ - uint64_t{c});
  }
  HWY_INLINE uint64_t DistanceTo(size_t c) const {
    const bool is_before = is_negative_ || bits_ < uint64_t{c};
    return is_before ? uint64_t{c} - bits_ : bits_ - uint64_t{c};
  }

 private:
  uint64_t bits_;  // modulo 2^64
  bool is_negative_;
};

// Row r of the mask of bytes, or null.
HWY_INLINE const uint8_t* KeepRow(const AttentionOptions& options, size_t r) {
  return options.keep.data == nullptr ? nullptr : options.keep.Row(r);
}

// z + bias_scale * bias, rounded once. A factor of 1 adds the bias.
HWY_INLINE VF Biased(VF z, VF bias, VF bias_scale) {
  if (!kHasFma && hn::GetLane(bias_scale) == 1.0f) return hn::Add(z, bias);
  return Fma(bias_scale, bias, z);
}

// z, and -inf where the byte is 0.
template <class Bytes>
HWY_INLINE VF Masked(VF z, Bytes keep) {
  const auto words = hn::PromoteTo(I32(), keep);
  const auto is_masked = hn::RebindMask(F32(), hn::Eq(words, hn::Zero(I32())));
  return hn::IfThenElse(is_masked, Set(-std::numeric_limits<float>::infinity()),
                        z);
}
using KeepBytes = hn::Rebind<uint8_t, F32>;
HWY_INLINE Four MaskedFour(const Four& z, const uint8_t* a, const uint8_t* b,
                           const uint8_t* c, const uint8_t* d) {
  const KeepBytes bytes;
  return {Masked(z.a, hn::LoadU(bytes, a)), Masked(z.b, hn::LoadU(bytes, b)),
          Masked(z.c, hn::LoadU(bytes, c)), Masked(z.d, hn::LoadU(bytes, d))};
}

HWY_INLINE VF MaskedFirst(VF z, const uint8_t* keep, size_t count) {
  HWY_ALIGN uint8_t bytes[16] = {};
  for (size_t i = 0; i < count; ++i) bytes[i] = keep[i];
  return Masked(z, hn::LoadU(KeepBytes(), bytes));
}

// kPerhapsAdded is kPerhapsBias in loops that ask for the factor of the bias: a
// factor of 1 needs an addition, for which a CPU has other units than for the
// multiply-adds of the exponential. With AVX-512 on Zen 5 a bias takes 3 % less
// time at 64 x 128 so.
enum class Masks { kNone, kBias, kPerhapsBias, kPerhapsAdded, kAny };

// The logits of one row without softcap and ALiBi, as in most calls. Loops with
// these logits have no code for softcap and ALiBi.
template <Masks kMasks>
class AffineLogits {
 public:
  static constexpr bool kMayMask = kMasks == Masks::kAny;
  static constexpr bool kMayBeStaged = true;

  HWY_INLINE AffineLogits(const AttentionOptions& options, const float* scores,
                          size_t r)
      : scores_(scores),
        bias_(internal::BiasRow(options, r)),
        keep_(KeepRow(options, r)),
        scale_(Set(options.scale)),
        bias_scale_(Set(options.bias_scale)),
        is_bias_added_(options.bias_scale == 1.0f ? 1 : 0) {}

  HWY_INLINE VF One(size_t c) const {
    VF z = hn::Mul(Load(scores_ + c), scale_);
    if (HasBias()) z = Biased(z, Load(bias_ + c), bias_scale_);
    if (HasKeep()) z = Masked(z, hn::LoadU(KeepBytes(), keep_ + c));
    return z;
  }
  HWY_INLINE VF First(size_t c, size_t count) const {
    const VF lowest = Set(-std::numeric_limits<float>::infinity());
    VF z = hn::Mul(LoadFirst(scores_ + c, count, lowest), scale_);
    if (HasBias()) {
      z = Biased(z, LoadFirst(bias_ + c, count, Set(0.0f)), bias_scale_);
    }
    return HasKeep() ? MaskedFirst(z, keep_ + c, count) : z;
  }
  HWY_INLINE Four FourOf(size_t c, size_t step) const {
    Four z = Map([&](VF x) HWY_ATTR { return hn::Mul(x, scale_); },
                 LoadFour(scores_ + c, step));
    if (HasBias()) {
      const Four bias = LoadFour(bias_ + c, step);
      if (kMasks == Masks::kPerhapsAdded && Unknown(is_bias_added_) != 0) {
        z = Map([](VF x, VF b) HWY_ATTR { return hn::Add(x, b); }, z, bias);
      } else {
        z = Map([&](VF x, VF b) HWY_ATTR { return Biased(x, b, bias_scale_); },
                z, bias);
      }
    }
    if (HasKeep()) {
      const uint8_t* const keep = keep_ + c;
      z = MaskedFour(z, keep, keep + step, keep + 2 * step, keep + 3 * step);
    }
    return z;
  }

 private:
  HWY_INLINE bool HasBias() const {
    if (kMasks == Masks::kNone) return false;
    return kMasks == Masks::kBias || bias_ != nullptr;
  }
  HWY_INLINE bool HasKeep() const {
    return kMasks == Masks::kAny && keep_ != nullptr;
  }

  const float* scores_;
  const float* bias_;
  const uint8_t* keep_;
  VF scale_, bias_scale_;
  size_t is_bias_added_;  // 1 if bias_scale is 1
};

// The logits of one row with all options, and -inf where a key is masked. Its
// functions are not inlined, because they are much code for the loops that use
// them.
class AttentionLogits {
 public:
  static constexpr bool kMayMask = true;
  static constexpr bool kMayBeStaged = false;

  HWY_INLINE AttentionLogits(const AttentionOptions& options,
                             const float* scores, size_t r)
      : scores_(scores),
        bias_(internal::BiasRow(options, r)),
        keep_(KeepRow(options, r)),
        has_softcap_(options.softcap != 0.0f),
        has_alibi_(options.alibi_slope != 0.0f),
        bias_scale_(options.bias_scale),
        scale_(Set(options.scale)),
        softcap_(Set(options.softcap)),
        slope_(Set(options.alibi_slope)),
        query_(options, r) {}

  HWY_NOINLINE VF One(size_t c) const { return Compute(c); }
  HWY_NOINLINE Four FourOf(size_t c, size_t step) const {
    // With one lane at a time, calls cost little.
    if constexpr (kLanes == 1) {
      return {One(c), One(c + step), One(c + 2 * step), One(c + 3 * step)};
    }
    return {Compute(c), Compute(c + step), Compute(c + 2 * step),
            Compute(c + 3 * step)};
  }

  HWY_INLINE VF Compute(size_t c) const {
    VF z = Capped(Load(scores_ + c));
    if (has_alibi_) z = AddAlibi(z, c);
    if (bias_ != nullptr) z = Biased(z, Load(bias_ + c), Set(bias_scale_));
    if (keep_ != nullptr) {
      z = Masked(z, hn::LoadU(KeepBytes(), keep_ + c));
    }
    return z;
  }

  // Lanes after the first `count` get -inf.
  HWY_NOINLINE VF First(size_t c, size_t count) const {
    const VF zero = Set(0.0f);
    VF z = Capped(LoadFirst(scores_ + c, count, zero));
    if (has_alibi_) z = AddAlibi(z, c);
    if (bias_ != nullptr) {
      z = Biased(z, LoadFirst(bias_ + c, count, zero), Set(bias_scale_));
    }
    if (keep_ != nullptr) z = MaskedFirst(z, keep_ + c, count);
    return hn::IfThenElse(hn::FirstN(F32(), count), z, Set(kMinusInfinity));
  }

 private:
  static constexpr float kMinusInfinity =
      -std::numeric_limits<float>::infinity();

  HWY_INLINE VF Capped(VF score) const {
    const VF z = hn::Mul(score, scale_);
    if (!has_softcap_) return z;
    return hn::Mul(tanh_(hn::Div(z, softcap_)), softcap_);
  }
  HWY_INLINE VF AddAlibi(VF z, size_t c) const {
    return Fnma(slope_, Distances(c), z);
  }
  // The distances from the query to the keys from c on. Each is rounded once.
  HWY_INLINE VF Distances(size_t c) const {
    const int64_t behind = query_.Behind(c);
    constexpr int64_t kFar = int64_t{1} << 30;
    if (behind <= -kFar || kFar <= behind) return FarDistances(c);
    const VI first = hn::Set(I32(), static_cast<int32_t>(behind));
    return hn::Abs(hn::ConvertTo(F32(), hn::Sub(first, hn::Iota(I32(), 0))));
  }
  HWY_NOINLINE VF FarDistances(size_t c) const {
    HWY_ALIGN float distances[kLanes];
    for (size_t i = 0; i < kLanes; ++i) {
      distances[i] = static_cast<float>(query_.DistanceTo(c + i));
    }
    return Load(distances);
  }

  const float* scores_;
  const float* bias_;
  const uint8_t* keep_;
  bool has_softcap_, has_alibi_;
  float bias_scale_;
  VF scale_, softcap_, slope_;
  QueryPosition query_;
  Tanh tanh_;
};

// The logits of a row's keys from `begin` on. Element 0 of a kernel is the key
// at `begin`.
template <class Logits>
struct KeyLogits {
  static constexpr bool kMayBeStaged = Logits::kMayBeStaged;

  HWY_INLINE Four FourOf(size_t i) const {
    return logits.FourOf(begin + i, 16);
  }
  HWY_INLINE VF One(size_t i) const { return logits.One(begin + i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return logits.First(begin + i, count);
  }

  Logits logits;
  size_t begin;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_ATTENTION_LOGITS_INL_H_
