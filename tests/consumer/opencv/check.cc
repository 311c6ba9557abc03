// SPDX-License-Identifier: Apache-2.0
// check <libsoftlane_opencv.so> <network.prototxt>: OpenCV's networks with a
// softmax, without and with the library, against double. The networks are read
// from a file that this program writes. Fails unless errors are within the
// bounds, and the bits depend neither on the axis nor on threads.

#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <opencv2/dnn.hpp>
#include <random>
#include <string>
#include <vector>

namespace {

using Sizes = std::vector<int>;

constexpr int kNetworks = 300;
constexpr double kScale = 2.0, kShift = 0.5;  // exact in float
// Of softmax, over the value; of log-softmax, over max(1, value).
constexpr double kLimits[] = {16 * 0x1p-24, 4 * 0x1p-24};

int failures = 0;

void Check(bool is_good, const std::string& what) {
  if (is_good) return;
  if (++failures <= 20) std::printf("FAILED: %s\n", what.c_str());
}

// A layer that scales, and a softmax along an axis.
cv::dnn::Net ReadNetwork(const char* path, const Sizes& sizes, int axis) {
  std::ofstream file(path);
  file << "name: \"softmax\"\ninput: \"data\"\ninput_shape {";
  for (const int size : sizes) file << " dim: " << size;
  file << " }\n"
       << "layer { name: \"scores\" type: \"Power\" bottom: \"data\" "
       << "top: \"scores\" power_param { scale: " << kScale
       << " shift: " << kShift << " } }\n"
       << "layer { name: \"probs\" type: \"Softmax\" bottom: \"scores\" "
       << "top: \"probs\" softmax_param { axis: " << axis << " } }\n";
  file.close();
  return cv::dnn::readNetFromCaffe(path);
}

// The same with a log-softmax, which Caffe's files do not have.
cv::dnn::Net LogNetwork(int axis) {
  cv::dnn::Net net;
  cv::dnn::LayerParams power, softmax;
  power.set("scale", kScale);
  power.set("shift", kShift);
  softmax.set("axis", axis);
  softmax.set("log_softmax", true);
  net.addLayerToPrev("scores", "Power", power);
  net.addLayerToPrev("log_probs", "Softmax", softmax);
  return net;
}

cv::Mat Run(cv::dnn::Net net, const cv::Mat& x) {
  net.setInput(x);
  return net.forward().clone();
}

// The index of an element's row along the axis, and of the element in it.
struct Place {
  size_t row, col;
};
Place PlaceOf(size_t i, const Sizes& sizes, int axis) {
  size_t inner = 1;
  for (size_t d = static_cast<size_t>(axis) + 1; d < sizes.size(); ++d) {
    inner *= static_cast<size_t>(sizes[d]);
  }
  const size_t n = static_cast<size_t>(sizes[static_cast<size_t>(axis)]);
  return {i / (inner * n) * inner + i % inner, i / inner % n};
}

// The largest error, over kLimits.
double ErrorOf(const cv::Mat& got, const cv::Mat& x, const Sizes& sizes,
               int axis, bool is_log) {
  const size_t count = x.total();
  const float* values = x.ptr<float>();
  std::vector<double> logits(count), max(count, -HUGE_VAL), sum(count, 0.0);
  for (size_t i = 0; i < count; ++i) {
    const size_t row = PlaceOf(i, sizes, axis).row;
    logits[i] = kScale * double{values[i]} + kShift;
    max[row] = std::max(max[row], logits[i]);
  }
  for (size_t i = 0; i < count; ++i) {
    const size_t row = PlaceOf(i, sizes, axis).row;
    sum[row] += std::exp(logits[i] - max[row]);
  }
  double worst = 0.0;
  for (size_t i = 0; i < count; ++i) {
    const size_t row = PlaceOf(i, sizes, axis).row;
    const double log_p = logits[i] - max[row] - std::log(sum[row]);
    const double want = is_log ? log_p : std::exp(log_p);
    const double magnitude = is_log ? std::max(1.0, -log_p) : want;
    const double error = std::abs(double{got.ptr<float>()[i]} - want);
    worst = std::max(worst, (error - 0x1p-126) / (magnitude * kLimits[is_log]));
  }
  return worst;
}

// The same elements with the axis last.
std::vector<float> AxisLast(const cv::Mat& m, const Sizes& sizes, int axis) {
  std::vector<float> moved(m.total());
  const size_t n = static_cast<size_t>(sizes[static_cast<size_t>(axis)]);
  for (size_t i = 0; i < moved.size(); ++i) {
    const Place place = PlaceOf(i, sizes, axis);
    moved[place.row * n + place.col] = m.ptr<float>()[i];
  }
  return moved;
}

bool AreSame(const void* a, const void* b, size_t elements) {
  return std::memcmp(a, b, elements * sizeof(float)) == 0;
}

struct Case {
  Sizes sizes;
  int axis;
  cv::Mat x;
};

std::vector<Case> MakeCases() {
  std::mt19937_64 engine(1);
  const auto below = [&](uint64_t n) { return static_cast<int>(engine() % n); };
  std::vector<Case> cases;
  for (int i = 0; i < kNetworks; ++i) {
    Sizes sizes(static_cast<size_t>(2 + below(3)));
    for (int& size : sizes) size = 1 + below(9);
    const int axis = below(sizes.size());
    sizes[static_cast<size_t>(axis)] = 1 + below(i % 3 == 0 ? 1000 : 30);
    if (i < 12) {  // some for several threads
      sizes = {3, 21, 40, 64};
      cases.push_back({sizes, i % 4, {}});
    } else {
      cases.push_back({sizes, axis, {}});
    }
    cv::Mat x(sizes, CV_32F);
    const float spread = i % 2 == 0 ? 2.0f : 16.0f;
    for (size_t k = 0; k < x.total(); ++k) {
      x.ptr<float>()[k] =
          spread * (static_cast<float>(below(1 << 20)) * 0x1p-19f - 1.0f);
    }
    cases.back().x = x;
  }
  return cases;
}

// The worst error of all networks, over the limit.
double WorstOf(const std::vector<Case>& cases, const char* path, bool is_log,
               bool is_ours) {
  double worst = 0.0;
  for (const Case& c : cases) {
    cv::dnn::Net net =
        is_log ? LogNetwork(c.axis) : ReadNetwork(path, c.sizes, c.axis);
    cv::setNumThreads(1);
    const cv::Mat got = Run(net, c.x);
    const double error = ErrorOf(got, c.x, c.sizes, c.axis, is_log);
    worst = std::max(worst, error);
    if (!is_ours) continue;
    const std::string what =
        cv::format("%s along %d of %zu elements",
                   is_log ? "log-softmax" : "softmax", c.axis, c.x.total());
    Check(error <= 1.0, what + ": error " + std::to_string(error));
    for (const int threads : {2, 3}) {
      cv::setNumThreads(threads);
      Check(AreSame(Run(net, c.x).data, got.data, got.total()),
            what + ": other bits with threads");
    }
    const std::vector<float> x = AxisLast(c.x, c.sizes, c.axis);
    const int n = c.sizes[static_cast<size_t>(c.axis)];
    const Sizes sizes = {static_cast<int>(x.size()) / n, n};
    cv::Mat rows(sizes, CV_32F);
    std::copy(x.begin(), x.end(), rows.ptr<float>());
    const cv::Mat last =
        Run(is_log ? LogNetwork(1) : ReadNetwork(path, sizes, 1), rows);
    Check(AreSame(last.data, AxisLast(got, c.sizes, c.axis).data(), x.size()),
          what + ": other bits than along the last axis");
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr,
                 "usage: %s <libsoftlane_opencv.so> <network.prototxt>\n",
                 argv[0]);
    return 2;
  }
  const std::vector<Case> cases = MakeCases();
  const double own[] = {WorstOf(cases, argv[2], false, false),
                        WorstOf(cases, argv[2], true, false)};
  if (dlopen(argv[1], RTLD_NOW) == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  std::printf("%d networks each; errors in roundings\n", kNetworks);
  std::printf("            | softlane |     OpenCV\n");
  for (const bool is_log : {false, true}) {
    const double unit = kLimits[is_log] / 0x1p-24;
    const double worst = WorstOf(cases, argv[2], is_log, true);
    std::printf("%-11s | %8.3f | %10.3f\n", is_log ? "log-softmax" : "softmax",
                worst * unit, own[is_log] * unit);
    Check(own[is_log] != worst, "the layer is OpenCV's");
  }
  std::printf("%d failures\n", failures);
  return failures != 0;
}
