// SPDX-License-Identifier: Apache-2.0
// PyTorch's C++ library agrees with the loss family on random options and
// special values, forward and backward. PyTorch computes in double, so a
// difference beyond our bounds is a difference in meaning. Known differences
// are commented in the code: search for "PyTorch differs".
//
// Built with -DSOFTLANE_TORCH_TESTS=ON (Debian: libtorch-dev).

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdio>
#include <string>
#include <vector>

// Its macros have the names of doctest's.
#undef CHECK
#undef CHECK_EQ
#undef CHECK_NE
#undef CHECK_GE
#undef CHECK_GT
#undef CHECK_LE
#undef CHECK_LT

#include "cross_entropy_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr int kCalls = 2000;

at::Tensor Tensor(const std::vector<float>& values, size_t rows, size_t cols) {
  return at::from_blob(const_cast<float*>(values.data()),
                       {static_cast<int64_t>(rows), static_cast<int64_t>(cols)},
                       at::kFloat)
      .to(at::kDouble);
}

std::vector<double> Values(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().contiguous();
  const double* data = flat.data_ptr<double>();
  return std::vector<double>(data, data + flat.numel());
}

// NaN and infinities must be the same; else the difference over `allowed`.
double Difference(float got, double want, double allowed) {
  if (std::isnan(want)) return got != got ? 0.0 : HUGE_VAL;
  if (std::isinf(want) || std::isinf(got)) {
    return double{got} == want ? 0.0 : HUGE_VAL;
  }
  return std::abs(got - want) / allowed;
}

// Rows of all families; in a third of them a special value.
std::vector<float> MakeLogits(size_t rows, size_t cols, Random& random) {
  std::vector<float> x;
  for (size_t r = 0; r < rows; ++r) {
    auto row = MakeRow(kFamilies[random.Below(8)], cols, random);
    switch (random.Below(12)) {
      case 0:
        row[random.Below(cols)] = kNan;
        break;
      case 1:
        row[random.Below(cols)] = kInf;
        break;
      case 2:
        row[random.Below(cols)] = -kInf;
        break;
      case 3:
        row.assign(cols, -kInf);
        break;
      default:
        break;
    }
    x.insert(x.end(), row.begin(), row.end());
  }
  return x;
}

bool IsRegular(const float* row, size_t n) {
  float max = -kInf;
  for (size_t i = 0; i < n; ++i) {
    if (!(row[i] < kInf)) return false;
    max = std::max(max, row[i]);
  }
  return max > -kInf;
}

void Check(const char* name, Target target, size_t calls, const Worst& worst) {
  std::printf("%-9s %s: %zu calls, %.3f of the bound\n", TargetName(target),
              name, calls, worst.value);
  INFO(worst.where);
  CHECK(worst.value <= 1.0);
}

TEST_CASE("torch: log_softmax and its backward pass") {
  at::set_num_threads(1);
  ForEachTarget([](Target target) {
    Random random(1);
    Worst forward, backward;
    for (int call = 0; call < kCalls; ++call) {
      const size_t rows = 1 + random.Below(6);
      const size_t cols = RandomCols(random);
      const size_t n = rows * cols;
      const float scale =
          random.Below(2) == 0 ? 1.0f : random.Uniform(0.01f, 5.0f);
      const auto x = MakeLogits(rows, cols, random);
      const auto d = MakeRow(Family::kGaussian, n, random);
      std::vector<float> y(n), dx(n);
      REQUIRE(LogSoftmax(Rows<const float>(x.data(), rows, cols),
                         Rows<float>(y.data(), rows, cols),
                         {scale, EmptyRow::kNan}, target) == Status::kOk);
      const auto where = [&] { return "call " + std::to_string(call); };
      const auto want =
          Values(at::log_softmax(Tensor(x, rows, cols) * double{scale}, 1));
      for (size_t i = 0; i < n; ++i) {
        forward.Offer(
            Difference(y[i], want[i],
                       kLogSoftmaxMaxError * std::max(1.0, std::abs(want[i]))),
            where);
      }
      // From our log-probabilities, NaN and -inf among them.
      REQUIRE(LogSoftmaxBackward(Rows<const float>(y.data(), rows, cols),
                                 Rows<const float>(d.data(), rows, cols),
                                 Rows<float>(dx.data(), rows, cols), scale,
                                 target) == Status::kOk);
      const auto dwant = Values(
          at::_log_softmax_backward_data(
              Tensor(d, rows, cols), Tensor(y, rows, cols), 1, at::kDouble) *
          double{scale});
      for (size_t i = 0; i < n; ++i) {
        double sum = 0.0;
        for (size_t k = 0; k < cols; ++k) {
          sum += std::abs(double{d[i / cols * cols + k]});
        }
        const double allowed =
            kLogSoftmaxBackwardMaxError * 0x1p-24 * scale *
                (std::abs(double{d[i]}) + std::exp(double{y[i]}) * sum) +
            0x1p-124 * (1.0 + scale) * (1.0 + sum);
        backward.Offer(Difference(dx[i], dwant[i], allowed), where);
      }
    }
    Check("log_softmax", target, kCalls, forward);
    Check("log_softmax_backward", target, kCalls, backward);
  });
}

LossCase RandomCase(Random& random) {
  const size_t rows = 1 + random.Below(8);
  const size_t cols = RandomCols(random);
  LossCase c = MakeCase(random, rows, cols, random.Below(3) == 0, true);
  c.logits = MakeLogits(rows, cols, random);
  CrossEntropyOptions& o = c.settings;
  o.reduction = static_cast<Reduction>(random.Below(3));
  if (random.Below(2) == 0) o.scale = random.Uniform(0.05f, 3.0f);
  if (random.Below(2) == 0) o.label_smoothing = 0.9f * random.Unit();
  if (random.Below(2) == 0) {
    for (size_t k = 0; k < cols; ++k) {
      c.class_weights.push_back(random.Uniform(0.1f, 3.0f));
    }
  }
  if (c.HasLabels() && random.Below(2) == 0) {
    if (random.Below(2) == 0) o.ignore_index = c.labels[0];
    for (int64_t& label : c.labels) {
      if (random.Below(3) == 0) label = o.ignore_index;
    }
  }
  if (o.reduction == Reduction::kNone) {
    for (size_t r = 0; r < rows; ++r) {
      c.upstream_rows.push_back(random.Uniform(-3.0f, 3.0f));
    }
  } else {
    o.upstream = random.Uniform(-3.0f, 3.0f);
  }
  return c;
}

struct TorchLoss {
  std::vector<double> loss, gradient;
};

TorchLoss RunTorch(const LossCase& c) {
  const CrossEntropyOptions& o = c.settings;
  at::Tensor x = Tensor(c.logits, c.rows, c.cols);
  x.set_requires_grad(true);
  const at::Tensor labels =
      at::from_blob(const_cast<int64_t*>(c.labels.data()),
                    {static_cast<int64_t>(c.rows)}, at::kLong);
  c10::optional<at::Tensor> weight;
  if (!c.class_weights.empty()) {
    weight = Tensor(c.class_weights, 1, c.cols).view({-1});
  }
  constexpr int64_t kReductions[] = {at::Reduction::None, at::Reduction::Sum,
                                     at::Reduction::Mean};
  const at::Tensor loss = at::cross_entropy_loss(
      x * double{o.scale},
      c.HasLabels() ? labels : Tensor(c.targets, c.rows, c.cols), weight,
      kReductions[static_cast<size_t>(o.reduction)],
      c.HasLabels() ? o.ignore_index : -100, double{o.label_smoothing});
  loss.backward(o.reduction == Reduction::kNone
                    ? Tensor(c.upstream_rows, 1, c.rows).view({-1})
                    : at::full({}, double{o.upstream}, at::kDouble));
  return {Values(loss), Values(x.grad())};
}

TEST_CASE("torch: cross_entropy, its reductions and its gradient") {
  at::set_num_threads(1);
  ForEachTarget([](Target target) {
    Random random(2);
    Worst loss, gradient;
    size_t excepted = 0;
    for (int call = 0; call < kCalls; ++call) {
      const LossCase c = RandomCase(random);
      LossResults got;
      const Gradient place =
          call % 2 == 0 ? Gradient::kInPlace : Gradient::kSeparate;
      REQUIRE(RunLossCase(c, place, call % 3 == 0, target, &got) ==
              Status::kOk);
      const TorchLoss torch = RunTorch(c);
      const LossReference reference = ReferenceCrossEntropy(c);
      const auto where = [&] { return "call " + std::to_string(call); };
      for (size_t i = 0; i < got.loss.size(); ++i) {
        const double magnitude = c.settings.reduction == Reduction::kNone
                                     ? reference.row_magnitude[i]
                                     : reference.magnitude;
        loss.Offer(Difference(got.loss[i], torch.loss[i],
                              kCrossEntropyMaxError * std::max(1.0, magnitude)),
                   where);
      }
      for (size_t i = 0; i < got.gradient.size(); ++i) {
        const size_t r = i / c.cols;
        const bool regular = IsRegular(c.logits.data() + r * c.cols, c.cols);
        // PyTorch differs: the backward pass of log_softmax multiplies an
        // ignored row's gradient of 0 by its probabilities, which gives NaN
        // where those are NaN. Here the logits of ignored rows are not read.
        if (!c.Counts(r) && !regular) {
          gradient.Offer(BitsOf(got.gradient[i]) == 0 ? 0.0 : HUGE_VAL, where);
          ++excepted;
          continue;
        }
        // p - 1 cancels in double too; p below 2^-126 is 0 here.
        const double allowed = kCrossEntropyGradientMaxError * 0x1p-24 *
                                   reference.gradient_magnitude[i] +
                               (0x1p-50 + 0x1p-125) * reference.row_factor[r] +
                               0x1p-144;
        gradient.Offer(Difference(got.gradient[i], torch.gradient[i], allowed),
                       where);
      }
    }
    Check("cross_entropy", target, kCalls, loss);
    Check("its gradient", target, kCalls, gradient);
    CHECK(excepted > 0);
  });
}

}  // namespace
}  // namespace softlane
