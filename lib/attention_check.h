// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ATTENTION_CHECK_H_
#define SOFTLANE_LIB_ATTENTION_CHECK_H_

#include "check.h"
#include "softlane/attention_softmax.h"

// What the attention functions check of their options.

namespace softlane {
namespace internal {

/// A view as the options have it: null data is none, a stride of 0 broadcasts.
template <typename T>
Extent Broadcast(const Rows<T>& view) noexcept {
  if (view.data == nullptr) return Extent(Rows<T>());
  if (view.stride != 0) return Extent(view);
  return Extent(Rows<T>(view.data, view.rows == 0 ? 0 : 1, view.cols));
}

template <typename T>
Status CheckMask(const Rows<T>& mask, const Extent& scores,
                 const Extent& out) noexcept {
  if (mask.data == nullptr) return Status::kOk;
  if (mask.rows != scores.rows || mask.cols != scores.cols) {
    return Status::kBadShape;
  }
  const Extent extent = Broadcast(mask);
  if (Status s = CheckView(extent); s != Status::kOk) return s;
  return SharesElement(out, extent) ? Status::kOverlap : Status::kOk;
}

/// One element per row that is read; null is none.
template <typename T>
Status CheckPerRow(const T* values, const Extent& scores,
                   const Extent& out) noexcept {
  if (values == nullptr) return Status::kOk;
  const Extent extent(Rows<const T>(values, scores.rows, 1));
  if (Status s = CheckView(extent); s != Status::kOk) return s;
  return SharesElement(out, extent) ? Status::kOverlap : Status::kOk;
}

/// By its bits.
inline bool IsFinite(float value) noexcept {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return (bits & 0x7FFFFFFFu) < 0x7F800000u;
}
inline bool IsZero(float value) noexcept {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return (bits & 0x7FFFFFFFu) == 0;
}

/// `out` is what the call writes.
inline Status CheckAttention(const Extent& scores, const Extent& out,
                             const AttentionOptions& options) noexcept {
  if (Status s = CheckMask(options.bias, scores, out); s != Status::kOk) {
    return s;
  }
  if (Status s = CheckMask(options.keep, scores, out); s != Status::kOk) {
    return s;
  }
  if (Status s = CheckPerRow(options.lengths, scores, out); s != Status::kOk) {
    return s;
  }
  if (Status s = CheckPerRow(options.sinks, scores, out); s != Status::kOk) {
    return s;
  }
  if (!IsFinitePositive(options.scale) ||
      !(IsZero(options.softcap) || IsFinitePositive(options.softcap)) ||
      !IsFinite(options.alibi_slope) || options.window < 0 ||
      options.empty_row > EmptyRow::kZero) {
    return Status::kBadOption;
  }
  if (options.lengths != nullptr) {
    for (size_t r = 0; r < scores.rows; ++r) {
      const int32_t length = options.lengths[r];
      if (length < 0 || static_cast<size_t>(length) > scores.cols) {
        return Status::kBadOption;
      }
    }
  }
  return Status::kOk;
}

/// For results of one float per row, beside a matrix that is written.
inline Status CheckAttentionResults(const Extent& scores, const Extent& out,
                                    float* results,
                                    const AttentionOptions& options) noexcept {
  if (Status s = CheckRowResults(scores, results); s != Status::kOk) return s;
  if (Status s = CheckRowResults(out, results); s != Status::kOk) return s;
  const Extent extent(Rows<float>(results, scores.rows, 1));
  if (SharesElement(extent, Broadcast(options.bias)) ||
      SharesElement(extent, Broadcast(options.keep))) {
    return Status::kOverlap;
  }
  if (Status s = CheckPerRow(options.lengths, scores, extent);
      s != Status::kOk) {
    return s;
  }
  return CheckPerRow(options.sinks, scores, extent);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ATTENTION_CHECK_H_
