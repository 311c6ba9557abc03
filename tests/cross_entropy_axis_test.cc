// SPDX-License-Identifier: Apache-2.0
// Cross-entropy along an axis gives the bits of cross-entropy of the rows of
// the transposed tensor, and writes no byte outside of its views.

#include "softlane/cross_entropy_axis.h"

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "axis_tensor.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr int64_t kIgnored = -9;

// A matrix [outer, inner] with gaps between its rows, and canaries in them.
template <typename T>
class Matrix {
 public:
  Matrix(const Shape& shape, Random& random, T canary)
      : stride(shape.inner + (random.Below(2) == 0 ? 0 : random.Below(5))),
        canary_(canary),
        shape_(shape),
        buffer_((shape.outer - 1) * stride + shape.inner, canary) {}

  T& At(size_t row) {
    return buffer_[row / shape_.inner * stride + row % shape_.inner];
  }
  template <typename U>
  Rows<U> View() {
    return Rows<U>(buffer_.data(), shape_.outer, shape_.inner, stride);
  }
  // Last: it writes the elements.
  bool HasCanaries() {
    for (size_t r = 0; r < shape_.outer * shape_.inner; ++r) At(r) = canary_;
    for (const T& v : buffer_) {
      if (v != canary_) return false;
    }
    return true;
  }

  const size_t stride;

 private:
  const T canary_;
  const Shape shape_;
  std::vector<T> buffer_;
};

// What a case is made of.
struct Case {
  Shape shape;
  std::vector<float> logits;     // as rows
  std::vector<float> targets;    // as rows; empty with labels
  std::vector<int64_t> labels;   // of the rows
  std::vector<float> weights;    // or empty
  std::vector<float> upstreams;  // or empty
  CrossEntropyOptions options;
  bool has_gradient;
};

std::vector<float> Shares(size_t n, Random& random) {
  std::vector<float> all(n);
  for (float& v : all) v = random.Below(4) == 0 ? 0.0f : random.Unit();
  return all;
}

// `mixed`: columns of all kinds.
Case MakeCase(const Shape& shape, bool mixed, Random& random) {
  constexpr float kScales[] = {1.0f, 1.0f, 1.0f, 0.37f, 700.0f, 1e-20f};
  Case c;
  c.shape = shape;
  const size_t rows = shape.outer * shape.inner;
  const Family family = kFamilies[random.Below(8)];
  for (size_t r = 0; r < rows; ++r) {
    std::vector<float> row = MakeRow(family, shape.axis, random);
    const size_t kind = mixed ? random.Below(2 * kSpecials) : 0;
    MakeSpecial(kind, row.data(), shape.axis, random);
    c.logits.insert(c.logits.end(), row.begin(), row.end());
    const bool is_ignored = random.Below(5) == 0;
    c.labels.push_back(
        is_ignored ? kIgnored : static_cast<int64_t>(random.Below(shape.axis)));
  }
  CrossEntropyOptions& o = c.options;
  if (random.Below(3) == 0) c.targets = Shares(c.logits.size(), random);
  o.reduction = static_cast<Reduction>(random.Below(3));
  o.ignore_index = kIgnored;
  if (random.Below(3) == 0) o.label_smoothing = random.Unit();
  if (random.Below(3) == 0) o.z_loss = random.Unit();
  if (random.Below(3) == 0) c.weights = Shares(shape.axis, random);
  if (random.Below(2) == 0) c.upstreams = Shares(rows, random);
  o.scale = kScales[random.Below(6)];
  o.upstream = random.Uniform(-2.0f, 2.0f);
  o.accumulate = random.Below(4) == 0;
  c.has_gradient = random.Below(4) != 0;
  return c;
}

// Kills: another order of additions, a column that gets what belongs to its
// neighbour, a label, a loss or an upstream gradient of another column, a
// column that is left out, a write between the columns.
bool HasBitsOfRows(const Case& c, Target target, Random& random) {
  const Shape& shape = c.shape;
  const size_t rows = shape.outer * shape.inner;
  const bool has_losses = c.options.reduction == Reduction::kNone;
  CrossEntropyOptions options = c.options;
  if (!c.weights.empty()) options.class_weights = c.weights.data();
  if (!c.upstreams.empty()) options.upstream_rows = c.upstreams.data();
  // What gradients are added to.
  std::vector<float> want_dx(c.logits.size());
  for (float& v : want_dx) v = random.Below(4) == 0 ? -0.0f : random.Unit();
  const std::vector<float> old_dx = want_dx;
  std::vector<float> want_loss(has_losses ? rows : 1);
  float want_divisor, divisor;
  const Rows<const float> row_logits(c.logits.data(), rows, shape.axis);
  const Rows<float> row_dx(c.has_gradient ? want_dx.data() : nullptr, rows,
                           shape.axis);
  const Rows<const float> row_targets(c.targets.data(), rows, shape.axis);
  REQUIRE((c.targets.empty()
               ? CrossEntropy(row_logits, c.labels.data(), want_loss.data(),
                              row_dx, options, &want_divisor, target)
               : CrossEntropy(row_logits, row_targets, want_loss.data(), row_dx,
                              options, &want_divisor, target)) == Status::kOk);

  AxisTensor x(shape, random, random.Below(2) == 0);
  AxisTensor dx(shape, random, random.Below(2) == 0);
  AxisTensor targets(shape, random, random.Below(2) == 0);
  x.Set(c.logits);
  dx.Set(old_dx);
  if (!c.targets.empty()) targets.Set(c.targets);
  Matrix<int64_t> labels64(shape, random, 99);
  Matrix<int32_t> labels32(shape, random, 99);
  Matrix<float> losses(shape, random, kCanary);
  Matrix<float> upstreams(shape, random, kCanary);
  for (size_t r = 0; r < rows; ++r) {
    labels64.At(r) = c.labels[r];
    labels32.At(r) = static_cast<int32_t>(c.labels[r]);
    if (!c.upstreams.empty()) upstreams.At(r) = c.upstreams[r];
  }
  if (!c.upstreams.empty()) {
    options.upstream_rows = upstreams.View<float>().data;
    options.upstream_stride = upstreams.stride;
    if (upstreams.stride == shape.inner && random.Below(2) == 0) {
      options.upstream_stride = 0;
    }
  }
  float sum;
  const Rows<float> loss =
      has_losses ? losses.View<float>() : Rows<float>(&sum, 1, 1);
  const bool in_place = !options.accumulate && random.Below(3) == 0;
  const Planes<const float> in = x.view;
  const Planes<float> out =
      c.has_gradient ? in_place ? x.view : dx.view : Planes<float>();
  const Planes<const float> probs = targets.view;
  Status status;
  if (!c.targets.empty()) {
    status = CrossEntropyAxis(in, probs, loss, out, options, &divisor, target);
  } else if (random.Below(2) == 0) {
    status = CrossEntropyAxis(in, labels64.View<const int64_t>(), loss, out,
                              options, &divisor, target);
  } else {
    status = CrossEntropyAxis(in, labels32.View<const int32_t>(), loss, out,
                              options, &divisor, target);
  }
  REQUIRE(status == Status::kOk);
  std::vector<float> got_loss;
  for (size_t r = 0; r < (has_losses ? rows : 1); ++r) {
    got_loss.push_back(has_losses ? losses.At(r) : sum);
  }
  bool is_good =
      SameBits(got_loss, want_loss) && SameBits(divisor, want_divisor);
  if (c.has_gradient) {
    is_good &= SameBits(in_place ? x.Get() : dx.Get(), want_dx);
  }
  if (!in_place || !c.has_gradient) is_good &= SameBits(x.Get(), c.logits);
  return is_good && x.HasCanaries() && dx.HasCanaries() &&
         targets.HasCanaries() && losses.HasCanaries();
}

struct Failures {
  void Expect(bool ok, const Case& c) {
    ++cases;
    if (ok || count++ != 0) return;
    first = c.shape.Text() + (c.targets.empty() ? ", labels" : ", targets") +
            ", reduction " +
            std::to_string(static_cast<int>(c.options.reduction)) +
            (c.has_gradient ? ", gradient" : "") +
            (c.options.accumulate ? ", added" : "") + ", smoothing " +
            std::to_string(c.options.label_smoothing) + ", z_loss " +
            std::to_string(c.options.z_loss) + ", scale " +
            std::to_string(c.options.scale) +
            (c.weights.empty() ? "" : ", weights") +
            (c.upstreams.empty() ? "" : ", upstream");
  }
  void Check(Target target) const {
    std::printf("%-9s %zu cases\n", TargetName(target), cases);
    INFO(count << " failures, the first: " << first);
    CHECK(count == 0);
  }

  size_t cases = 0, count = 0;
  std::string first;
};

TEST_CASE("cross_entropy_axis: the bits of rows") {
  ForEachTarget([](Target target) {
    Random random(1);
    Failures failures;
    std::vector<Shape> shapes;
    for (size_t axis = 1; axis <= 70; ++axis) shapes.push_back({2, axis, 5});
    for (size_t inner = 1; inner <= 140; ++inner) {
      shapes.push_back({1, 21, inner});
      shapes.push_back({3, 3, inner});
    }
    for (size_t outer = 1; outer <= 140; ++outer) {
      shapes.push_back({outer, 3, 2});
      shapes.push_back({outer, 5, 3});
    }
    for (size_t k = 0; k < 200; ++k) {
      shapes.push_back(
          {1 + random.Below(5), 1 + random.Below(200), 1 + random.Below(70)});
    }
    for (const size_t axis :
         {64, 65, 127, 128, 129, 192, 256, 257, 512, 700, 1023, 1025, 2049}) {
      for (const size_t inner : {1, 3, 8, 16, 17, 64, 65}) {
        if (axis * inner < 70000) shapes.push_back({2, axis, inner});
      }
    }
    for (const Shape& shape : shapes) {
      for (size_t k = 0; k < 3; ++k) {
        const Case c = MakeCase(shape, k == 2, random);
        failures.Expect(HasBitsOfRows(c, target, random), c);
      }
    }
    // Blocks of the sum.
    for (const size_t axis : {4095, 4096, 4097, 8192, 9001}) {
      for (size_t k = 0; k < 4; ++k) {
        const Case c = MakeCase({1 + k % 2, axis, 1 + k}, k == 3, random);
        failures.Expect(HasBitsOfRows(c, target, random), c);
      }
    }
    failures.Check(target);
  });
}

// Kills: a gradient that replaces an element of its type, or is rounded before
// the sum; a sum for an ignored column, where +0 would change -0.
template <class In, class Out>
bool AddsBitsOfRows(const Shape& shape, Target target, Random& random) {
  const size_t count = shape.outer * shape.inner;
  std::vector<In> rows(shape.Size()), planes(shape.Size());
  std::vector<Out> want(shape.Size()), got(shape.Size());
  std::vector<int64_t> labels(count);
  const auto place = [&](size_t r, size_t a) {
    return (r / shape.inner * shape.axis + a) * shape.inner + r % shape.inner;
  };
  for (size_t r = 0; r < count; ++r) {
    labels[r] = random.Below(4) == 0
                    ? kIgnored
                    : static_cast<int64_t>(random.Below(shape.axis));
    for (size_t a = 0; a < shape.axis; ++a) {
      const size_t at = r * shape.axis + a;
      rows[at] = planes[place(r, a)] = In(2.0f * random.Normal());
      want[at] = got[place(r, a)] =
          Out(random.Below(3) == 0 ? -0.0f : random.Uniform(-1.0f, 1.0f));
    }
  }
  CrossEntropyOptions options;
  options.ignore_index = kIgnored;
  options.reduction = Reduction::kSum;
  options.accumulate = true;
  float want_loss, loss;
  REQUIRE(CrossEntropy(Rows<const In>(rows.data(), count, shape.axis),
                       labels.data(), &want_loss,
                       Rows<Out>(want.data(), count, shape.axis), options,
                       nullptr, target) == Status::kOk);
  REQUIRE(
      CrossEntropyAxis(
          Planes<const In>(planes.data(), shape.outer, shape.axis, shape.inner),
          Rows<const int64_t>(labels.data(), shape.outer, shape.inner),
          Rows<float>(&loss, 1, 1),
          Planes<Out>(got.data(), shape.outer, shape.axis, shape.inner),
          options, nullptr, target) == Status::kOk);
  bool is_good = BitsOf(loss) == BitsOf(want_loss);
  for (size_t r = 0; r < count; ++r) {
    for (size_t a = 0; a < shape.axis; ++a) {
      is_good &= std::memcmp(&got[place(r, a)], &want[r * shape.axis + a],
                             sizeof(Out)) == 0;
    }
  }
  return is_good;
}

TEST_CASE("cross_entropy_axis: gradients of any type are added") {
  ForEachTarget([](Target target) {
    Random random(2);
    for (const Shape& shape :
         {Shape{2, 3, 5}, Shape{2, 21, 40}, Shape{1, 130, 33},
          Shape{3, 300, 17}, Shape{1, 5000, 2}}) {
      INFO(shape.Text());
      CHECK(AddsBitsOfRows<BFloat16, BFloat16>(shape, target, random));
      CHECK(AddsBitsOfRows<BFloat16, float>(shape, target, random));
      CHECK(AddsBitsOfRows<float, BFloat16>(shape, target, random));
      CHECK(AddsBitsOfRows<Float16, Float16>(shape, target, random));
      CHECK(AddsBitsOfRows<float, float>(shape, target, random));
    }
  });
}

}  // namespace
}  // namespace softlane
