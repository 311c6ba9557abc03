// SPDX-License-Identifier: Apache-2.0
#include <xnnpack.h>

#include <memory>

#include "peer.h"

namespace softlane {
namespace bench {

std::function<bool()> PrepareXnnpackSoftmax(const Operands& o) {
  if (xnn_initialize(nullptr) != xnn_status_success) return nullptr;
  xnn_operator_t softmax = nullptr;
  if (xnn_create_softmax_nc_f32(o.x.cols, o.x.stride, o.y.stride, 0,
                                &softmax) != xnn_status_success ||
      xnn_setup_softmax_nc_f32(softmax, o.x.rows, o.x.data, o.y.data,
                               nullptr) != xnn_status_success) {
    return nullptr;
  }
  const std::shared_ptr<xnn_operator> owner(softmax, xnn_delete_operator);
  return [owner] {
    return xnn_run_operator(owner.get(), nullptr) == xnn_status_success;
  };
}

}  // namespace bench
}  // namespace softlane
