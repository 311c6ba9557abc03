// SPDX-License-Identifier: Apache-2.0
// Softmax regression, trained on real data with CrossEntropy, which gives the
// loss and, in place of the logits, the gradient:
//   training digits|digits_bf16|iris <file.csv>
// The digits are 8 x 8 pixels of 0 to 16 and a label, 1347 to train on and 450
// to test; Iris is four lengths and a species, all 150 to train on. digits_bf16
// has logits and gradients of bfloat16. Trains once
// per available target and fails unless all weights are identical as bytes, the
// accuracy is what it should be, and the gradient is, within the bounds, that
// of Softmax, -1 / p and SoftmaxBackward.

#include <softlane/softlane.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using softlane::BFloat16;
using softlane::Rows;
using softlane::Status;
using softlane::Target;

struct Data {
  size_t rows = 0;
  size_t features = 0;
  size_t classes = 0;
  std::vector<float>
      x;  // rows x features, and a 1 for the bias behind each row
  std::vector<int32_t> labels;
};

struct Task {
  const char* name;
  bool has_header;
  float unit;  // what a feature is divided by
  size_t train_rows;
  bool test_on_rest;
  int steps;
  float rate;
  double accuracy;
  bool is_bf16;
};
constexpr Task kTasks[] = {
    {"digits", false, 16.0f, 1347, true, 500, 1.0f, 0.90, false},
    {"digits_bf16", false, 16.0f, 1347, true, 500, 1.0f, 0.90, true},
    {"iris", true, 8.0f, 150, false, 2000, 1.0f, 0.95, false}};

Data Read(const char* path, const Task& task) {
  Data data;
  std::ifstream file(path);
  std::map<std::string, size_t> classes;
  std::string line;
  if (task.has_header) std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> fields;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, ',');) {
      fields.push_back(field);
    }
    if (fields.size() < 2) continue;
    data.features = fields.size();  // the label's place is the bias's
    for (size_t i = 0; i + 1 < fields.size(); ++i) {
      data.x.push_back(std::stof(fields[i]) / task.unit);
    }
    data.x.push_back(1.0f);
    const auto known = classes.emplace(fields.back(), classes.size()).first;
    data.labels.push_back(static_cast<int32_t>(known->second));
    ++data.rows;
  }
  data.classes = classes.size();
  return data;
}

// logits = x * weights, for some rows; weights are features x classes.
void Multiply(const Data& data, const std::vector<float>& weights, size_t rows,
              std::vector<float>* logits, size_t first_row = 0) {
  logits->assign(rows * data.classes, 0.0f);
  for (size_t r = 0; r < rows; ++r) {
    const float* x = data.x.data() + (first_row + r) * data.features;
    float* out = logits->data() + r * data.classes;
    for (size_t f = 0; f < data.features; ++f) {
      const float* w = weights.data() + f * data.classes;
      for (size_t c = 0; c < data.classes; ++c) out[c] += x[f] * w[c];
    }
  }
}

// The same gradient in three steps. The loss is -log(p of the label) / rows,
// its derivative -1 / (p rows) there and 0 elsewhere. The difference must be
// within the bounds of CrossEntropy, Softmax and SoftmaxBackward together.
bool IsGradientOfChain(const Data& data, Rows<float> logits,
                       Rows<float> gradient, Target target) {
  const size_t rows = logits.rows;
  const size_t classes = logits.cols;
  const float share = 1.0f / static_cast<float>(rows);
  std::vector<float> p(rows * classes), chain(rows * classes, 0.0f);
  const Rows<float> probs(p.data(), rows, classes);
  const Rows<float> dlogits(chain.data(), rows, classes);
  if (softlane::Softmax(logits, probs, {}, target) != Status::kOk) return false;
  for (size_t r = 0; r < rows; ++r) {
    const size_t label = static_cast<size_t>(data.labels[r]);
    dlogits.Row(r)[label] = -share / std::max(probs.Row(r)[label], 1e-30f);
  }
  if (softlane::SoftmaxBackward(probs, dlogits, dlogits, 1.0f, target) !=
      Status::kOk) {
    return false;
  }
  constexpr double kBound =
      (2.0 * softlane::kSoftmaxMaxUlp + softlane::kSoftmaxBackwardMaxError +
       softlane::kCrossEntropyGradientMaxError + 4.0) *
      0x1p-24;
  double worst = 0.0;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < classes; ++c) {
      const bool is_label = static_cast<size_t>(data.labels[r]) == c;
      const double magnitude =
          share * (double{probs.Row(r)[c]} + (is_label ? 1.0 : 0.0));
      const double error =
          std::abs(double{gradient.Row(r)[c]} - double{dlogits.Row(r)[c]});
      worst = std::max(worst, error / (kBound * magnitude + 1e-37));
    }
  }
  std::printf("%s: the gradient is that of the chain to %.3f of the bound\n",
              softlane::TargetName(target), worst);
  return worst <= 1.0;
}

// CrossEntropy of logits that are rounded to bfloat16, whose gradients are,
// too.
Status LossOfBFloat16(const Data& data, Rows<float> logits, float* loss,
                      Target target) {
  const size_t count = logits.rows * logits.cols;
  std::vector<BFloat16> halves(count);
  for (size_t i = 0; i < count; ++i) halves[i] = BFloat16(logits.data[i]);
  const Rows<BFloat16> view(halves.data(), logits.rows, logits.cols);
  const Status status = softlane::CrossEntropy(view, data.labels.data(), loss,
                                               view, {}, nullptr, target);
  for (size_t i = 0; i < count; ++i) {
    logits.data[i] = static_cast<float>(halves[i]);
  }
  return status;
}

constexpr int kStepOfChain = 20;  // when all classes have some probability

// Full-batch gradient descent on the mean cross-entropy, from weights of 0.
bool Train(const Data& data, const Task& task, Target target,
           std::vector<float>* weights) {
  const size_t rows = task.train_rows;
  const size_t classes = data.classes;
  weights->assign(data.features * classes, 0.0f);
  std::vector<float> logits;
  float first_loss = 0.0f, loss = 0.0f;
  for (int step = 0; step < task.steps; ++step) {
    Multiply(data, *weights, rows, &logits);
    std::vector<float> before;
    if (step == kStepOfChain) before = logits;
    const Rows<float> gradient(logits.data(), rows, classes);
    const Status status =
        task.is_bf16
            ? LossOfBFloat16(data, gradient, &loss, target)
            : softlane::CrossEntropy(gradient, data.labels.data(), &loss,
                                     gradient, {}, nullptr, target);
    if (status != Status::kOk) return false;
    if (step == 0) first_loss = loss;
    if (step == kStepOfChain && !task.is_bf16 &&
        !IsGradientOfChain(data, Rows<float>(before.data(), rows, classes),
                           gradient, target)) {
      return false;
    }
    for (size_t r = 0; r < rows; ++r) {
      const float* x = data.x.data() + r * data.features;
      for (size_t f = 0; f < data.features; ++f) {
        for (size_t c = 0; c < classes; ++c) {
          (*weights)[f * classes + c] -= task.rate * x[f] * gradient.Row(r)[c];
        }
      }
    }
  }
  std::printf("%s: loss %.4f, at first %.4f\n", softlane::TargetName(target),
              static_cast<double>(loss), static_cast<double>(first_loss));
  return loss < 0.5f * first_loss;
}

double Accuracy(const Data& data, const std::vector<float>& weights,
                size_t first_row, size_t rows) {
  std::vector<float> logits;
  Multiply(data, weights, rows, &logits, first_row);
  size_t right = 0;
  for (size_t r = 0; r < rows; ++r) {
    const float* row = logits.data() + r * data.classes;
    const float* best = std::max_element(row, row + data.classes);
    right += best - row == data.labels[first_row + r];
  }
  return static_cast<double>(right) / static_cast<double>(rows);
}

int Run(const Task& task, const char* path) {
  const Data data = Read(path, task);
  if (data.rows < task.train_rows) {
    std::fprintf(stderr, "%s: %zu rows\n", path, data.rows);
    return 1;
  }
  bool ok = true;
  std::vector<float> first;
  for (const Target target : softlane::AvailableTargets()) {
    std::vector<float> weights;
    if (!Train(data, task, target, &weights)) return 1;
    if (first.empty()) first = weights;
    const bool same = std::memcmp(first.data(), weights.data(),
                                  weights.size() * sizeof(float)) == 0;
    const size_t tested = task.test_on_rest ? data.rows - task.train_rows : 0;
    const double accuracy =
        tested == 0 ? Accuracy(data, weights, 0, task.train_rows)
                    : Accuracy(data, weights, task.train_rows, tested);
    std::printf("%s, %s: accuracy %.4f on %zu rows, weights %s\n", task.name,
                softlane::TargetName(target), accuracy,
                tested == 0 ? task.train_rows : tested,
                same ? "identical" : "DIFFER");
    ok = ok && same && accuracy >= task.accuracy;
  }
  return ok ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  for (const Task& task : kTasks) {
    if (argc == 3 && std::strcmp(argv[1], task.name) == 0) {
      return Run(task, argv[2]);
    }
  }
  std::fprintf(stderr, "usage: %s digits|digits_bf16|iris <file.csv>\n",
               argv[0]);
  return 2;
}
