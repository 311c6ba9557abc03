// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

namespace softlane {
namespace bench {

std::function<bool()> PrepareXnnpackSoftmax(const Operands&);
std::function<bool()> PrepareOnednnSoftmax(const Operands&);
std::function<bool()> PrepareOnednnBackward(const Operands&);
std::function<bool()> PrepareTorchSoftmax(const Operands&);
std::function<bool()> PrepareTorchBackward(const Operands&);
std::function<bool()> PrepareSleefExp(const Operands&);

std::vector<Peer> Peers() {
  return {{"xnnpack", "softmax", PrepareXnnpackSoftmax},
          {"onednn", "softmax", PrepareOnednnSoftmax},
          {"torch", "softmax", PrepareTorchSoftmax},
          {"onednn", "softmax_backward", PrepareOnednnBackward},
          {"torch", "softmax_backward", PrepareTorchBackward},
          {"sleef", "exp", PrepareSleefExp}};
}

}  // namespace bench
}  // namespace softlane
