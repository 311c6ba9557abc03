// SPDX-License-Identifier: Apache-2.0
// Cross-entropy of random tensors in random layouts: it gives the bits of the
// function of rows on dense copies, and changes no byte between the elements of
// its outputs.

#include "softlane/cross_entropy_tensor.h"

#include <memory>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "softlane/softlane.h"
#include "tensor_elements.h"
#include "tensor_layouts.h"
#include "tensor_losses.h"

namespace softlane {
namespace {

class Case {
 public:
  explicit Case(Random& random) {
    const size_t rank = random.Below(6);
    const size_t axis = rank == 0 ? 0 : random.Below(rank);
    axis_ = static_cast<int>(axis);
    call_.axis = random.Below(2) == 0
                     ? axis_
                     : axis_ - static_cast<int>(rank == 0 ? 1 : rank);
    sizes_ = RandomSizes(rank, axis, random);
    reduced_ = sizes_;
    if (rank != 0) {
      classes_ = static_cast<size_t>(sizes_[axis]);
      reduced_[axis] = 1;
    }
    call_.kind = random.Below(3);
    SetOptions(random);
    SetTypes(random);
    SetLogits(random);
    const TensorShape labels =
        RandomShape(reduced_, RandomKind(true, random), random);
    const int64_t ignored = call_.options.ignore_index;
    labels64_.Set(labels, axis_, classes_, ignored, random);
    labels32_.Set(labels, axis_, classes_, ignored, random);
    o_.labels64 = labels64_.View();
    o_.labels32 = labels32_.View();
    if (has_loss_) {
      loss_ = MemoryOf(IsPerRow() ? reduced_ : Sizes(random.Below(3), 1), false,
                       random);
      o_.loss = FloatsOf(loss_.get());
    }
    if (random.Below(2) == 0 && IsPerRow()) {
      upstream_ = MemoryOf(reduced_, true, random);
      o_.upstream = FloatsOf(upstream_.get());
      if (random.Below(3) == 0) {
        for (int64_t& stride : o_.upstream.strides) stride = 0;
      }
    }
    call_.is_c = random.Below(3) == 0;
  }

  void Check(Random& random, Target target) {
    CAPTURE(Text());
    const std::vector<unsigned char> dx = BytesOf(dx_.get());
    const std::vector<unsigned char> losses = BytesOf(loss_.get());
    const Result want = RowsOf(target);
    float divisor = 7.0f;
    REQUIRE(call_.Run(o_, has_divisor_ ? &divisor : nullptr, target) ==
            want.status);
    CheckOutput(o_.dx, axis_, dx_.get(), want.dx, dx);
    CheckLosses(want, losses);
    if (has_divisor_) CHECK(IsEqual(divisor, want.divisor));
    // The parts of a sum are not its loss.
    if (random.Below(3) != 0 || has_divisor_ ||
        call_.options.reduction == Reduction::kMean ||
        (!IsPerRow() && !has_dx_)) {
      return;
    }
    Restore(dx, dx_.get());
    Restore(losses, loss_.get());
    const size_t n = 1 + random.Below(5);
    CAPTURE(n);
    for (size_t i = 0; i < n; ++i) {
      REQUIRE(call_.Run(PartOf(i, n), nullptr, target) == Status::kOk);
    }
    CheckOutput(o_.dx, axis_, dx_.get(), want.dx, dx);
    if (IsPerRow()) CheckLosses(want, losses);
  }

 private:
  struct Result {
    Status status;
    std::vector<unsigned char> dx, losses;
    float divisor = 7.0f;
  };

  bool IsPerRow() const { return call_.options.reduction == Reduction::kNone; }

  void SetOptions(Random& random) {
    CrossEntropyOptions& options = call_.options;
    options.reduction = static_cast<Reduction>(random.Below(3));
    options.upstream = random.Uniform(-2.0f, 2.0f);
    if (random.Below(4) == 0) options.ignore_index = 0;
    if (random.Below(3) == 0) options.scale = 0.37f;
    if (random.Below(4) == 0) options.label_smoothing = 0.1f;
    if (random.Below(4) == 0) options.z_loss = 1e-3f;
    options.zero_if_all_ignored = random.Below(2) == 0;
    options.accumulate = random.Below(4) == 0;
    weights_.resize(classes_ + 1);
    for (float& weight : weights_) {
      weight = random.Below(8) == 0 ? 0x1p-130f : random.Uniform(0.0f, 2.0f);
    }
    if (random.Below(5) == 0) weights_.assign(classes_ + 1, 0.0f);
    if (random.Below(3) == 0) options.class_weights = weights_.data();
    const size_t results = 1 + random.Below(7);
    has_loss_ = (results & 1) != 0;
    has_dx_ = (results & 2) != 0;
    has_divisor_ = (results & 4) != 0;
  }

  void SetTypes(Random& random) {
    const size_t in = random.Below(2) * random.Below(3);
    in_type_ = static_cast<ElementType>(in);
    out_type_ = in_type_;
    if (random.Below(3) == 0) {
      out_type_ = in != 0 ? ElementType::kFloat32
                          : static_cast<ElementType>(random.Below(3));
    }
  }

  // dx has memory of its own, or is the view of the logits or stands between
  // them.
  void SetLogits(Random& random) {
    const bool has_specials = random.Below(4) == 0;
    const bool is_shared = has_dx_ && random.Below(3) == 0;
    const bool is_between =
        is_shared && (call_.options.accumulate || random.Below(2) == 0);
    if (is_shared) out_type_ = in_type_;
    const int rank = static_cast<int>(sizes_.size());
    Sizes sizes = sizes_;
    if (is_between) sizes.push_back(2);
    const auto new_memory = [&](const Sizes& all, bool is_input,
                                ElementType type, bool may_be_special) {
      auto memory = std::make_shared<TensorMemory>(
          RandomShape(all, RandomKind(is_input, random), random), type, random);
      for (const int64_t offset : OffsetsOf(memory->Used())) {
        memory->Put(offset, RandomLogit(may_be_special, random));
      }
      return memory;
    };
    x_ = new_memory(sizes, !is_shared, in_type_, has_specials);
    AnyTensor x = x_->View();
    if (is_shared) {
      dx_ = x_;
      o_.dx = x;
      if (is_between) {
        const int64_t first = static_cast<int64_t>(random.Below(2));
        o_.dx = x.Slice(rank, 1 - first, 1);
        x = x.Slice(rank, first, 1);
        x.rank = o_.dx.rank = rank;
      }
    } else if (has_dx_) {
      dx_ = new_memory(sizes_, false, out_type_, false);
      o_.dx = dx_->View();
    }
    o_.x = x;
    targets_ = new_memory(sizes_, true, in_type_, false);
    o_.targets = targets_->View();
    if (random.Below(3) == 0) MakeCancelling(random);
  }

  // Losses whose sum depends on their order: some are so large that beside them
  // the others are lost, and they cancel. A row has one target.
  void MakeCancelling(Random& random) {
    const float large = in_type_ == ElementType::kFloat16 ? 0x1p15f : 0x1p80f;
    const float small = in_type_ == ElementType::kFloat16 ? 0x1p-24f : 1.0f;
    const float targets[] = {0.0f, small, large, -large};
    for (const int64_t offset : OffsetsOf(x_->Used())) x_->Put(offset, 0.0f);
    const std::vector<int64_t> rows = RowOffsetsOf(targets_->Used(), axis_);
    for (const int64_t offset : rows) targets_->Put(offset, 0.0f);
    for (size_t i = 0; i < rows.size(); i += classes_) {
      targets_->Put(rows[i], targets[random.Below(4)]);
    }
  }

  LossOperands PartOf(size_t i, size_t n) const {
    LossOperands part = o_;
    part.x = part.x.Part(i, n, call_.axis);
    part.targets = part.targets.Part(i, n, call_.axis);
    part.labels64 = part.labels64.Part(i, n, call_.axis);
    part.labels32 = part.labels32.Part(i, n, call_.axis);
    if (has_dx_) part.dx = part.dx.Part(i, n, call_.axis);
    if (IsPerRow() && has_loss_) part.loss = part.loss.Part(i, n, call_.axis);
    if (upstream_ != nullptr) {
      part.upstream = part.upstream.Part(i, n, call_.axis);
    }
    return part;
  }

  // The function of rows on copies.
  Result RowsOf(Target target) const {
    const size_t rows = static_cast<size_t>(CountOf(reduced_));
    // Vectors without elements get data, which are not null.
    const auto copy = [&](const auto& view, size_t size) {
      auto elements =
          ElementsOf(view.data, size, UsedRowOffsetsOf(view, axis_));
      elements.reserve(1);
      return elements;
    };
    const std::vector<unsigned char> x = copy(o_.x, SizeOf(in_type_));
    const std::vector<unsigned char> targets =
        copy(o_.targets, SizeOf(in_type_));
    std::vector<unsigned char> upstream;
    CrossEntropyOptions options = call_.options;
    if (upstream_ != nullptr) {
      upstream = copy(o_.upstream, sizeof(float));
      options.upstream_rows = reinterpret_cast<const float*>(upstream.data());
    }
    Result result;
    if (has_dx_) result.dx = copy(o_.dx, SizeOf(out_type_));
    result.losses.reserve(1);
    result.losses.resize((IsPerRow() ? rows : 1) * sizeof(float));
    float* const loss =
        has_loss_ ? reinterpret_cast<float*>(result.losses.data()) : nullptr;
    float* const divisor = has_divisor_ ? &result.divisor : nullptr;
    const ConstAnyRows logits(x.data(), in_type_, rows, classes_);
    const AnyRows dx(has_dx_ ? result.dx.data() : nullptr, out_type_, rows,
                     classes_);
    result.status =
        call_.kind == 0 ? CrossEntropy(logits, labels64_.rows.data(), loss, dx,
                                       options, divisor, target)
        : call_.kind == 1 ? CrossEntropy(logits, labels32_.rows.data(), loss,
                                         dx, options, divisor, target)
                          : CrossEntropy(logits,
                                         ConstAnyRows(targets.data(), in_type_,
                                                      rows, classes_),
                                         loss, dx, options, divisor, target);
    return result;
  }

  void CheckLosses(const Result& want,
                   const std::vector<unsigned char>& before) const {
    if (has_loss_) {
      CheckOutput(o_.loss, IsPerRow() ? axis_ : 0, loss_.get(), want.losses,
                  before);
    }
  }
  static bool IsEqual(float a, float b) {
    return (a != a && b != b) || std::memcmp(&a, &b, sizeof(a)) == 0;
  }

  std::string Text() const {
    return "axis " + std::to_string(call_.axis) + " kind " +
           std::to_string(call_.kind) + " reduction " +
           std::to_string(static_cast<int>(call_.options.reduction)) +
           (call_.options.accumulate ? " accumulate" : "") + " types " +
           std::to_string(static_cast<int>(in_type_)) +
           std::to_string(static_cast<int>(out_type_)) + TextOf("x", o_.x) +
           TextOf("targets", o_.targets) + TextOf("labels", o_.labels64) +
           TextOf("loss", o_.loss) + TextOf("dx", o_.dx) +
           TextOf("upstream", o_.upstream);
  }

  Sizes sizes_, reduced_;
  int axis_;
  size_t classes_ = 1;
  bool has_loss_, has_dx_, has_divisor_;
  ElementType in_type_, out_type_;
  LossCall call_;
  std::vector<float> weights_;
  LabelsOf<int64_t> labels64_;
  LabelsOf<int32_t> labels32_;
  std::shared_ptr<TensorMemory> x_, targets_, dx_;
  std::unique_ptr<TensorMemory> loss_, upstream_;
  LossOperands o_;
};

#ifdef SOFTLANE_FULL_TESTS
constexpr int kCases = 20000;
#else
constexpr int kCases = 2000;
#endif

TEST_CASE("losses of tensors in any layout have the bits of rows") {
  ForEachTarget([](Target target) {
    Random random(25);
    for (int i = 0; i < kCases; ++i) {
      CAPTURE(i);
      Case(random).Check(random, target);
    }
  });
}

}  // namespace
}  // namespace softlane
