// SPDX-License-Identifier: Apache-2.0
// A library that gives a PyTorch process softlane's softmax, log-softmax and
// their backward passes: torch.ops.load_library("libsoftlane_torch.so"), or
// dlopen() in C++. Models and autograd stay as they are.
//
// Inputs may have any layout. Results are contiguous, as PyTorch's are. Tensors
// of double, mixed types and more than 8 dimensions go to PyTorch's kernels.

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/ops/_log_softmax_backward_data_cpu_dispatch.h>
#include <ATen/ops/_log_softmax_cpu_dispatch.h>
#include <ATen/ops/_softmax_backward_data_cpu_dispatch.h>
#include <ATen/ops/_softmax_cpu_dispatch.h>
#include <softlane/softlane.h>
#include <torch/library.h>

#include <algorithm>

namespace {

// A thread takes longer to start than to compute fewer elements.
constexpr int64_t kElementsPerThread = 16384;

bool IsServed(const at::Tensor& t) {
  const at::ScalarType type = t.scalar_type();
  return t.dim() <= softlane::kMaxRank &&
         (type == at::kFloat || type == at::kBFloat16 || type == at::kHalf);
}

bool AreServed(const at::Tensor& grad, const at::Tensor& result,
               at::ScalarType input_type) {
  return IsServed(grad) && result.scalar_type() == grad.scalar_type() &&
         input_type == grad.scalar_type();
}

// Part i of n parts of each tensor of a call.
struct Part {
  softlane::AnyTensor operator()(const at::Tensor& t) const {
    return n == 1 ? View(t) : View(t).Part(i, n, axis);
  }
  static softlane::AnyTensor View(const at::Tensor& t) {
    using softlane::ElementType;
    const at::ScalarType type = t.scalar_type();
    return {t.data_ptr(),
            type == at::kFloat  ? ElementType::kFloat32
            : type == at::kHalf ? ElementType::kFloat16
                                : ElementType::kBFloat16,
            static_cast<int>(t.dim()), t.sizes().data(), t.strides().data()};
  }
  size_t i, n;
  int axis;
};

at::Tensor EmptyLike(const at::Tensor& t) {  // contiguous
  return at::detail::empty_cpu(t.sizes(), t.scalar_type());
}

// Calls run(part) for each part of a call with the result y, on PyTorch's
// threads.
template <class Run>
void InParts(const at::Tensor& y, int axis, const Run& run) {
  const int64_t most = y.numel() / kElementsPerThread;
  const int64_t n =
      most < 2 ? 1 : std::min<int64_t>(at::get_num_threads(), most);
  const auto run_some = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const softlane::Status status =
          run(Part{static_cast<size_t>(i), static_cast<size_t>(n), axis});
      TORCH_CHECK(status == softlane::Status::kOk,
                  softlane::StatusName(status));
    }
  };
  if (n == 1) return run_some(0, 1);
  at::parallel_for(0, n, 1, run_some);
}

at::Tensor Softmax(const at::Tensor& x, int64_t dim, bool half_to_float) {
  if (half_to_float || !IsServed(x)) {
    return at::cpu::_softmax(x, dim, half_to_float);
  }
  const int axis = static_cast<int>(at::maybe_wrap_dim(dim, x.dim()));
  const at::Tensor y = EmptyLike(x);
  InParts(y, axis, [&](const Part& part) {
    return softlane::Softmax(part(x), part(y), axis);
  });
  return y;
}

at::Tensor LogSoftmax(const at::Tensor& x, int64_t dim, bool half_to_float) {
  if (half_to_float || !IsServed(x)) {
    return at::cpu::_log_softmax(x, dim, half_to_float);
  }
  const int axis = static_cast<int>(at::maybe_wrap_dim(dim, x.dim()));
  const at::Tensor y = EmptyLike(x);
  InParts(y, axis, [&](const Part& part) {
    return softlane::LogSoftmax(part(x), part(y), axis);
  });
  return y;
}

at::Tensor SoftmaxBackward(const at::Tensor& dy, const at::Tensor& y,
                           int64_t dim, at::ScalarType input_type) {
  if (!AreServed(dy, y, input_type)) {
    return at::cpu::_softmax_backward_data(dy, y, dim, input_type);
  }
  const int axis = static_cast<int>(at::maybe_wrap_dim(dim, y.dim()));
  const at::Tensor dx = EmptyLike(y);
  InParts(dx, axis, [&](const Part& part) {
    return softlane::SoftmaxBackward(part(y), part(dy), part(dx), axis);
  });
  return dx;
}

at::Tensor LogSoftmaxBackward(const at::Tensor& dy, const at::Tensor& y,
                              int64_t dim, at::ScalarType input_type) {
  if (!AreServed(dy, y, input_type)) {
    return at::cpu::_log_softmax_backward_data(dy, y, dim, input_type);
  }
  const int axis = static_cast<int>(at::maybe_wrap_dim(dim, y.dim()));
  const at::Tensor dx = EmptyLike(y);
  InParts(dx, axis, [&](const Part& part) {
    return softlane::LogSoftmaxBackward(part(y), part(dy), part(dx), axis);
  });
  return dx;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, CPU, m) {
  m.impl("_softmax", TORCH_FN(Softmax));
  m.impl("_log_softmax", TORCH_FN(LogSoftmax));
  m.impl("_softmax_backward_data", TORCH_FN(SoftmaxBackward));
  m.impl("_log_softmax_backward_data", TORCH_FN(LogSoftmaxBackward));
}
