// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_C_TENSORS_H_
#define SOFTLANE_LIB_C_TENSORS_H_

#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/tensor.h"

// The tensors of the C twins.

namespace softlane {
namespace c {

inline AnyTensor Out(const softlane_tensor* t) noexcept {
  return {t->data, FromInt<ElementType>(t->type), t->rank, t->sizes,
          t->strides};
}
inline ConstAnyTensor In(const softlane_tensor* t) noexcept { return Out(t); }

/// The view of a tensor whose elements are of type T. The member `type` is not
/// read.
template <typename T>
Tensor<T> TensorOf(const softlane_tensor* t) noexcept {
  return {static_cast<T*>(t->data), t->rank, t->sizes, t->strides};
}

/// Runs a function of tensors if no pointer to a tensor is null. `reduced` has
/// floats, and may be null.
template <class Run>
int RunTensors(bool has_all, const softlane_tensor* reduced,
               const Run& run) noexcept {
  if (!has_all) return ToInt(Status::kNullPointer);
  Tensor<float> floats;
  if (reduced != nullptr) {
    if (reduced->type != SOFTLANE_F32) return ToInt(Status::kBadOption);
    floats = TensorOf<float>(reduced);
  }
  return ToInt(run(floats));
}

}  // namespace c
}  // namespace softlane

#endif  // SOFTLANE_LIB_C_TENSORS_H_
