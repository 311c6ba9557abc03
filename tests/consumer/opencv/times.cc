// SPDX-License-Identifier: Apache-2.0
// times <libsoftlane_opencv.so> [rounds]: what OpenCV's softmax takes without
// and with the library, in turns, on one and two threads.

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

namespace {

// Seconds of one side in a round, and of one measurement.
constexpr double kSlice = 1e-3, kSample = 3e-5;

double Now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

cv::dnn::Net Network(int axis, bool is_log, const cv::Mat& x) {
  cv::dnn::Net net;
  cv::dnn::LayerParams params;
  params.set("axis", axis);
  params.set("log_softmax", is_log);
  net.addLayerToPrev("softmax", "Softmax", params);
  net.setInput(x);
  net.forward();
  return net;
}

// Adds the seconds per call of some calls, again and again.
void TimeSlice(cv::dnn::Net& net, std::vector<double>& times) {
  net.forward();
  const double end = Now() + kSlice;
  for (double begin = Now(); begin < end;) {
    int calls = 0;
    double now;
    do {
      net.forward();
      ++calls;
      now = Now();
    } while (now < begin + kSample);
    times.push_back((now - begin) / calls);
    begin = now;
  }
}

// A tenth of the times are shorter: other programs take the rest.
double Typical(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 10];
}

struct Case {
  std::vector<int> sizes;
  int axis;
};
const Case kCases[] = {
    {{1, 8}, 1},       {{1, 1000}, 1},         {{12, 128, 128}, 2},
    {{512, 1000}, 1},  {{1, 21, 128, 128}, 1}, {{8, 21, 128, 128}, 1},
    {{64, 10, 64}, 1}, {{1, 1000, 8, 8}, 1}};

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc == 3 ? std::atoi(argv[2]) : 60;
  if (argc < 2 || argc > 3 || rounds < 1) {
    std::fprintf(stderr, "usage: %s <libsoftlane_opencv.so> [rounds]\n",
                 argv[0]);
    return 2;
  }
  std::printf("microseconds without, with, speed-up\n");
  for (const int threads : {1, 2}) {
    cv::setNumThreads(threads);
    for (const Case& c : kCases) {
      cv::Mat x(c.sizes, CV_32F);
      cv::randn(x, 0.0, 2.0);
      std::string name;
      for (const int size : c.sizes) name += std::to_string(size) + " ";
      std::printf("%d threads, %-15s along %d", threads, name.c_str(), c.axis);
      for (const bool is_log : {false, true}) {
        cv::dnn::Net own = Network(c.axis, is_log, x);
        void* const library = dlopen(argv[1], RTLD_NOW);
        if (library == nullptr) {
          std::fprintf(stderr, "%s\n", dlerror());
          return 2;
        }
        std::vector<double> without, with;
        {
          cv::dnn::Net ours = Network(c.axis, is_log, x);
          for (int round = 0; round < rounds; ++round) {
            TimeSlice(own, without);
            TimeSlice(ours, with);
          }
        }
        dlclose(library);
        const double a = Typical(without), b = Typical(with);
        std::printf(" | %-11s %8.1f %8.1f %5.2fx",
                    is_log ? "log-softmax" : "softmax", a * 1e6, b * 1e6,
                    a / b);
      }
      std::printf("\n");
    }
  }
}
