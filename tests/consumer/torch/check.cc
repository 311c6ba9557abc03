// SPDX-License-Identifier: Apache-2.0
// check <libsoftlane_torch.so>: PyTorch's operations with the library, on
// random tensors of 0 to 4 dimensions in all layouts, against double. Prints
// the worst errors beside those of PyTorch's own kernels. Fails unless errors
// are within the bounds, and the bits depend neither on the layout nor on
// threads.

#include <ATen/ATen.h>
#include <ATen/CPUFunctions.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "operations.h"
#include "random_tensors.h"

namespace {

constexpr int kTensors = 1500;

int failures = 0;

void Check(bool is_good, const std::string& what) {
  if (is_good) return;
  if (++failures <= 20) std::printf("FAILED: %s\n", what.c_str());
}

// Whether all elements have the same bits, or are NaN.
bool AreSame(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type())
    return false;
  const Tensor is_nan = a.isnan();
  if (!is_nan.equal(b.isnan())) return false;
  const Tensor x = a.masked_fill(is_nan, 0).contiguous();
  const Tensor y = b.masked_fill(is_nan, 0).contiguous();
  return x.numel() == 0 ||
         std::memcmp(x.data_ptr(), y.data_ptr(), x.nbytes()) == 0;
}

// The largest error, in units of the magnitude. NaN and infinities must be in
// the same places.
double ErrorOf(const Tensor& got, const Tensor& want, const Tensor& magnitude,
               const Type& type) {
  if (want.numel() == 0) return 0.0;
  const Tensor wide = got.to(at::kDouble);
  const Tensor is_same =
      (wide == want).logical_or(wide.isnan().logical_and(want.isnan()));
  const Tensor error = ((wide - want).abs() - type.tiny).clamp_min(0.0) /
                       (magnitude * type.unit + 1e-300);
  return error.masked_fill(is_same, 0.0)
      .nan_to_num(HUGE_VAL)
      .max()
      .item<double>();
}

struct Worst {
  int64_t calls = 0;
  double error = 0.0, peer = 0.0;
};

// Calls an operation along each dimension of a tensor.
void CheckTensor(const Operation& operation, const Type& type,
                 const Tensor& values, const Tensor& gradients, Random& random,
                 Worst& worst) {
  const int64_t rank = std::max<int64_t>(values.dim(), 1);
  for (int64_t i = 0; i < rank; ++i) {
    const int64_t d = random.Below(2) == 0 ? i : i - rank;
    Tensor operand = values;
    if (operation.is_backward) {
      operand = operation.magnitude == kOperations[2].magnitude
                    ? at::cpu::_softmax(values.to(at::kDouble), d, false)
                    : at::cpu::_log_softmax(values.to(at::kDouble), d, false);
    }
    const Tensor x = InRandomLayout(operand.to(type.type), random);
    const Tensor dy = InRandomLayout(gradients.to(type.type), random);
    const Tensor wide_x = x.to(at::kDouble), wide_dy = dy.to(at::kDouble);
    const Tensor want = operation.run_peer(wide_x, wide_dy, d);
    const Tensor magnitude = operation.magnitude(want, wide_x, wide_dy, d);

    const Tensor got = operation.run(x, dy, d);
    const std::string what =
        std::string(operation.name) + " " + type.name + " of " +
        c10::str(x.sizes(), x.strides(), dy.strides(), " along ", d);
    const double error = ErrorOf(got, want, magnitude, type);
    const double limit =
        type.type == at::kFloat ? operation.limit : 1.0 + 0x1p-8;
    Check(error <= limit, what + ": error " + std::to_string(error));
    Check(got.is_contiguous() && got.scalar_type() == type.type,
          what + ": another kind of result");
    Check(AreSame(got, operation.run(x.contiguous(), dy.contiguous(), d)),
          what + ": other bits than of dense tensors");
    if (x.dim() != 0) {
      const Tensor moved = operation.run(x.movedim(d, -1).contiguous(),
                                         dy.movedim(d, -1).contiguous(), -1);
      Check(AreSame(got, moved.movedim(-1, d)),
            what + ": other bits than along the last dimension");
    }
    ++worst.calls;
    worst.error = std::max(worst.error, error);
    if (type.has_peer) {
      const Tensor peer = operation.run_peer(x, dy, d);
      worst.peer = std::max(worst.peer, ErrorOf(peer, want, magnitude, type));
    }
  }
}

void CheckRandomTensors() {
  Random random;
  std::vector<Worst> worst(std::size(kTypes) * std::size(kOperations));
  for (int i = 0; i < kTensors; ++i) {
    const Sizes sizes = RandomSizes(random);
    const auto in_double = at::TensorOptions(at::kDouble);
    const double spreads[] = {1.0, 10.0, 100.0};
    Tensor values = at::randn(sizes, in_double) * spreads[random.Below(3)];
    if (random.Below(4) == 0) {
      values.masked_fill_(at::rand(sizes, in_double) < 0.3, -HUGE_VAL);
    }
    const Tensor gradients = at::randn(sizes, in_double);
    const size_t t = static_cast<size_t>(i) % std::size(kTypes);
    for (size_t o = 0; o < std::size(kOperations); ++o) {
      CheckTensor(kOperations[o], kTypes[t], values, gradients, random,
                  worst[o * std::size(kTypes) + t]);
    }
  }
  std::printf("%d tensors; errors in roundings of the type, inf: another NaN\n",
              kTensors);
  std::printf("%-20s | type | calls | softlane |     PyTorch\n", "");
  for (size_t o = 0; o < std::size(kOperations); ++o) {
    for (size_t t = 0; t < std::size(kTypes); ++t) {
      const Worst& w = worst[o * std::size(kTypes) + t];
      std::printf("%-20s | %4s | %5d | %8.3f | %11s\n", kOperations[o].name,
                  kTypes[t].name, static_cast<int>(w.calls), w.error,
                  kTypes[t].has_peer ? std::to_string(w.peer).c_str() : "none");
      Check(w.calls > 500, "too few calls");
    }
  }
}

// Tensors of which threads take parts: any number gives the same bits.
void CheckThreads() {
  struct Case {
    Sizes sizes;
    int64_t dim;
  };
  const Case cases[] = {{{12, 128, 128}, 2}, {{8, 21, 64, 64}, 1},
                        {{64, 10, 640}, 1},  {{3, 70000}, 1},
                        {{2, 1, 50000}, 2},  {{300000}, 0},
                        {{512, 1000}, 0},    {{1, 40000, 3}, 1}};
  std::vector<Tensor> want;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    at::manual_seed(1);
    size_t call = 0;
    for (const Case& c : cases) {
      for (const Type& type : kTypes) {
        const Tensor x = at::randn(c.sizes).to(type.type);
        const Tensor dy = at::randn(c.sizes).to(type.type);
        const Tensor turned = x.transpose(0, -1).contiguous().transpose(0, -1);
        for (const Operation& operation : kOperations) {
          for (const Tensor& operand : {x, turned}) {
            const Tensor got = operation.run(operand, dy, c.dim);
            if (threads == 1) want.push_back(got);
            Check(AreSame(got, want[call++]), std::string(operation.name) +
                                                  " of " + c10::str(c.sizes) +
                                                  ": other bits with threads");
          }
        }
      }
    }
  }
  at::set_num_threads(1);
  std::printf("%d calls: the same bits with 1, 2 and 3 threads\n",
              static_cast<int>(want.size()));
}

template <class Run>
bool Throws(const Run& run) {
  try {
    run();
  } catch (const c10::Error&) {
    return true;
  }
  return false;
}

// What the library leaves to PyTorch, and errors.
void CheckOthers() {
  const Tensor dy = at::randn({4, 5}), x = at::randn({4, 5});
  const Sizes nine(9, 2);
  for (const Operation& operation : kOperations) {
    const Tensor wide = x.to(at::kDouble), wide_dy = dy.to(at::kDouble);
    Check(AreSame(operation.run(wide, wide_dy, 1),
                  operation.run_peer(wide, wide_dy, 1)),
          "double is PyTorch's");
    Check(AreSame(operation.run(x.new_ones(nine), x.new_ones(nine), 4),
                  operation.run_peer(x.new_ones(nine), x.new_ones(nine), 4)),
          "nine dimensions are PyTorch's");
    for (const int64_t dim : {2, -3}) {
      Check(Throws([&] { operation.run(x, dy, dim); }), "no such dimension");
    }
    if (!operation.is_backward) continue;
    Check(Throws([&] {
            operation.run(x, at::randn({4, 6}), 1);
          }),
          "other sizes");
  }
  Check(Throws([&] { at::_softmax(x.to(at::kHalf), 1, true); }),
        "a conversion that only CUDA has");
}

// Gradients through autograd, against double.
void CheckAutograd() {
  Random random;
  double worst = 0.0;
  for (int i = 0; i < 200; ++i) {
    const Sizes sizes = {1 + random.Below(20), 1 + random.Below(20),
                         1 + random.Below(20)};
    const int64_t dim = random.Below(3);
    const Tensor values = InRandomLayout(at::randn(sizes) * 3.0, random);
    const Tensor w = at::randn(sizes);
    const auto gradient_of = [&](const Tensor& leaf, bool is_log) {
      const Tensor x = leaf.detach().requires_grad_(true);
      const Tensor y = is_log ? at::log_softmax(x, dim) : at::softmax(x, dim);
      (y * w.to(x.scalar_type())).sum().backward();
      return x.grad();
    };
    for (const bool is_log : {false, true}) {
      const Tensor want = gradient_of(values.to(at::kDouble), is_log);
      const Tensor got = gradient_of(values, is_log);
      const Tensor p = at::softmax(values.to(at::kDouble), dim);
      const Tensor wide = w.to(at::kDouble).abs();
      const Tensor magnitude = is_log ? wide + p * wide.sum(dim, true)
                                      : p * (wide + (p * wide).sum(dim, true));
      worst = std::max(worst, ErrorOf(got, want, magnitude, kTypes[0]));
    }
  }
  std::printf("autograd: 400 gradients, worst error %.3f roundings\n", worst);
  Check(worst <= 64.0, "autograd");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || dlopen(argv[1], RTLD_NOW) == nullptr) {
    std::fprintf(stderr, "usage: %s <libsoftlane_torch.so>\n%s\n", argv[0],
                 argc == 2 ? dlerror() : "");
    return 2;
  }
  at::manual_seed(1);
  at::set_num_threads(1);
  CheckRandomTensors();
  CheckThreads();
  CheckOthers();
  CheckAutograd();
  std::printf("%d failures\n", failures);
  return failures != 0;
}
