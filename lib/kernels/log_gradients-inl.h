// SPDX-License-Identifier: Apache-2.0

// The terms and the gradients of a row in the backward pass of log-softmax.

#if defined(SOFTLANE_LIB_KERNELS_LOG_GRADIENTS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_LOG_GRADIENTS_INL_H_
#undef SOFTLANE_LIB_KERNELS_LOG_GRADIENTS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_LOG_GRADIENTS_INL_H_
#endif

#include "arith/exp-inl.h"
#include "arith/vector-inl.h"
#include "kernels/backward_passes.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

struct LoadedTerms {
  HWY_INLINE Four FourOf(size_t i) const { return LoadFour(d + i, 16); }
  HWY_INLINE VF One(size_t i) const { return Load(d + i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return LoadFirst(d + i, count, Set(0.0f));
  }

  const float* d;
};

HWY_INLINE SoftmaxExp ExpOfLogs() {
  return SoftmaxExp(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f),
                    Set(internal::kLowestLogProbability));
}

struct LogGradients {
  HWY_INLINE LogGradients(const SoftmaxExp& exp, double sum, float scale,
                          const float* log_p, const float* d)
      : exp(exp),
        sum(Set(static_cast<float>(sum * kOverSoftmaxFactor))),
        scale(Set(scale)),
        log_p(log_p),
        d(d) {}

  HWY_INLINE Four FourOf(size_t i) const {
    return Of(LoadFour(log_p + i, kLanes), LoadFour(d + i, kLanes));
  }
  // Three vectors from i on, and the vector at `last`.
  HWY_INLINE Four ThreeAndLast(size_t i, size_t last) const {
    const auto load = [&](const float* from) HWY_ATTR {
      return Four{Load(from + i), Load(from + i + kLanes),
                  Load(from + i + 2 * kLanes), Load(from + last)};
    };
    return Of(load(log_p), load(d));
  }
  HWY_INLINE VF One(size_t i) const { return Of(Load(log_p + i), Load(d + i)); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    return Of(LoadFirst(log_p + i, count, zero), LoadFirst(d + i, count, zero));
  }

  // V is VF or Four.
  template <class V>
  HWY_INLINE V Of(const V& log_p, const V& d) const {
    return Map([&](VF p, VF d)
                   HWY_ATTR { return hn::Mul(scale, Fnma(p, sum, d)); },
               exp(log_p), d);
  }

  const SoftmaxExp& exp;
  VF sum, scale;
  const float* log_p;
  const float* d;
};

// The same with parts of vectors in a function of their own: there are few. It
// gets copies, since an object whose address it has would stay in memory, and
// GCC would load its constants again for each vector.
struct StreamedLogGradients : LogGradients {
  HWY_INLINE explicit StreamedLogGradients(const LogGradients& gradients)
      : LogGradients(gradients) {}

  HWY_INLINE VF One(size_t i) const { return First(i, kLanes); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return FirstOf(exp, sum, scale, log_p + i, d + i, count);
  }

 private:
  static HWY_NOINLINE VF FirstOf(SoftmaxExp exp, VF sum, VF scale,
                                 const float* log_p, const float* d,
                                 size_t count) {
    LogGradients gradients(exp, 0.0, 0.0f, log_p, d);
    gradients.sum = sum;
    gradients.scale = scale;
    return gradients.First(0, count);
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_LOG_GRADIENTS_INL_H_
