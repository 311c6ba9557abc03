// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

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

}  // namespace

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

}  // namespace bench
}  // namespace softlane
