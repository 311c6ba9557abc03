// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_DLPACK_H_
#define SOFTLANE_DLPACK_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "softlane/status.h"
#include "softlane/tensor.h"

// Views of the tensors of DLPack, the format in which PyTorch, NumPy, JAX and
// others exchange tensors. Include any version of <dlpack/dlpack.h> for the
// types of DLPack. softlane/softlane.h does not include this header.
//
//   softlane::AnyTensor logits;
//   softlane::Status status = softlane::FromDLPack(managed->dl_tensor, logits);

namespace softlane {
namespace internal {

// The values of DLPack's enumerators, which its ABI fixes.
inline constexpr int kDlpackInt = 0, kDlpackFloat = 2, kDlpackBFloat = 4;
// kDLCPU, kDLCUDAHost and kDLROCMHost: memory of the CPU.
inline constexpr int kDlpackDevices[] = {1, 3, 11};

template <class DLTensor>
Status CheckDlpack(const DLTensor& from, size_t element_bytes) noexcept {
  bool is_cpu = false;
  for (const int device : kDlpackDevices) {
    is_cpu |= static_cast<int>(from.device.device_type) == device;
  }
  if (!is_cpu || from.dtype.lanes != 1) return Status::kBadOption;
  if (from.ndim < 0 || from.ndim > kMaxRank ||
      (from.ndim != 0 && from.shape == nullptr) ||
      from.byte_offset % element_bytes != 0) {
    return Status::kBadShape;
  }
  return Status::kOk;
}

template <class DLTensor>
char* DataOfDlpack(const DLTensor& from) noexcept {
  char* const data = static_cast<char*>(from.data);
  return data == nullptr ? data : data + from.byte_offset;
}

}  // namespace internal

inline namespace v1 {

/// Makes a view of a DLTensor whose elements are float, bfloat16 or float16.
/// The DLTensor is in memory of the CPU: its device is kDLCPU, kDLCUDAHost or
/// kDLROCMHost. Null strides mean a tensor without gaps. The view owns nothing.
///
/// Errors: kBadOption for another device, another type or several lanes;
/// kBadShape for a rank that is not in [0, kMaxRank], for a null shape, and for
/// a byte_offset that is no multiple of the element size. An error leaves `to`
/// unchanged.
template <class DLTensor, typename Void>
Status FromDLPack(const DLTensor& from, BasicAnyTensor<Void>& to) noexcept {
  const int code = from.dtype.code, bits = from.dtype.bits;
  ElementType type = ElementType::kFloat32;
  if (code == internal::kDlpackBFloat && bits == 16) {
    type = ElementType::kBFloat16;
  } else if (code == internal::kDlpackFloat && bits == 16) {
    type = ElementType::kFloat16;
  } else if (code != internal::kDlpackFloat || bits != 32) {
    return Status::kBadOption;
  }
  const Status status = internal::CheckDlpack(from, SizeOf(type));
  if (status != Status::kOk) return status;
  to = BasicAnyTensor<Void>(internal::DataOfDlpack(from), type, from.ndim,
                            from.shape, from.strides);
  return Status::kOk;
}

/// FromDLPack for an element type that is known: floats, or labels of 32 or 64
/// bits.
template <class DLTensor, typename T>
Status FromDLPack(const DLTensor& from, Tensor<T>& to) noexcept {
  using Element = std::remove_const_t<T>;
  static_assert(std::is_same_v<Element, float> ||
                    std::is_same_v<Element, int32_t> ||
                    std::is_same_v<Element, int64_t>,
                "other types have no DLPack code here");
  const int code = std::is_same_v<Element, float> ? internal::kDlpackFloat
                                                  : internal::kDlpackInt;
  if (from.dtype.code != code || from.dtype.bits != 8 * sizeof(T)) {
    return Status::kBadOption;
  }
  const Status status = internal::CheckDlpack(from, sizeof(T));
  if (status != Status::kOk) return status;
  to = Tensor<T>(
      static_cast<T*>(static_cast<void*>(internal::DataOfDlpack(from))),
      from.ndim, from.shape, from.strides);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_DLPACK_H_
