// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_axis.h"
#include "softlane/softmax_tensor.h"
#include "tensor/tensor_softmax.h"

namespace softlane {
namespace {

Status RunLogs(const ConstAnyPlanes& x, const AnyPlanes& y, const Rows<float>&,
               const SoftmaxOptions& options, Target target) {
  return LogSoftmaxAxis(x, y, options, target);
}
Status RunSums(const ConstAnyPlanes& x, const AnyPlanes&,
               const Rows<float>& logsumexp, const SoftmaxOptions& options,
               Target target) {
  return LogSumExpAxis(x, logsumexp, options.scale, target);
}

}  // namespace

inline namespace v1 {

Status LogSoftmax(const ConstAnyTensor& logits, const AnyTensor& log_probs,
                  int axis, const SoftmaxOptions& options,
                  Target target) noexcept {
  return internal::RunTensors({internal::kLogSoftmax, &RunLogs},
                              {logits, &log_probs, nullptr}, axis, options,
                              target);
}

Status LogSumExp(const ConstAnyTensor& logits, const Tensor<float>& logsumexp,
                 int axis, float scale, Target target) noexcept {
  SoftmaxOptions options;
  options.scale = scale;
  return internal::RunTensors({internal::kLogSumExp, &RunSums},
                              {logits, nullptr, &logsumexp}, axis, options,
                              target);
}

}  // namespace v1
}  // namespace softlane
