// SPDX-License-Identifier: Apache-2.0

// The external functions of exp_sums-inl.h, from SumDirect of the file that
// includes this: exp_sums.cc, or sse2_exp_sums.cc in the x86-64 baseline.

#if defined(SOFTLANE_LIB_KERNELS_BLOCK_PASSES_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_BLOCK_PASSES_INL_H_
#undef SOFTLANE_LIB_KERNELS_BLOCK_PASSES_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_BLOCK_PASSES_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

template <bool kInDouble, bool kIsWritten>
HWY_INLINE HoleSum SumOfPlan(const float* x, float* y, size_t n, size_t hole,
                             const RowPlan& plan, const ScaleParts& parts,
                             float lowest, const float* next,
                             double* block_sums) {
  if (HWY_UNLIKELY(plan.is_far)) {
    return SumFar(x, y, n, hole, plan, parts, lowest, kInDouble);
  }
  return SumDirect<kInDouble, kIsWritten>(x, y, n, hole, plan, parts, lowest,
                                          next, block_sums);
}

}  // namespace

HoleSum SumExpValues(const float* x, size_t n, size_t hole, const RowPlan& plan,
                     const ScaleParts& parts) {
  return SumOfPlan<false, false>(x, nullptr, n, hole, plan, parts,
                                 internal::LowestOf(plan, parts), nullptr,
                                 nullptr);
}
HoleSum WriteExpValues(const float* x, float* y, size_t n, size_t hole,
                       const RowPlan& plan, const ScaleParts& parts) {
  return SumOfPlan<false, true>(x, y, n, hole, plan, parts,
                                internal::LowestOf(plan, parts), nullptr,
                                nullptr);
}
double SumExpInDouble(const float* x, size_t n, const RowPlan& plan,
                      const ScaleParts& parts) {
  return SumOfPlan<true, false>(x, nullptr, n, kNoHole, plan, parts,
                                internal::LowestOf(plan, parts), nullptr,
                                nullptr)
      .others;
}

const internal::BlockPasses kBlockPasses = {&MaxOfLongRow,
                                            &SumOfPlan<false, false>,
                                            &SumOfPlan<true, false>,
                                            &SumOfPlan<false, true>,
                                            &Multiply,
                                            &LogOfExpSum};

}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_BLOCK_PASSES_INL_H_
