// SPDX-License-Identifier: Apache-2.0
// Bad arguments of cross-entropy of tensors, and labels between other operands.

#include <climits>
#include <string>
#include <type_traits>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "softlane/c.h"
#include "softlane/softlane.h"
#include "tensor_errors.h"

namespace softlane {
namespace {

static_assert(!std::is_convertible_v<Tensor<const int64_t>, ConstAnyTensor>);
static_assert(!std::is_convertible_v<Tensor<int32_t>, ConstAnyTensor>);

enum class Kind { kLabels64, kLabels32, kTargets };
constexpr Kind kKinds[] = {Kind::kLabels64, Kind::kLabels32, Kind::kTargets};

// A good call along the middle dimension of tensors [3, 4, 5].
struct Good {
  explicit Good(Kind its_kind) : kind(its_kind) {
    for (float& element : x) element = 1.0f;
    for (float& element : targets) element = 0.25f;
    for (float& element : upstream) element = 1.0f;
    logits = Tensor<const float>(x, 3, kSizes);
    probs = Tensor<const float>(targets, 3, kSizes);
    of64 = Tensor<const int64_t>(labels64, 3, kReduced);
    of32 = Tensor<const int32_t>(labels32, 3, kReduced);
    loss = Tensor<float>(losses, 3, kReduced);
    dlogits = Tensor<float>(dx, 3, kSizes);
    gradient = Tensor<const float>(upstream, 3, kReduced);
    options.reduction = Reduction::kNone;
    options.class_weights = weights;
  }

  Status Run() {
    switch (kind) {
      case Kind::kLabels64:
        return CrossEntropy(logits, of64, loss, dlogits, axis, options, divisor,
                            gradient, target);
      case Kind::kLabels32:
        return CrossEntropy(logits, of32, loss, dlogits, axis, options, divisor,
                            gradient, target);
      default:
        return CrossEntropy(logits, probs, loss, dlogits, axis, options,
                            divisor, gradient, target);
    }
  }

  static constexpr int64_t kSizes[] = {3, 4, 5}, kReduced[] = {3, 1, 5};
  Kind kind;
  float x[60], targets[60], dx[60] = {}, losses[15] = {}, upstream[15];
  float weights[4] = {1.0f, 1.0f, 1.0f, 1.0f}, divided_by[1] = {};
  int64_t labels64[15] = {};
  int32_t labels32[15] = {};
  ConstAnyTensor logits, probs;
  Tensor<const int64_t> of64;
  Tensor<const int32_t> of32;
  Tensor<float> loss;
  AnyTensor dlogits;
  Tensor<const float> gradient;
  int axis = 1;
  CrossEntropyOptions options;
  float* divisor = divided_by;
  Target target = Target::kAuto;
};

using Error = ArgumentError<Good>;
using Change = Error::Change;

// Null data of an operand that may be left out is no error.
template <class Get>
void AddOptionalErrors(const std::string& name, bool is_output, const Get& get,
                       std::vector<Error>& errors) {
  std::vector<Error> all;
  AddShapeErrors(name, is_output, get, all);
  for (const Error& error : all) {
    if (error.status != Status::kNullPointer) errors.push_back(error);
  }
}

// Errors of results and inputs that share memory.
void AddOverlaps(Kind kind, std::vector<Error>& errors) {
  const auto add = [&](const char* what, const Change& change) {
    errors.push_back({what, Status::kOverlap, change});
  };
  add("dlogits from the second logit on",
      [](Good& g) { g.dlogits.data = g.x + 1; });
  add("dlogits that are the logits, added to", [](Good& g) {
    g.dlogits.data = g.x;
    g.options.accumulate = true;
  });
  add("losses in the logits", [](Good& g) { g.loss.data = g.x + 1; });
  add("losses in dlogits", [](Good& g) { g.loss.data = g.dx + 44; });
  add("losses that are upstream", [](Good& g) { g.loss.data = g.upstream; });
  add("a loss of all in the logits", [](Good& g) {
    g.options.reduction = Reduction::kSum;
    g.loss = Tensor<float>(g.x + 59, 0, nullptr);
  });
  add("a divisor that is a loss", [](Good& g) { g.divisor = g.losses + 14; });
  add("a divisor in dlogits", [](Good& g) { g.divisor = g.dx; });
  add("a divisor in the logits of one plane", [](Good& g) {
    g.logits.sizes[0] = g.probs.sizes[0] = g.dlogits.sizes[0] = 1;
    g.of64.sizes[0] = g.of32.sizes[0] = 1;
    g.loss.sizes[0] = g.gradient.sizes[0] = 1;
    g.divisor = g.x + 7;
  });
  add("a divisor that is the loss of all", [](Good& g) {
    g.options.reduction = Reduction::kMean;
    g.loss = Tensor<float>(g.divided_by, 0, nullptr);
  });
  add("weights in dlogits",
      [](Good& g) { g.options.class_weights = g.dx + 56; });
  add("a divisor that is a weight", [](Good& g) { g.divisor = g.weights + 3; });
  if (kind == Kind::kTargets) {
    add("dlogits that are the targets",
        [](Good& g) { g.dlogits.data = g.targets; });
  } else {
    add("losses in the labels", [](Good& g) {
      g.loss.data = g.kind == Kind::kLabels64
                        ? reinterpret_cast<float*>(g.labels64 + 14) + 1
                        : reinterpret_cast<float*>(g.labels32 + 14);
    });
  }
}

std::vector<Error> ErrorsOf(Kind kind) {
  std::vector<Error> errors;
  AddShapeErrors(
      "logits", false, [](Good & g) -> auto& { return g.logits; }, errors);
  if (kind == Kind::kLabels64) {
    AddShapeErrors(
        "labels", false, [](Good & g) -> auto& { return g.of64; }, errors);
  } else if (kind == Kind::kLabels32) {
    AddShapeErrors(
        "labels", false, [](Good & g) -> auto& { return g.of32; }, errors);
  } else {
    AddShapeErrors(
        "targets", false, [](Good & g) -> auto& { return g.probs; }, errors);
  }
  AddOptionalErrors(
      "dlogits", true, [](Good & g) -> auto& { return g.dlogits; }, errors);
  AddOptionalErrors(
      "losses", true, [](Good & g) -> auto& { return g.loss; }, errors);
  AddOptionalErrors(
      "upstream", false, [](Good & g) -> auto& { return g.gradient; }, errors);
  AddOverlaps(kind, errors);
  const auto add = [&](const char* what, Status status, const Change& change) {
    errors.push_back({what, status, change});
  };
  add("no result", Status::kNullPointer, [](Good& g) {
    g.loss.data = nullptr;
    g.dlogits.data = nullptr;
    g.divisor = nullptr;
  });
  for (const int axis : {3, -4, INT_MAX, INT_MIN}) {
    add("axis", Status::kBadShape, [=](Good& g) { g.axis = axis; });
  }
  add("labels without a dimension", Status::kBadShape,
      [](Good& g) { g.of64.rank = g.of32.rank = g.probs.rank = 2; });
  for (const Reduction reduction : {Reduction::kSum, Reduction::kMean}) {
    add("losses of a sum", Status::kBadShape,
        [=](Good& g) { g.options.reduction = reduction; });
  }
  add("a loss of rank 9", Status::kBadShape, [](Good& g) {
    g.options.reduction = Reduction::kSum;
    g.loss.rank = 9;
  });
  add("upstream_rows", Status::kBadOption,
      [](Good& g) { g.options.upstream_rows = g.upstream; });
  add("scale", Status::kBadOption, [](Good& g) { g.options.scale = 0.0f; });
  add("a weight", Status::kBadOption, [](Good& g) { g.weights[3] = -1.0f; });
  add("reduction", Status::kBadOption, [](Good& g) {
    g.options.reduction = static_cast<Reduction>(3);
    g.loss.data = nullptr;
  });
  add("the logits' type", Status::kBadOption,
      [](Good& g) { g.logits.type = static_cast<ElementType>(3); });
  add("the gradients' type", Status::kBadOption,
      [](Good& g) { g.dlogits.type = static_cast<ElementType>(3); });
  add("target", Status::kTargetUnavailable,
      [](Good& g) { g.target = static_cast<Target>(99); });
  if (kind == Kind::kTargets) {
    add("targets of another type", Status::kBadOption,
        [](Good& g) { g.probs.type = ElementType::kBFloat16; });
    return errors;
  }
  for (const int label : {-1, 4, 99}) {
    add("the last label", Status::kBadLabel,
        [=](Good& g) { g.labels64[14] = g.labels32[14] = label; });
    add("a label between gaps", Status::kBadLabel, [=](Good& g) {
      g.labels64[12] = g.labels32[12] = label;
      g.of64.strides[0] = g.of32.strides[0] = -1;
      g.of64.strides[2] = g.of32.strides[2] = 2;
      g.of64.data += 4;
      g.of32.data += 4;
    });
  }
  return errors;
}

bool IsWritten(const Good& g) {
  bool is_written = g.divided_by[0] != 0.0f;
  for (const float element : g.dx) is_written |= element != 0.0f;
  for (const float element : g.losses) is_written |= element != 0.0f;
  for (const float element : g.x) is_written |= element != 1.0f;
  for (const float element : g.targets) is_written |= element != 0.25f;
  for (const float element : g.upstream) is_written |= element != 1.0f;
  for (const int64_t label : g.labels64) is_written |= label > 99;
  return is_written;
}

Status StatusOf(Kind kind, const std::vector<Change>& changes) {
  Good good(kind);
  for (const Change& change : changes) change(good);
  const Status status = good.Run();
  CHECK(IsWritten(good) == (status == Status::kOk));
  return status;
}

// Kills: a check that is left out, or that comes after a write.
TEST_CASE("bad losses of tensors give a status before the first write") {
  for (const Kind kind : kKinds) {
    CAPTURE(static_cast<int>(kind));
    CHECK(StatusOf(kind, {}) == Status::kOk);
    for (const Error& error : ErrorsOf(kind)) {
      CAPTURE(error.name);
      CHECK(StatusOf(kind, {error.change}) == error.status);
    }
  }
}

// Kills: checks in another order.
TEST_CASE("of two errors of losses the status has the smaller value") {
  const std::vector<Error> errors = {
      {"null", Status::kNullPointer, [](Good& g) { g.logits.data = nullptr; }},
      {"shape", Status::kBadShape, [](Good& g) { g.axis = 3; }},
      {"overlap", Status::kOverlap, [](Good& g) { g.divisor = g.dx + 1; }},
      {"option", Status::kBadOption, [](Good& g) { g.options.scale = 0.0f; }},
      {"label", Status::kBadLabel,
       [](Good& g) { g.labels64[3] = g.labels32[3] = 4; }},
      {"target", Status::kTargetUnavailable,
       [](Good& g) { g.target = static_cast<Target>(99); }},
  };
  for (const Kind kind : {Kind::kLabels64, Kind::kLabels32}) {
    for (size_t i = 0; i < errors.size(); ++i) {
      for (size_t k = i + 1; k < errors.size(); ++k) {
        CAPTURE(errors[i].name + ", " + errors[k].name);
        CHECK(StatusOf(kind, {errors[i].change, errors[k].change}) ==
              errors[i].status);
      }
    }
  }
}

// Kills: a check of operands that a call does not read.
TEST_CASE("operands of losses that are not read may be anything") {
  const Change changes[] = {
      [](Good& g) {  // without a gradient
        g.dlogits = AnyTensor();
        g.gradient.sizes[2] = 7;
      },
      [](Good& g) {  // of a sum
        g.options.reduction = Reduction::kSum;
        g.loss = Tensor<float>(g.losses, 0, nullptr);
        g.gradient.rank = 2;
      },
      [](Good& g) { g.loss = Tensor<float>(); },
      [](Good& g) {
        g.dlogits.data = nullptr;
        g.dlogits.type = static_cast<ElementType>(7);
      },
  };
  for (const Kind kind : kKinds) {
    for (const Change& change : changes) {
      CHECK(StatusOf(kind, {change}) == Status::kOk);
    }
  }
}

// Kills: an error for a call that has nothing to write.
TEST_CASE("losses of tensors without elements may be null") {
  const int64_t sizes[] = {0, 4}, reduced[] = {0, 1};
  const Tensor<const float> logits(nullptr, 2, sizes);
  const Tensor<const int64_t> labels(nullptr, 2, reduced);
  CrossEntropyOptions options;
  options.reduction = Reduction::kNone;
  CHECK(CrossEntropy(logits, labels, {}, {}, 1, options) == Status::kOk);
  options.reduction = Reduction::kSum;
  CHECK(CrossEntropy(logits, labels, {}, {}, 1, options) ==
        Status::kNullPointer);
  float sum = 7.0f;
  CHECK(CrossEntropy(logits, labels, {&sum, 0, nullptr}, {}, 1, options) ==
        Status::kOk);
  CHECK(sum == 0.0f);
}

// Kills: a dimension in a wrong place.
TEST_CASE("a view gets a dimension of size 1") {
  const int64_t sizes[] = {2, 3};
  const Tensor<float> view(nullptr, 2, sizes);
  for (const int dim : {0, 1, 2, -1, -2, -3}) {
    CAPTURE(dim);
    const Tensor<float> more = view.Unsqueeze(dim);
    REQUIRE(more.rank == 3);
    const int at = dim < 0 ? dim + 3 : dim;
    CHECK(more.sizes[at] == 1);
    for (int d = 0; d < 2; ++d) {
      CHECK(more.sizes[d + (d >= at)] == view.sizes[d]);
      CHECK(more.strides[d + (d >= at)] == view.strides[d]);
    }
    CHECK(AnyTensor(view).Unsqueeze(dim).sizes[at] == 1);
  }
  for (const int dim : {3, -4, INT_MAX, INT_MIN}) {
    CHECK(view.Unsqueeze(dim).rank == -1);
  }
  const int64_t ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  CHECK(Tensor<float>(nullptr, 8, ones).Unsqueeze(0).rank == -1);
}

// Labels beside their losses, as in an array of structs. Kills: labels that a
// group of losses has overwritten.
TEST_CASE("losses may stand between labels") {
  constexpr int64_t kRows = 150, kCols = 7;
  struct Entry {
    int32_t label;
    float loss;
  };
  ForEachTarget([](Target target) {
    std::vector<float> logits(kRows * kCols), want(kRows);
    std::vector<int32_t> labels(kRows);
    std::vector<Entry> entries(kRows);
    for (size_t i = 0; i < logits.size(); ++i) {
      logits[i] = static_cast<float>(i * 37 % 101) / 16.0f;
    }
    for (size_t r = 0; r < entries.size(); ++r) {
      entries[r] = {static_cast<int32_t>(r * 5 % kCols), -1.0f};
      labels[r] = entries[r].label;
    }
    CrossEntropyOptions options;
    options.reduction = Reduction::kNone;
    REQUIRE(CrossEntropy(Rows<const float>(logits.data(), kRows, kCols),
                         labels.data(), want.data(), {}, options, nullptr,
                         target) == Status::kOk);
    const int64_t sizes[] = {kRows, kCols}, reduced[] = {kRows, 1};
    const int64_t strides[] = {2, 2};
    REQUIRE(CrossEntropy(
                Tensor<const float>(logits.data(), 2, sizes),
                Tensor<const int32_t>(&entries[0].label, 2, reduced, strides),
                Tensor<float>(&entries[0].loss, 2, reduced, strides), {}, 1,
                options, nullptr, {}, target) == Status::kOk);
    for (size_t r = 0; r < entries.size(); ++r) {
      CHECK(entries[r].label == labels[r]);
      CHECK(entries[r].loss == want[r]);
    }
  });
}

// Kills: a C twin that reads a null tensor, or losses of another type.
TEST_CASE("null tensors and types of losses in C") {
  float x[6] = {}, loss = 0.0f;
  int64_t labels[2] = {1, 0};
  const softlane_tensor logits = {x, SOFTLANE_F32, 2, {2, 3}, {3, 1}};
  const softlane_tensor targets = {labels, 99, 2, {2, 1}, {1, 1}};
  softlane_tensor mean = {&loss, SOFTLANE_F32, 0, {}, {}};
  const auto run = [](const softlane_tensor* logits_or_null,
                      const softlane_tensor* labels_or_null,
                      const softlane_tensor* mean_or_null,
                      const softlane_tensor* upstream) {
    return softlane_cross_entropy_tensor_i64(
        logits_or_null, labels_or_null, mean_or_null, nullptr, -1, nullptr,
        nullptr, upstream, SOFTLANE_TARGET_AUTO);
  };
  CHECK(run(&logits, &targets, &mean, nullptr) == SOFTLANE_OK);
  CHECK(loss > 1.0f);
  CHECK(run(nullptr, &targets, &mean, nullptr) == SOFTLANE_NULL_POINTER);
  CHECK(run(&logits, nullptr, &mean, nullptr) == SOFTLANE_NULL_POINTER);
  CHECK(run(&logits, &targets, nullptr, nullptr) == SOFTLANE_NULL_POINTER);
  mean.type = SOFTLANE_F16;
  CHECK(run(&logits, &targets, &mean, nullptr) == SOFTLANE_BAD_OPTION);
  mean.data = nullptr;
  CHECK(run(&logits, &targets, &mean, nullptr) == SOFTLANE_NULL_POINTER);
  mean = {&loss, SOFTLANE_F32, 0, {}, {}};
  CHECK(run(&logits, &targets, &mean, &targets) == SOFTLANE_BAD_OPTION);
}

}  // namespace
}  // namespace softlane
