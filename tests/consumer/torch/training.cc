// SPDX-License-Identifier: Apache-2.0
// training <libsoftlane_torch.so> <digits.csv>: a small network with a softmax
// inside and a cross-entropy behind it, trained by PyTorch on real data, first
// as it is and then with the library. Fails unless both learn the same.
// The digits are 8 x 8 pixels of 0 to 16 and a label, 1347 to train on and 450
// to test.

#include <ATen/ATen.h>
#include <dlfcn.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using at::Tensor;

constexpr int64_t kTrain = 1347, kPixels = 64, kHidden = 48, kDigits = 10;
constexpr int kSteps = 150;
constexpr double kRate = 0.5, kAccuracy = 0.9;

struct Data {
  Tensor x, labels;
};

Data Read(const char* path) {
  std::vector<float> x;
  std::vector<int64_t> labels;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream stream(line);
    std::vector<float> values;
    for (std::string field; std::getline(stream, field, ',');) {
      values.push_back(std::stof(field));
    }
    if (values.size() != kPixels + 1) continue;
    for (int64_t i = 0; i < kPixels; ++i) {
      x.push_back(values[static_cast<size_t>(i)] / 16.0f);
    }
    labels.push_back(static_cast<int64_t>(values.back()));
  }
  return {at::tensor(x).view({-1, kPixels}), at::tensor(labels)};
}

struct Result {
  double loss, accuracy;
};

// The hidden values are weighted by a softmax over them.
Tensor LogitsOf(const Tensor& x, const std::vector<Tensor>& weights) {
  const Tensor gates = at::softmax(x.matmul(weights[0]), 1);
  const Tensor hidden = at::tanh(x.matmul(weights[1]));
  return (gates * hidden * double{kHidden}).matmul(weights[2]) + weights[3];
}

Result Train(const Data& data) {
  at::manual_seed(1);
  std::vector<Tensor> weights = {
      at::randn({kPixels, kHidden}) * 0.1, at::randn({kPixels, kHidden}) * 0.1,
      at::randn({kHidden, kDigits}) * 0.1, at::zeros({kDigits})};
  for (Tensor& w : weights) w.requires_grad_(true);
  const Tensor x = data.x.narrow(0, 0, kTrain);
  const Tensor labels = data.labels.narrow(0, 0, kTrain);
  double last = 0.0;
  for (int step = 0; step < kSteps; ++step) {
    const Tensor loss = at::cross_entropy_loss(LogitsOf(x, weights), labels);
    loss.backward();
    last = loss.item<double>();
    for (Tensor& w : weights) {
      w = (w.detach() - kRate * w.grad()).requires_grad_(true);
    }
  }
  const int64_t tests = data.x.size(0) - kTrain;
  const Tensor best =
      LogitsOf(data.x.narrow(0, kTrain, tests), weights).argmax(1);
  const Tensor right = best == data.labels.narrow(0, kTrain, tests);
  return {last, right.to(at::kDouble).mean().item<double>()};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s <libsoftlane_torch.so> <digits.csv>\n",
                 argv[0]);
    return 2;
  }
  const Data data = Read(argv[2]);
  if (data.x.size(0) <= kTrain) {
    std::fprintf(stderr, "%s has no tests\n", argv[2]);
    return 2;
  }
  const Result without = Train(data);
  if (dlopen(argv[1], RTLD_NOW) == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  const Result with = Train(data);
  std::printf("PyTorch:  loss %.6f, accuracy %.4f\n", without.loss,
              without.accuracy);
  std::printf("softlane: loss %.6f, accuracy %.4f\n", with.loss, with.accuracy);
  const bool is_good = without.accuracy >= kAccuracy &&
                       with.accuracy >= kAccuracy &&
                       std::abs(with.loss - without.loss) < 1e-3;
  return is_good ? 0 : 1;
}
