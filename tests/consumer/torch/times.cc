// SPDX-License-Identifier: Apache-2.0
// times <libsoftlane_torch.so> [rounds]: what PyTorch's operations take without
// and with the library, in turns, on one and two threads. OMP_PROC_BIND=true
// keeps the threads apart on a busy machine.

#include <ATen/ATen.h>
#include <ATen/CPUFunctions.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <malloc.h>
#include <torch/library.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// Seconds of one side in a round, and of one measurement.
constexpr double kSlice = 1e-3, kSample = 3e-5;

double Now() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

// While it lives, PyTorch's own kernels stand before those of the library: the
// dispatcher asks this key after autograd, and before the CPU.
class OwnKernels {
 public:
  OwnKernels()
      : library_(torch::Library::IMPL, "aten", c10::DispatchKey::BackendSelect,
                 __FILE__, __LINE__) {
    library_.impl("_softmax", TORCH_FN(at::cpu::_softmax));
    library_.impl("_log_softmax", TORCH_FN(at::cpu::_log_softmax));
    library_.impl("_softmax_backward_data",
                  TORCH_FN(at::cpu::_softmax_backward_data));
    library_.impl("_log_softmax_backward_data",
                  TORCH_FN(at::cpu::_log_softmax_backward_data));
  }

 private:
  torch::Library library_;
};

// Adds the seconds per call of some calls, again and again.
void TimeSlice(const std::function<void()>& call, std::vector<double>& times) {
  call();
  const double end = Now() + kSlice;
  for (double begin = Now(); begin < end;) {
    int calls = 0;
    double now;
    do {
      call();
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

struct Times {
  double without, with;
};

Times Compare(int rounds, const std::function<void()>& call) {
  std::vector<double> without, with;
  for (int round = 0; round < rounds; ++round) {
    {
      const OwnKernels own;
      TimeSlice(call, without);
    }
    TimeSlice(call, with);
  }
  return {Typical(without), Typical(with)};
}

struct Case {
  const char* name;
  std::vector<int64_t> sizes;
  int64_t dim;
  bool is_transposed;
};
const Case kCases[] = {
    {"1x8", {1, 8}, 1, false},
    {"12x128x128", {12, 128, 128}, 2, false},
    {"32x12x64x64", {32, 12, 64, 64}, 3, false},
    {"512x1000", {512, 1000}, 1, false},
    {"64x32000", {64, 32000}, 1, false},
    {"8x21x128x128, dim 1", {8, 21, 128, 128}, 1, false},
    {"64x10x64, dim 1", {64, 10, 64}, 1, false},
    {"1000x512 transposed", {512, 1000}, 1, true},
};

void RunCase(int rounds, const Case& c) {
  at::Tensor x = at::randn(c.sizes) * 2.0;
  at::Tensor dy = at::randn(c.sizes);
  if (c.is_transposed) {
    x = at::randn({c.sizes[1], c.sizes[0]}).t();
    dy = at::randn({c.sizes[1], c.sizes[0]}).t();
  }
  const at::Tensor y = at::softmax(x, c.dim), log_y = at::log_softmax(x, c.dim);
  at::Tensor logits = c.dim == 1 ? x : x.view({-1, c.sizes.back()});
  std::vector<int64_t> label_sizes = logits.sizes().vec();
  label_sizes.erase(label_sizes.begin() + 1);
  const at::Tensor labels = at::randint(logits.size(1), label_sizes, at::kLong);
  logits = logits.detach().requires_grad_(true);
  std::printf("%-20s", c.name);
  const auto show = [&](const std::function<void()>& call) {
    const Times times = Compare(rounds, call);
    std::printf(" | %8.1f %8.1f %5.2fx", times.without * 1e6, times.with * 1e6,
                times.without / times.with);
    std::fflush(stdout);
  };
  show([&] { at::_softmax(x, c.dim, false); });
  show([&] { at::_softmax_backward_data(dy, y, c.dim, at::kFloat); });
  show([&] { at::_log_softmax(x, c.dim, false); });
  show([&] { at::_log_softmax_backward_data(dy, log_y, c.dim, at::kFloat); });
  show([&] {
    logits.mutable_grad().reset();
    at::cross_entropy_loss(logits, labels).backward();
  });
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc == 3 ? std::atoi(argv[2]) : 60;
  if (argc < 2 || argc > 3 || rounds < 1) {
    std::fprintf(stderr, "usage: %s <libsoftlane_torch.so> [rounds]\n",
                 argv[0]);
    return 2;
  }
  // The heap keeps its pages: whether a result gets new pages would be luck.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  if (dlopen(argv[1], RTLD_NOW) == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  at::manual_seed(1);
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    std::printf("%d threads: microseconds without, with, speed-up\n%-20s",
                threads, "");
    for (const char* name : {"softmax", "its backward", "log_softmax",
                             "its backward", "cross_entropy step"}) {
      std::printf(" | %24s", name);
    }
    std::printf("\n");
    for (const Case& c : kCases) RunCase(rounds, c);
  }
}
