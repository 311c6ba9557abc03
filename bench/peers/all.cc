// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

namespace softlane {
namespace bench {

std::function<bool()> PrepareXnnpackSoftmax(const Operands&);
std::function<bool()> PrepareOnednnSoftmax(const Operands&);
std::function<bool()> PrepareOnednnBackward(const Operands&);
std::function<bool()> PrepareTorchSoftmax(const Operands&);
std::function<bool()> PrepareTorchSoftmaxBF16(const Operands&);
std::function<bool()> PrepareTorchLogSoftmaxBF16(const Operands&);
std::function<bool()> PrepareTorchBackward(const Operands&);
std::function<bool()> PrepareOnednnLogSoftmax(const Operands&);
std::function<bool()> PrepareTorchLogSoftmax(const Operands&);
std::function<bool()> PrepareTorchCrossEntropy(const Operands&);
std::function<bool()> PrepareTorchSoftmaxAxis(const Operands&);
std::function<bool()> PrepareTorchBackwardAxis(const Operands&);
std::function<bool()> PrepareTorchLogSoftmaxAxis(const Operands&);
std::function<bool()> PrepareTorchCrossEntropyAxis(const Operands&);
std::function<bool()> PrepareSleefExp(const Operands&);

std::vector<Peer> Peers() {
  return {{"xnnpack", "softmax", PrepareXnnpackSoftmax},
          {"onednn", "softmax", PrepareOnednnSoftmax},
          {"torch", "softmax", PrepareTorchSoftmax},
          {"torch", "softmax/bf16", PrepareTorchSoftmaxBF16},
          {"torch", "log_softmax/bf16", PrepareTorchLogSoftmaxBF16},
          {"onednn", "softmax_backward", PrepareOnednnBackward},
          {"torch", "softmax_backward", PrepareTorchBackward},
          {"onednn", "log_softmax", PrepareOnednnLogSoftmax},
          {"torch", "log_softmax", PrepareTorchLogSoftmax},
          {"torch", "cross_entropy", PrepareTorchCrossEntropy},
          {"torch", "softmax_axis", PrepareTorchSoftmaxAxis},
          {"torch", "softmax_backward_axis", PrepareTorchBackwardAxis},
          {"torch", "log_softmax_axis", PrepareTorchLogSoftmaxAxis},
          {"torch", "cross_entropy_axis", PrepareTorchCrossEntropyAxis},
          {"sleef", "exp", PrepareSleefExp}};
}

}  // namespace bench
}  // namespace softlane
