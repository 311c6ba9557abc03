// SPDX-License-Identifier: Apache-2.0
// Softmax regression, trained on real data with Softmax and SoftmaxBackward:
//   training digits|iris <file.csv>
// The digits are 8 x 8 pixels of 0 to 16 and a label, 1347 to train on and 450
// to test; Iris is four lengths and a species, all 150 to train on. Trains once
// per available target and fails unless all weights are identical as bytes and
// the accuracy is what it should be.

#include <softlane/softlane.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using softlane::Rows;
using softlane::Status;
using softlane::Target;

struct Data {
  size_t rows = 0;
  size_t features = 0;
  size_t classes = 0;
  std::vector<float>
      x;  // rows x features, and a 1 for the bias behind each row
  std::vector<size_t> labels;
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
};
constexpr Task kTasks[] = {
    {"digits", false, 16.0f, 1347, true, 500, 1.0f, 0.90},
    {"iris", true, 8.0f, 150, false, 2000, 1.0f, 0.95}};

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
    data.labels.push_back(
        classes.emplace(fields.back(), classes.size()).first->second);
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

// Full-batch gradient descent on the mean cross-entropy, from weights of 0.
bool Train(const Data& data, const Task& task, Target target,
           std::vector<float>* weights) {
  const size_t rows = task.train_rows;
  const size_t classes = data.classes;
  weights->assign(data.features * classes, 0.0f);
  std::vector<float> logits, dprobs(rows * classes);
  for (int step = 0; step < task.steps; ++step) {
    Multiply(data, *weights, rows, &logits);
    const Rows<float> probs(logits.data(), rows, classes);
    if (softlane::Softmax(probs, probs, {}, target) != Status::kOk)
      return false;
    // The loss is -log(p of the label), its derivative -1 / p there and 0
    // elsewhere.
    std::fill(dprobs.begin(), dprobs.end(), 0.0f);
    for (size_t r = 0; r < rows; ++r) {
      const float p = probs.Row(r)[data.labels[r]];
      dprobs[r * classes + data.labels[r]] = -1.0f / std::max(p, 1e-30f);
    }
    const Rows<float> gradient(dprobs.data(), rows, classes);
    if (softlane::SoftmaxBackward(probs, gradient, gradient, 1.0f, target) !=
        Status::kOk) {
      return false;
    }
    const float rate = task.rate / static_cast<float>(rows);
    for (size_t r = 0; r < rows; ++r) {
      const float* x = data.x.data() + r * data.features;
      for (size_t f = 0; f < data.features; ++f) {
        for (size_t c = 0; c < classes; ++c) {
          (*weights)[f * classes + c] -= rate * x[f] * gradient.Row(r)[c];
        }
      }
    }
  }
  return true;
}

double Accuracy(const Data& data, const std::vector<float>& weights,
                size_t first_row, size_t rows) {
  std::vector<float> logits;
  Multiply(data, weights, rows, &logits, first_row);
  size_t right = 0;
  for (size_t r = 0; r < rows; ++r) {
    const float* row = logits.data() + r * data.classes;
    const float* best = std::max_element(row, row + data.classes);
    right += static_cast<size_t>(best - row) == data.labels[first_row + r];
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
  std::fprintf(stderr, "usage: %s digits|iris <file.csv>\n", argv[0]);
  return 2;
}
