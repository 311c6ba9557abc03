// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_C_NOT_YET_H_
#define SOFTLANE_LIB_C_NOT_YET_H_

#include "softlane/any_rows.h"
#include "softlane/cross_entropy.h"

// Functions that take floats alone until they have overloads of any element
// type. Remove this file with the last of them.

namespace softlane {
inline namespace v1 {

inline bool IsFloat(const ConstAnyRows& view) {
  return view.type == ElementType::kFloat32;
}
inline Rows<const float> FloatsIn(const ConstAnyRows& v) {
  return {static_cast<const float*>(v.data), v.rows, v.cols, v.stride};
}
inline Rows<float> FloatsOut(const AnyRows& v) {
  return {static_cast<float*>(v.data), v.rows, v.cols, v.stride};
}

template <typename Label>
Status CrossEntropy(const ConstAnyRows& logits, const Label* labels,
                    float* loss, const AnyRows& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) {
  if (!IsFloat(logits) || !IsFloat(dlogits)) return Status::kBadOption;
  return CrossEntropy(FloatsIn(logits), labels, loss, FloatsOut(dlogits),
                      options, divisor, target);
}
inline Status CrossEntropy(const ConstAnyRows& logits,
                           const ConstAnyRows& targets, float* loss,
                           const AnyRows& dlogits,
                           const CrossEntropyOptions& options, float* divisor,
                           Target target) {
  if (!IsFloat(logits) || !IsFloat(dlogits) || !IsFloat(targets)) {
    return Status::kBadOption;
  }
  return CrossEntropy(FloatsIn(logits), FloatsIn(targets), loss,
                      FloatsOut(dlogits), options, divisor, target);
}
}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_LIB_C_NOT_YET_H_
