// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_TENSOR_FUNCTIONS_H_
#define SOFTLANE_TESTS_FUZZ_TENSOR_FUNCTIONS_H_

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>
#include <vector>

#include "softlane/c.h"

// The functions of tensors, and what their checks know of a tensor.

namespace softlane {
namespace fuzz {

// A call: the inputs, an output of their sizes, and a reduced output.
struct TensorCall {
  softlane_tensor tensors[4];
  bool is_null[4];
  int axis;
  float scale;
  int empty_row, target;

  const softlane_tensor* At(size_t i) const {
    return is_null[i] ? nullptr : &tensors[i];
  }
};
// The places of operands in a TensorCall.
enum TensorPlace { kTensorX, kTensorSecond, kTensorY, kTensorLog };

struct TensorFunction {
  const char* name;
  bool has[4];
  bool has_empty_row;
  int (*run)(const TensorCall& c);
  // Of a loss: the outputs may be missing, and the second input may be labels
  // of so many bytes.
  bool is_loss = false;
  int64_t label_bytes = 0;
  // Tensors have rank 4, and stride 1 along the last dimension.
  bool is_of_heads = false;
};

// The options of a loss.
inline softlane_cross_entropy_options LossOptionsOf(const TensorCall& c) {
  softlane_cross_entropy_options options = SOFTLANE_CROSS_ENTROPY_DEFAULTS;
  options.reduction = SOFTLANE_REDUCTION_NONE;
  options.scale = c.scale;
  return options;
}

inline const TensorFunction kTensorFunctions[] = {
    {"softlane_softmax_tensor",
     {true, false, true, false},
     true,
     [](const TensorCall& c) {
       return softlane_softmax_tensor(c.At(kTensorX), c.At(kTensorY), c.axis,
                                      c.scale, c.empty_row, c.target);
     }},
    {"softlane_softmax_with_logsumexp_tensor",
     {true, false, true, true},
     true,
     [](const TensorCall& c) {
       return softlane_softmax_with_logsumexp_tensor(
           c.At(kTensorX), c.At(kTensorY), c.At(kTensorLog), c.axis, c.scale,
           c.empty_row, c.target);
     }},
    {"softlane_log_softmax_tensor",
     {true, false, true, false},
     true,
     [](const TensorCall& c) {
       return softlane_log_softmax_tensor(c.At(kTensorX), c.At(kTensorY),
                                          c.axis, c.scale, c.empty_row,
                                          c.target);
     }},
    {"softlane_logsumexp_tensor",
     {true, false, false, true},
     false,
     [](const TensorCall& c) {
       return softlane_logsumexp_tensor(c.At(kTensorX), c.At(kTensorLog),
                                        c.axis, c.scale, c.target);
     }},
    {"softlane_softmax_backward_tensor",
     {true, true, true, false},
     false,
     [](const TensorCall& c) {
       return softlane_softmax_backward_tensor(
           c.At(kTensorX), c.At(kTensorSecond), c.At(kTensorY), c.axis, c.scale,
           c.target);
     }},
    {"softlane_log_softmax_backward_tensor",
     {true, true, true, false},
     false,
     [](const TensorCall& c) {
       return softlane_log_softmax_backward_tensor(
           c.At(kTensorX), c.At(kTensorSecond), c.At(kTensorY), c.axis, c.scale,
           c.target);
     }},
    {"softlane_cross_entropy_tensor_i64",
     {true, true, true, true},
     false,
     [](const TensorCall& c) {
       const softlane_cross_entropy_options options = LossOptionsOf(c);
       return softlane_cross_entropy_tensor_i64(
           c.At(kTensorX), c.At(kTensorSecond), c.At(kTensorLog),
           c.At(kTensorY), c.axis, &options, nullptr, nullptr, c.target);
     },
     true,
     8},
    {"softlane_cross_entropy_tensor_i32",
     {true, true, true, true},
     false,
     [](const TensorCall& c) {
       const softlane_cross_entropy_options options = LossOptionsOf(c);
       return softlane_cross_entropy_tensor_i32(
           c.At(kTensorX), c.At(kTensorSecond), c.At(kTensorLog),
           c.At(kTensorY), c.axis, &options, nullptr, nullptr, c.target);
     },
     true,
     4},
    {"softlane_cross_entropy_tensor_probs",
     {true, true, true, true},
     false,
     [](const TensorCall& c) {
       const softlane_cross_entropy_options options = LossOptionsOf(c);
       return softlane_cross_entropy_tensor_probs(
           c.At(kTensorX), c.At(kTensorSecond), c.At(kTensorLog),
           c.At(kTensorY), c.axis, &options, nullptr, nullptr, c.target);
     },
     true},
    {"softlane_attention_softmax_heads",
     {true, false, true, true},
     true,
     [](const TensorCall& c) {
       // A null logsumexp is none.
       if (c.is_null[kTensorLog]) return int{SOFTLANE_NULL_POINTER};
       softlane_attention_heads_options o = SOFTLANE_ATTENTION_HEADS_DEFAULTS;
       o.scale = c.scale;
       o.empty_row = c.empty_row;
       o.causal = c.is_null[kTensorSecond] ? 0 : 1;
       o.first_query = c.tensors[kTensorSecond].strides[0] % 7;
       return softlane_attention_softmax_heads(c.At(kTensorX), c.At(kTensorY),
                                               c.At(kTensorLog), &o, c.target);
     },
     false,
     0,
     true},
    {"softlane_attention_softmax_backward_heads",
     {true, true, true, false},
     true,
     [](const TensorCall& c) {
       softlane_attention_heads_options o = SOFTLANE_ATTENTION_HEADS_DEFAULTS;
       o.scale = c.scale;
       o.empty_row = c.empty_row;
       o.causal = c.is_null[kTensorLog] ? 0 : 1;
       return softlane_attention_softmax_backward_heads(
           c.At(kTensorX), c.At(kTensorSecond), c.At(kTensorX), c.At(kTensorY),
           &o, nullptr, nullptr, c.target);
     },
     false,
     0,
     true},
};
constexpr size_t kNumTensorFunctions =
    sizeof(kTensorFunctions) / sizeof(kTensorFunctions[0]);

inline int64_t SizeOfType(const softlane_tensor& t) {
  return t.type == SOFTLANE_F32 ? 4 : 2;
}
inline bool HasGoodSizes(const softlane_tensor& t) {
  if (t.rank < 0 || t.rank > 8) return false;
  for (int d = 0; d < t.rank; ++d) {
    if (t.sizes[d] < 0) return false;
  }
  return true;
}
inline bool HasElements(const softlane_tensor& t) {
  if (!HasGoodSizes(t)) return false;
  for (int d = 0; d < t.rank; ++d) {
    if (t.sizes[d] == 0) return false;
  }
  return true;
}

// What the functions of all heads ask for.
inline bool HasRowsOfKeys(const softlane_tensor& t) {
  return t.rank == 4 &&
         (t.sizes[3] <= 1 || t.strides[3] == 1 || !HasElements(t));
}

// Whether the elements fit an address space.
inline bool Fits(const softlane_tensor& t, int64_t element_bytes) {
  if (!HasElements(t)) return true;
  __int128 low = 0, high = 0;
  for (int d = 0; d < t.rank; ++d) {
    const __int128 span = static_cast<__int128>(t.sizes[d] - 1) * t.strides[d];
    // More would overflow below.
    constexpr __int128 kMost = UINT64_MAX;
    if (span > kMost || span < -kMost) return false;
    (span < 0 ? low : high) += span;
  }
  const __int128 size = element_bytes;
  const __int128 first =
      static_cast<__int128>(reinterpret_cast<uintptr_t>(t.data));
  return (high - low + 1) * size <= INT64_MAX && first + low * size >= 0 &&
         first + (high + 1) * size <= static_cast<__int128>(UINT64_MAX);
}
inline bool Nests(const softlane_tensor& t) {
  std::multiset<std::pair<int64_t, int64_t>> dims;
  for (int d = 0; d < t.rank; ++d) {
    if (t.sizes[d] > 1) dims.insert({std::abs(t.strides[d]), t.sizes[d]});
  }
  int64_t span = 0;
  for (const auto& dim : dims) {
    if (dim.first <= span) return false;
    span += (dim.second - 1) * dim.first;
  }
  return true;
}
// Of elements of so many bytes.
inline bool HasSameStrides(const softlane_tensor& a, int64_t a_bytes,
                           const softlane_tensor& b, int64_t b_bytes) {
  for (int d = 0; d < a.rank; ++d) {
    if (a.sizes[d] > 1 && a.strides[d] * a_bytes != b.strides[d] * b_bytes) {
      return false;
    }
  }
  return true;
}
// The bits of an element; all NaNs have the same.
inline uint32_t TensorNumberAt(const std::vector<unsigned char>& bytes,
                               int64_t byte, int type) {
  uint32_t bits = 0;
  std::memcpy(&bits, bytes.data() + byte, type == SOFTLANE_F32 ? 4 : 2);
  const uint32_t infinity = type == SOFTLANE_F32    ? 0x7F800000
                            : type == SOFTLANE_BF16 ? 0x7F80
                                                    : 0x7C00;
  const uint32_t magnitude =
      bits & (type == SOFTLANE_F32 ? 0x7FFFFFFF : 0x7FFF);
  return magnitude > infinity ? infinity + 1 : bits;
}

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_TENSOR_FUNCTIONS_H_
