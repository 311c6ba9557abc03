// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CONSUMER_TORCH_OPERATIONS_H_
#define SOFTLANE_TESTS_CONSUMER_TORCH_OPERATIONS_H_

#include <ATen/ATen.h>
#include <ATen/CPUFunctions.h>

#include <cstdint>

// The operations of PyTorch that the library replaces, and PyTorch's own.

using at::Tensor;

struct Type {
  const char* name;
  at::ScalarType type;
  double unit;    // the error of a rounding, over the value
  double tiny;    // an absolute error where values are subnormal
  bool has_peer;  // PyTorch 1.13 has no such operations of float16
};
inline const Type kTypes[] = {{"f32", at::kFloat, 0x1p-24, 0x1p-120, true},
                              {"bf16", at::kBFloat16, 0x1p-8, 0x1p-120, true},
                              {"f16", at::kHalf, 0x1p-11, 0x1p-25, false}};

// An operation of one operand, x, or of two, the result y and its gradient.
struct Operation {
  const char* name;
  bool is_backward;
  double limit;  // of an error of floats, in units of the magnitude
  Tensor (*run)(const Tensor& x, const Tensor& dy, int64_t dim);
  Tensor (*run_peer)(const Tensor& x, const Tensor& dy, int64_t dim);
  Tensor (*magnitude)(const Tensor& want, const Tensor& x, const Tensor& dy,
                      int64_t dim);
};
inline const Operation kOperations[] = {
    {"softmax", false, 16.0,
     [](const Tensor& x, const Tensor&, int64_t dim) {
       return at::_softmax(x, dim, false);
     },
     [](const Tensor& x, const Tensor&, int64_t dim) {
       return at::cpu::_softmax(x, dim, false);
     },
     [](const Tensor& want, const Tensor&, const Tensor&, int64_t) {
       return want;
     }},
    {"log_softmax", false, 4.0,
     [](const Tensor& x, const Tensor&, int64_t dim) {
       return at::_log_softmax(x, dim, false);
     },
     [](const Tensor& x, const Tensor&, int64_t dim) {
       return at::cpu::_log_softmax(x, dim, false);
     },
     [](const Tensor& want, const Tensor&, const Tensor&, int64_t) {
       return want.abs().clamp_min(1.0);
     }},
    {"softmax backward", true, 8.0,
     [](const Tensor& y, const Tensor& dy, int64_t dim) {
       return at::_softmax_backward_data(dy, y, dim, y.scalar_type());
     },
     // PyTorch 1.13 reads y as if it were contiguous.
     [](const Tensor& y, const Tensor& dy, int64_t dim) {
       return at::cpu::_softmax_backward_data(dy, y.contiguous(), dim,
                                              y.scalar_type());
     },
     [](const Tensor&, const Tensor& y, const Tensor& dy, int64_t dim) {
       return y * (dy.abs() + (y * dy).abs().sum(dim, true));
     }},
    {"log_softmax backward", true, 8.0,
     [](const Tensor& y, const Tensor& dy, int64_t dim) {
       return at::_log_softmax_backward_data(dy, y, dim, y.scalar_type());
     },
     [](const Tensor& y, const Tensor& dy, int64_t dim) {
       return at::cpu::_log_softmax_backward_data(dy, y.contiguous(), dim,
                                                  y.scalar_type());
     },
     [](const Tensor&, const Tensor& y, const Tensor& dy, int64_t dim) {
       return dy.abs() + y.exp() * dy.abs().sum(dim, true);
     }},
};

#endif  // SOFTLANE_TESTS_CONSUMER_TORCH_OPERATIONS_H_
