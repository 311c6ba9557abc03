// SPDX-License-Identifier: Apache-2.0
// A library that gives OpenCV's networks softlane's softmax and log-softmax.
// The layers "Softmax" of the networks that are read after it was loaded, with
// dlopen() or as a part of the program, are its own.

#include <softlane/softlane.h>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/layer.hpp>

#include <algorithm>
#include <vector>

namespace {

using softlane::Status;

// A thread takes longer to start than to compute fewer elements.
constexpr size_t kElementsPerThread = 16384;

softlane::Tensor<float> View(cv::Mat& m) {
  CV_Assert(m.type() == CV_32F && m.dims <= softlane::kMaxRank);
  int64_t sizes[softlane::kMaxRank], strides[softlane::kMaxRank];
  for (int d = 0; d < m.dims; ++d) {
    sizes[d] = m.size[d];
    strides[d] = static_cast<int64_t>(m.step[d] / sizeof(float));
  }
  return {m.ptr<float>(), m.dims, sizes, strides};
}

class Softmax final : public cv::dnn::Layer {
 public:
  explicit Softmax(const cv::dnn::LayerParams& params)
      : Layer(params),
        axis_(params.get<int>("axis", 1)),
        is_log_(params.get<bool>("log_softmax", false)) {}
  static cv::Ptr<cv::dnn::Layer> Create(cv::dnn::LayerParams& params) {
    return cv::makePtr<Softmax>(params);
  }

  void forward(cv::InputArrayOfArrays inputs, cv::OutputArrayOfArrays outputs,
               cv::OutputArrayOfArrays) override {
    std::vector<cv::Mat> in, out;
    inputs.getMatVector(in);
    outputs.getMatVector(out);
    for (size_t k = 0; k < in.size(); ++k) {
      Run(View(in[k]), View(out[k]), in[k].total() / kElementsPerThread);
    }
  }

 private:
  // On OpenCV's threads, but no more than these.
  void Run(const softlane::Tensor<const float>& x,
           const softlane::Tensor<float>& y, size_t most_threads) const {
    const int most = static_cast<int>(most_threads);
    const int n = std::max(1, std::min(cv::getNumThreads(), most));
    cv::parallel_for_(cv::Range(0, n), [&](const cv::Range& parts) {
      for (int i = parts.start; i < parts.end; ++i) {
        const auto from = x.Part(i, n, axis_);
        const auto to = y.Part(i, n, axis_);
        const Status status = is_log_ ? softlane::LogSoftmax(from, to, axis_)
                                      : softlane::Softmax(from, to, axis_);
        CV_Assert(status == Status::kOk);
      }
    });
  }

  int axis_;
  bool is_log_;
};

// OpenCV has the layer under two names.
const struct Registration {
  Registration() {
    cv::dnn::LayerFactory::registerLayer("Softmax", &Softmax::Create);
    cv::dnn::LayerFactory::registerLayer("SoftMax", &Softmax::Create);
  }
  ~Registration() {
    cv::dnn::LayerFactory::unregisterLayer("Softmax");
    cv::dnn::LayerFactory::unregisterLayer("SoftMax");
  }
} registration;

}  // namespace
