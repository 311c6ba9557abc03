// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CROSS_ENTROPY_CALLS_H_
#define SOFTLANE_TESTS_CROSS_ENTROPY_CALLS_H_

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

// Calls of CrossEntropy with special values. The number of a call determines
// it. The calls have every combination of kind, smoothing, weights, special
// logit and its place; all else is random.

namespace softlane {

enum class Place {
  kNowhere,
  kLabel,
  kBeside,  // the label
  kFirst,
  kMiddle,
  kLast,
  kSome,
  kAllButOne,
  kAllButLabel,
  kAll,
  kCount
};
enum class Weights {
  kNone,
  kOne,
  kOrdinary,
  kZeroAtLabel,
  kZeroElsewhere,
  kZero,
  kTiny,   // the least float
  kSmall,  // 1e-30
  kHuge,
  kMixed,
  kCount
};
enum class Kind {
  kLabel64,
  kLabel32,
  kOneHot,
  kSoft,
  kZero,
  kNegative,
  kCount
};

constexpr float kValues[] = {kNan, kInf, -kInf, 3e38f, -3e38f, 0.0f, 5.0f};
constexpr float kSmoothings[] = {0.0f, 1e-45f, 0.1f, 1.0f};
constexpr float kZLosses[] = {0.0f, 0.0f, 1e-4f, 1.0f, 3e38f};
constexpr float kScales[] = {1.0f, 1.0f, 10.0f, 0.37f, 1e-30f, 1e30f};
constexpr float kUpstreams[] = {1.0f, -1.5f, 1024.0f, 1e-30f, 1e30f, 0.0f};
constexpr size_t kCols[] = {1, 2, 3, 8, 17, 40, 100, 300};

template <class T, size_t n>
constexpr size_t Size(const T (&)[n]) {
  return n;
}
template <class T, size_t n>
T Pick(const T (&values)[n], Random& random) {
  return values[random.Below(n)];
}
template <class Enum>
Enum PickOf(Random& random) {
  return static_cast<Enum>(random.Below(static_cast<size_t>(Enum::kCount)));
}

inline std::string Text(const char* name, const float* values, size_t n) {
  std::string text = std::string(" ") + name + "={";
  for (size_t i = 0; i < std::min<size_t>(n, 8); ++i) {
    char number[32];
    std::snprintf(number, sizeof(number), i == 0 ? "%.9g" : ",%.9g",
                  double{values[i]});
    text += number;
  }
  return text + (n > 8 ? ",...}" : "}");
}

// One call. The number alone makes it.
struct Call {
  // The number of combinations. As many calls after one another have them all.
  static constexpr uint64_t kCombinations =
      static_cast<uint64_t>(Kind::kCount) * Size(kSmoothings) *
      static_cast<uint64_t>(Weights::kCount) *
      static_cast<uint64_t>(Place::kCount) * Size(kValues);

  explicit Call(uint64_t number);
  Call(const Call&) = delete;  // the options point into it
  Call& operator=(const Call&) = delete;

  void MakeRow(size_t r, float value, Place place, Random& random);
  void MakeWeights(Weights which, size_t label, Random& random);
  void MakeTargets(Random& random);
  bool Ignored(size_t r) const {
    return !soft && labels[r] == options.ignore_index;
  }
  double Weight(size_t r) const {
    if (Ignored(r)) return 0.0;
    return soft || weights.empty() ? 1.0 : double{weights[labels[r]]};
  }
  std::string Describe(size_t r) const;

  uint64_t number;
  size_t rows, cols, stride;
  Kind kind;
  bool soft;
  std::vector<float> x, targets, weights, upstreams;
  std::vector<int64_t> labels;
  CrossEntropyOptions options;
  bool gradient, in_place, with_divisor;
};

inline Call::Call(uint64_t seed) : number(seed) {
  // The systematic part: what the digits of the number say.
  const auto digit = [&seed](size_t base) {
    const size_t value = seed % base;
    seed /= base;
    return value;
  };
  kind = static_cast<Kind>(digit(static_cast<size_t>(Kind::kCount)));
  options.label_smoothing = kSmoothings[digit(Size(kSmoothings))];
  const auto which =
      static_cast<Weights>(digit(static_cast<size_t>(Weights::kCount)));
  const auto place =
      static_cast<Place>(digit(static_cast<size_t>(Place::kCount)));
  const float value = kValues[digit(Size(kValues))];
  // The random part.
  Random random(number);
  soft = kind > Kind::kLabel32;
  cols = Pick(kCols, random);
  rows = 1 + random.Below(cols < 100 ? 4 : 2);
  if (cols <= 8 && random.Below(6) == 0) rows = 17 + random.Below(24);
  stride = cols + (random.Below(3) == 0 ? 3 : 0);
  options.reduction = static_cast<Reduction>(random.Below(3));
  options.z_loss = Pick(kZLosses, random);
  options.scale = Pick(kScales, random);
  options.upstream = Pick(kUpstreams, random);
  options.zero_if_all_ignored = random.Below(2) == 0;
  for (size_t r = 0; r < rows; ++r) {
    const size_t places[] = {0, cols / 2, cols - 1, random.Below(cols)};
    labels.push_back(static_cast<int64_t>(Pick(places, random)));
    upstreams.push_back(Pick(kUpstreams, random));
  }
  const size_t main = random.Below(rows);
  x.assign(rows * stride, kNan);
  for (size_t r = 0; r < rows; ++r) {
    const bool systematic = r == main, special = random.Below(2) == 0;
    const float other = Pick(kValues, random);
    MakeRow(r, systematic ? value : other,
            systematic ? place
                       : (special ? PickOf<Place>(random) : Place::kNowhere),
            random);
  }
  MakeWeights(which, static_cast<size_t>(labels[main]), random);
  if (soft) {
    MakeTargets(random);
  } else if (random.Below(2) == 0) {
    const int64_t inside = static_cast<int64_t>(random.Below(cols));
    if (random.Below(2) == 0) options.ignore_index = inside;
    const bool all = random.Below(8) == 0;
    for (size_t r = 0; r < rows; ++r) {
      if (all || random.Below(4) == 0) labels[r] = options.ignore_index;
    }
  }
  if (options.reduction != Reduction::kNone) upstreams.assign(rows, kNan);
  if (random.Below(2) == 0) options.upstream_rows = upstreams.data();
  gradient = random.Below(4) != 0;
  in_place = random.Below(2) == 0;
  with_divisor = random.Below(2) == 0;
}

inline void Call::MakeRow(size_t r, float value, Place place, Random& random) {
  constexpr float kMagnitudes[] = {1e-40f, 1e-30f, 1e-10f, 1.0f, 1e10f, 1e30f};
  const size_t style = random.Below(5), one = random.Below(cols);
  const float unit = random.Below(2) == 0 ? 1.0f : 1.0f / options.scale;
  const float constant = random.Normal();
  float* const row = &x[r * stride];
  const size_t label = static_cast<size_t>(labels[r]);
  for (size_t c = 0; c < cols; ++c) {
    row[c] = unit * (style == 4 ? constant
                                : random.Normal() * (style == 3   ? 40.0f
                                                     : style == 2 ? 10.0f
                                                                  : 2.0f));
    if (style == 1) row[c] *= Pick(kMagnitudes, random);
    if (std::isinf(row[c])) row[c] = 1.0f;
    const bool some = random.Below(3) == 0;
    const bool here[] = {false,  c == label,    c == (label + 1) % cols,
                         c == 0, c == cols / 2, c + 1 == cols,
                         some,   c != one,      c != label,
                         true};
    if (here[static_cast<size_t>(place)]) row[c] = value;
  }
}

inline void Call::MakeWeights(Weights which, size_t label, Random& random) {
  if (which == Weights::kNone) return;
  constexpr float kMixed[] = {0.0f, 1.0f, 1e-45f, 1e-30f, 3e38f, 0.7f};
  for (size_t c = 0; c < cols; ++c) {
    const float w = random.Uniform(0.5f, 2.0f), mixed = Pick(kMixed, random);
    const float of[] = {1.0f,
                        1.0f,
                        w,
                        c == label ? 0.0f : w,
                        c != label && mixed < 0.5f ? 0.0f : w,
                        0.0f,
                        1e-45f,
                        1e-30f,
                        3e38f,
                        mixed};
    weights.push_back(of[static_cast<size_t>(which)]);
  }
  options.class_weights = weights.data();
}

inline void Call::MakeTargets(Random& random) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < cols; ++c) {
      const float hot = static_cast<size_t>(labels[r]) == c ? 1.0f : 0.0f;
      const float unit = random.Unit() / static_cast<float>(cols);
      const float share = random.Below(3) == 0 ? 0.0f : unit;
      targets.push_back(kind == Kind::kOneHot ? hot
                        : kind == Kind::kSoft ? share
                        : kind == Kind::kZero ? 0.0f
                                              : share - 0.25f * hot);
    }
  }
}

inline std::string Call::Describe(size_t r) const {
  constexpr const char* kKinds[] = {"int64", "int32", "one-hot",
                                    "soft",  "zero",  "negative"};
  constexpr const char* kReductions[] = {"none", "sum", "mean"};
  char text[400];
  std::snprintf(
      text, sizeof(text),
      "Call(%llu): %s, %zu x %zu, reduction %s, row %zu of label %lld "
      "(ignore_index %lld), smoothing %.9g, z_loss %.9g, scale %.9g, upstream "
      "%.9g%s, in place %d,",
      static_cast<unsigned long long>(number), kKinds[static_cast<int>(kind)],
      rows, cols, kReductions[static_cast<int>(options.reduction)], r,
      static_cast<long long>(labels[r]),
      static_cast<long long>(options.ignore_index),
      double{options.label_smoothing}, double{options.z_loss},
      double{options.scale},
      double{options.upstream_rows ? upstreams[r] : options.upstream},
      options.upstream_rows ? " per row" : "", gradient && in_place);
  std::string all = text + Text("x", &x[r * stride], cols);
  if (!weights.empty()) all += Text("weights", weights.data(), cols);
  if (soft) all += Text("targets", &targets[r * cols], cols);
  return all;
}

struct Output {
  std::vector<float> losses, gradient;
  float divisor = 123.0f;
};

inline Output RunCall(const Call& call, Target target, bool has_loss = true) {
  Output out;
  const bool none = call.options.reduction == Reduction::kNone;
  out.losses.assign(none ? call.rows : 1, 123.0f);
  std::vector<float> separate(call.x.size(), 123.0f), copy = call.x;
  std::vector<float>& to = call.in_place ? copy : separate;
  const Rows<const float> in(copy.data(), call.rows, call.cols, call.stride);
  Rows<float> d;
  if (call.gradient) d = {to.data(), call.rows, call.cols, call.stride};
  float* const divisor = call.with_divisor ? &out.divisor : nullptr;
  const std::vector<int32_t> labels32(call.labels.begin(), call.labels.end());
  float* const loss = has_loss ? out.losses.data() : nullptr;
  const Status status =
      call.soft ? CrossEntropy(in,
                               Rows<const float>(call.targets.data(), call.rows,
                                                 call.cols),
                               loss, d, call.options, divisor, target)
      : call.kind == Kind::kLabel32
          ? CrossEntropy(in, labels32.data(), loss, d, call.options, divisor,
                         target)
          : CrossEntropy(in, call.labels.data(), loss, d, call.options, divisor,
                         target);
  REQUIRE(status == Status::kOk);
  if (call.gradient) out.gradient = to;
  return out;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_CROSS_ENTROPY_CALLS_H_
