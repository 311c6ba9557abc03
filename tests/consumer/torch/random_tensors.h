// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CONSUMER_TORCH_RANDOM_TENSORS_H_
#define SOFTLANE_TESTS_CONSUMER_TORCH_RANDOM_TENSORS_H_

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

// Random sizes and layouts.

using at::Tensor;
using Sizes = std::vector<int64_t>;

class Random {
 public:
  int64_t Below(int64_t n) {
    return static_cast<int64_t>(engine_() % static_cast<uint64_t>(n));
  }

 private:
  std::mt19937_64 engine_{1};
};

// Of 0 to 4 dimensions. Some have no elements; some have a long dimension.
inline Sizes RandomSizes(Random& random) {
  Sizes sizes(static_cast<size_t>(random.Below(5)));
  for (int64_t& size : sizes) {
    size = random.Below(40) == 0 ? 0 : 1 + random.Below(9);
  }
  if (!sizes.empty() && random.Below(3) == 0) {
    const int64_t rank = static_cast<int64_t>(sizes.size());
    sizes[static_cast<size_t>(random.Below(rank))] = random.Below(1200 >> rank);
  }
  return sizes;
}

// A tensor of these values in another layout: dense, with dimensions in another
// order, with gaps, or with equal slices that stand once in memory.
inline Tensor InRandomLayout(const Tensor& values, Random& random) {
  const int64_t rank = values.dim();
  switch (random.Below(4)) {
    case 0:
      return values.contiguous();
    case 1: {
      std::vector<int64_t> order(static_cast<size_t>(rank)), back(order);
      std::iota(order.begin(), order.end(), 0);
      for (int64_t d = rank; d > 1; --d) {
        std::swap(order[static_cast<size_t>(d - 1)],
                  order[static_cast<size_t>(random.Below(d))]);
      }
      for (int64_t d = 0; d < rank; ++d) {
        back[static_cast<size_t>(order[static_cast<size_t>(d)])] = d;
      }
      return values.permute(order).contiguous().permute(back);
    }
    case 2: {
      Sizes sizes = values.sizes().vec();
      for (int64_t& size : sizes) size = 3 * size + 2;
      Tensor view = at::zeros(sizes, values.options());
      for (int64_t d = 0; d < rank; ++d) {
        const int64_t step = 1 + random.Below(3), first = random.Below(3);
        view = view.slice(d, first, first + step * values.size(d), step);
      }
      view.copy_(values);
      return view;
    }
    default: {
      Tensor view = values;
      for (int64_t d = 0; d < rank; ++d) {
        if (view.size(d) > 0 && random.Below(2) == 0) {
          view = view.narrow(d, 0, 1);
        }
      }
      return view.contiguous().expand(values.sizes());
    }
  }
}

#endif  // SOFTLANE_TESTS_CONSUMER_TORCH_RANDOM_TENSORS_H_
