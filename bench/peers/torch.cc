// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "../labels.h"
#include "peer.h"

namespace softlane {
namespace bench {
namespace {

at::Tensor Tensor(const Rows<float>& view) {
  return at::from_blob(
      view.data,
      {static_cast<int64_t>(view.rows), static_cast<int64_t>(view.cols)},
      at::kFloat);
}

// Of a kernel along an axis: one plane, whose columns are the rows.
at::Tensor Plane(const Rows<float>& view) {
  return at::from_blob(
      view.data,
      {1, static_cast<int64_t>(view.cols), 1, static_cast<int64_t>(view.rows)},
      at::kFloat);
}

// Of bfloat16: PyTorch of 2022 has no other half type on CPUs.
at::Tensor TensorBF16(const AnyRows& view) {
  return at::from_blob(
      view.data,
      {static_cast<int64_t>(view.rows), static_cast<int64_t>(view.cols)},
      at::kBFloat16);
}

}  // namespace

std::function<bool()> PrepareTorchSoftmaxBF16(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor x = TensorBF16(o.any_x), y = TensorBF16(o.any_y);
  return [x, y]() mutable {
    at::_softmax_out(y, x, 1, false);
    return true;
  };
}

std::function<bool()> PrepareTorchLogSoftmaxBF16(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor x = TensorBF16(o.any_x), y = TensorBF16(o.any_y);
  return [x, y]() mutable {
    at::_log_softmax_out(y, x, 1, false);
    return true;
  };
}

std::function<bool()> PrepareTorchSoftmax(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor x = Tensor(o.x), y = Tensor(o.y);
  return [x, y]() mutable {
    at::_softmax_out(y, x, 1, false);
    return true;
  };
}

std::function<bool()> PrepareTorchBackward(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor p = Tensor(o.x), dp = Tensor(o.second), dx = Tensor(o.y);
  return [p, dp, dx]() mutable {
    at::_softmax_backward_data_out(dx, dp, p, 1, at::kFloat);
    return true;
  };
}

std::function<bool()> PrepareTorchLogSoftmax(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor x = Tensor(o.x), y = Tensor(o.y);
  return [x, y]() mutable {
    at::_log_softmax_out(y, x, 1, false);
    return true;
  };
}

// The functions that cross_entropy and its backward pass call, without the
// autograd graph.
std::function<bool()> PrepareTorchCrossEntropy(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor x = Tensor(o.x), dx = Tensor(o.y);
  at::Tensor labels = at::from_blob(const_cast<int64_t*>(LabelsOf(o.x)),
                                    {static_cast<int64_t>(o.x.rows)}, at::kLong)
                          .clone();
  at::Tensor loss = at::from_blob(o.row_results, {}, at::kFloat);
  at::Tensor log_p = at::empty_like(x), dlog_p = at::empty_like(x);
  at::Tensor total = at::empty({}, at::kFloat);
  at::Tensor one = at::ones({}, at::kFloat);
  return [=]() mutable {
    constexpr int64_t kMean = 1, kIgnore = -100;
    at::_log_softmax_out(log_p, x, 1, false);
    at::nll_loss_forward_out(loss, total, log_p, labels, {}, kMean, kIgnore);
    at::nll_loss_backward_out(dlog_p, one, log_p, labels, {}, kMean, kIgnore,
                              total);
    at::_log_softmax_backward_data_out(dx, dlog_p, log_p, 1, at::kFloat);
    return true;
  };
}

std::function<bool()> PrepareTorchSoftmaxAxis(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor x = Plane(o.x), y = Plane(o.y);
  return [x, y]() mutable {
    at::_softmax_out(y, x, 1, false);
    return true;
  };
}

std::function<bool()> PrepareTorchBackwardAxis(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor p = Plane(o.x), dp = Plane(o.second), dx = Plane(o.y);
  return [p, dp, dx]() mutable {
    at::_softmax_backward_data_out(dx, dp, p, 1, at::kFloat);
    return true;
  };
}

std::function<bool()> PrepareTorchLogSoftmaxAxis(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor x = Plane(o.x), y = Plane(o.y);
  return [x, y]() mutable {
    at::_log_softmax_out(y, x, 1, false);
    return true;
  };
}

std::function<bool()> PrepareTorchCrossEntropyAxis(const Operands& o) {
  at::set_num_threads(1);
  at::Tensor x = Plane(o.x), dx = Plane(o.y);
  at::Tensor labels =
      at::from_blob(const_cast<int64_t*>(LabelsOf(o.x)),
                    {1, 1, static_cast<int64_t>(o.x.rows)}, at::kLong)
          .clone();
  at::Tensor loss = at::from_blob(o.row_results, {}, at::kFloat);
  at::Tensor log_p = at::empty_like(x), dlog_p = at::empty_like(x);
  at::Tensor total = at::empty({}, at::kFloat);
  at::Tensor one = at::ones({}, at::kFloat);
  return [=]() mutable {
    constexpr int64_t kMean = 1, kIgnore = -100;
    at::_log_softmax_out(log_p, x, 1, false);
    at::nll_loss2d_forward_out(loss, total, log_p, labels, {}, kMean, kIgnore);
    at::nll_loss2d_backward_out(dlog_p, one, log_p, labels, {}, kMean, kIgnore,
                                total);
    at::_log_softmax_backward_data_out(dx, dlog_p, log_p, 1, at::kFloat);
    return true;
  };
}

}  // namespace bench
}  // namespace softlane
