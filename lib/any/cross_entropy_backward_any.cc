// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "cross_entropy_backward.h"

// Runs like the function of floats, with conversions.

namespace softlane {
namespace internal {
namespace {

[[gnu::noinline]] Status Run(const ConstAnyRows& x, bool has_probs,
                             const float* logsumexp, const Labels& labels,
                             const ConstAnyRows* targets, const AnyRows& dx,
                             const CrossEntropyOptions& options,
                             Target target) {
  if (!IsPair(x.type, dx.type) ||
      (targets != nullptr && targets->type != x.type)) {
    return Status::kBadOption;
  }
  ConstLines lines;
  if (targets != nullptr) lines = *targets;
  const LossViews views{x, targets == nullptr ? nullptr : &lines, dx};
  return RunFromSaved({views, has_probs, logsumexp, labels}, options, target,
                      [](Target chosen) { return Converter(chosen); });
}

}  // namespace
}  // namespace internal

inline namespace v1 {

template <typename>
Status CrossEntropyBackward(const ConstAnyRows& logits, const float* logsumexp,
                            const int64_t* labels, const AnyRows& dlogits,
                            const CrossEntropyOptions& options,
                            Target target) noexcept {
  return internal::Run(logits, false, logsumexp, internal::Labels(labels),
                       nullptr, dlogits, options, target);
}
template <typename>
Status CrossEntropyBackward(const ConstAnyRows& logits, const float* logsumexp,
                            const int32_t* labels, const AnyRows& dlogits,
                            const CrossEntropyOptions& options,
                            Target target) noexcept {
  return internal::Run(logits, false, logsumexp, internal::Labels(labels),
                       nullptr, dlogits, options, target);
}
template <typename>
Status CrossEntropyBackward(const ConstAnyRows& logits, const float* logsumexp,
                            const ConstAnyRows& targets, const AnyRows& dlogits,
                            const CrossEntropyOptions& options,
                            Target target) noexcept {
  return internal::Run(logits, false, logsumexp, internal::Labels(), &targets,
                       dlogits, options, target);
}
template <typename>
Status CrossEntropyBackwardFromProbs(const ConstAnyRows& probs,
                                     const int64_t* labels,
                                     const AnyRows& dlogits,
                                     const CrossEntropyOptions& options,
                                     Target target) noexcept {
  return internal::Run(probs, true, nullptr, internal::Labels(labels), nullptr,
                       dlogits, options, target);
}
template <typename>
Status CrossEntropyBackwardFromProbs(const ConstAnyRows& probs,
                                     const int32_t* labels,
                                     const AnyRows& dlogits,
                                     const CrossEntropyOptions& options,
                                     Target target) noexcept {
  return internal::Run(probs, true, nullptr, internal::Labels(labels), nullptr,
                       dlogits, options, target);
}
template <typename>
Status CrossEntropyBackwardFromProbs(const ConstAnyRows& probs,
                                     const ConstAnyRows& targets,
                                     const AnyRows& dlogits,
                                     const CrossEntropyOptions& options,
                                     Target target) noexcept {
  return internal::Run(probs, true, nullptr, internal::Labels(), &targets,
                       dlogits, options, target);
}
template Status CrossEntropyBackward(const ConstAnyRows&, const float*,
                                     const int64_t*, const AnyRows&,
                                     const CrossEntropyOptions&,
                                     Target) noexcept;
template Status CrossEntropyBackward(const ConstAnyRows&, const float*,
                                     const int32_t*, const AnyRows&,
                                     const CrossEntropyOptions&,
                                     Target) noexcept;
template Status CrossEntropyBackward(const ConstAnyRows&, const float*,
                                     const ConstAnyRows&, const AnyRows&,
                                     const CrossEntropyOptions&,
                                     Target) noexcept;
template Status CrossEntropyBackwardFromProbs(const ConstAnyRows&,
                                              const int64_t*, const AnyRows&,
                                              const CrossEntropyOptions&,
                                              Target) noexcept;
template Status CrossEntropyBackwardFromProbs(const ConstAnyRows&,
                                              const int32_t*, const AnyRows&,
                                              const CrossEntropyOptions&,
                                              Target) noexcept;
template Status CrossEntropyBackwardFromProbs(const ConstAnyRows&,
                                              const ConstAnyRows&,
                                              const AnyRows&,
                                              const CrossEntropyOptions&,
                                              Target) noexcept;

}  // namespace v1
}  // namespace softlane
