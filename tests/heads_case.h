// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_HEADS_CASE_H_
#define SOFTLANE_TESTS_HEADS_CASE_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"
#include "tensor_layouts.h"

// Random calls on all heads of a batch, with all kinds of options and layouts.

namespace softlane {

struct HeadTypes {
  ElementType scores, probs, bias;
};

// A layout whose keys have stride 1.
inline TensorShape HeadsLayout(const Sizes& sizes, bool is_input,
                               Random& random) {
  LayoutKind kind = RandomKind(is_input, random);
  const bool is_plain = random.Below(3) == 0;
  if (is_plain) kind = LayoutKind{true, false, false, false, false};
  const Sizes rows(sizes.begin(), sizes.end() - 1);
  const TensorShape outer = RandomShape(rows, kind, random);
  const int64_t keys = std::max<int64_t>(sizes.back(), 1);
  const int64_t gap = kind.has_gaps && random.Below(2) == 0 ? 3 : 0;
  TensorShape shape(static_cast<int>(sizes.size()), sizes.data(), nullptr);
  for (size_t d = 0; d < rows.size(); ++d) {
    if (sizes[d] != 1) shape.strides[d] = outer.strides[d] * (keys + gap);
  }
  return shape;
}

// The sizes of a mask, some of which are repeated by a size of 1 or a stride of
// 0.
inline TensorShape MaskLayout(const Sizes& sizes, Random& random) {
  Sizes own = sizes;
  for (size_t d = 0; d < 3; ++d) {
    if (random.Below(4) == 0) own[d] = 1;
  }
  TensorShape shape = HeadsLayout(own, true, random);
  for (size_t d = 0; d < 3; ++d) {
    if (own[d] == 1 && random.Below(2) == 0) {
      shape.sizes[d] = sizes[d];
      shape.strides[d] = 0;
    }
  }
  return shape;
}

// The offset of a row in elements.
inline int64_t RowOffset(const TensorShape& shape, size_t b, size_t h,
                         size_t q) {
  const size_t at[3] = {b, h, q};
  int64_t offset = 0;
  for (int d = 0; d < 3; ++d) {
    if (shape.sizes[d] == 1) continue;
    offset += static_cast<int64_t>(at[d]) * shape.strides[d];
  }
  return offset;
}

template <typename T>
struct ValuesMemory {
  // A value per index, or a single value for all.
  template <class Make>
  HeadValues<T> Fill(size_t count, const Make& make, Random& random) {
    const int64_t stride = static_cast<int64_t>(random.Below(3));
    values.clear();
    for (size_t i = 0; i <= count * static_cast<size_t>(stride); ++i) {
      values.push_back(make());
    }
    return {values.data(), stride};
  }

  std::vector<T> values;
};

class HeadsCase {
 public:
  HeadsCase(const Sizes& its_sizes, const HeadTypes& types, Random& random)
      : sizes(its_sizes),
        x(HeadsLayout(sizes, true, random), types.scores, random),
        y(HeadsLayout(sizes, false, random), types.probs, random),
        logs(HeadsLayout(Reduced(), false, random), ElementType::kFloat32,
             random),
        bias(MaskLayout(sizes, random), types.bias, random),
        keep_shape(MaskLayout(sizes, random)) {
    const float spread = random.Below(6) == 0 ? 30.0f : 2.0f;
    FillNumbers(x, spread, -kInf, random);
    FillNumbers(bias, 1.0f, -kInf, random);
    int64_t low = 0, high = 0;
    for (const int64_t offset : OffsetsOf(keep_shape)) {
      low = std::min(low, offset);
      high = std::max(high, offset);
    }
    keep.resize(static_cast<size_t>(high - low + 1));
    for (uint8_t& k : keep) k = static_cast<uint8_t>(random.Below(4));
    first_keep = keep.data() - low;
    SetOptions(random);
  }

  size_t Size(int d) const { return static_cast<size_t>(sizes[size_t(d)]); }
  Sizes Reduced() const { return {sizes[0], sizes[1], sizes[2], 1}; }
  ConstAnyTensor Scores() { return x.View(); }
  Tensor<float> Logs() {
    return {static_cast<float*>(logs.data()), 4, logs.shape().sizes,
            logs.shape().strides};
  }

  // The options of a head.
  AttentionOptions OptionsOf(size_t b, size_t h) const {
    const AttentionHeadsOptions& o = options;
    AttentionOptions own;
    own.scale = o.scale;
    own.softcap = o.softcap;
    own.causal = o.causal;
    own.window = o.window;
    own.empty_row = o.empty_row;
    own.first_query = o.first_query;
    if (o.first_queries.data != nullptr) own.first_query += o.first_queries[b];
    if (o.alibi_slopes.data != nullptr) own.alibi_slope = o.alibi_slopes[h];
    if (o.bias_scales.data != nullptr) own.bias_scale = o.bias_scales[h];
    return own;
  }

  Sizes sizes;
  TensorMemory x, y, logs, bias;
  TensorShape keep_shape;
  std::vector<uint8_t> keep;
  const uint8_t* first_keep;
  AttentionHeadsOptions options;

 private:
  // Some rows have numbers that are not finite, or far from the others.
  static void FillNumbers(TensorMemory& to, float spread, float masked,
                          Random& random) {
    const float specials[] = {kNan, kInf, -kInf, 6000.0f, -6000.0f};
    const bool has_specials = random.Below(3) == 0;
    const size_t one_of = 20 + random.Below(2000);
    for (const int64_t offset : OffsetsOf(to.Used())) {
      float value = spread * random.Normal();
      if (random.Below(8) == 0) value = masked;
      if (has_specials && random.Below(one_of) == 0) {
        value = specials[random.Below(5)];
      }
      to.Put(offset, value);
    }
  }

  void SetOptions(Random& random) {
    const auto one_of = [&](size_t n) { return random.Below(n) == 0; };
    const size_t batch = Size(0), heads = Size(1), keys = Size(3);
    AttentionHeadsOptions& o = options;
    if (one_of(2)) o.scale = 0.37f;
    if (one_of(6)) o.softcap = 20.0f;
    o.empty_row = one_of(2) ? EmptyRow::kZero : EmptyRow::kNan;
    if (one_of(5)) {
      o.alibi_slopes = slopes_.Fill(
          heads, [&] { return random.Uniform(-0.5f, 0.5f); }, random);
    }
    if (one_of(2)) {
      o.bias = ConstAnyTensor(bias.data(), bias.type(), 4, bias.shape().sizes,
                              bias.shape().strides);
      if (one_of(2)) {
        o.bias_scales = factors_.Fill(
            heads,
            [&] { return one_of(3) ? 1.0f : random.Uniform(0.1f, 2.0f); },
            random);
      }
    }
    if (one_of(4)) {
      o.keep = Tensor<const uint8_t>(first_keep, 4, keep_shape.sizes,
                                     keep_shape.strides);
    }
    if (one_of(3)) {
      o.lengths = lengths_.Fill(
          batch, [&] { return static_cast<int32_t>(random.Below(keys + 1)); },
          random);
    }
    o.causal = one_of(3);
    const auto position = [&] {
      return static_cast<int64_t>(random.Below(keys + 4)) - 3;
    };
    if (one_of(2)) o.first_query = position();
    if (one_of(3)) o.first_queries = firsts_.Fill(batch, position, random);
    if (one_of(40)) o.first_query = INT64_MAX - 1000000;
    if (one_of(40)) o.first_query = INT64_MIN + 1000000;
    if (one_of(6)) o.window = 1 + static_cast<int64_t>(random.Below(keys));
    if (one_of(3)) {
      o.sinks = sinks_.Fill(
          heads,
          [&] {
            if (one_of(9)) return one_of(2) ? kNan : -kInf;
            return 3.0f * random.Normal() * (one_of(9) ? 100.0f : 1.0f);
          },
          random);
    }
  }

  ValuesMemory<float> slopes_, factors_, sinks_;
  ValuesMemory<int32_t> lengths_;
  ValuesMemory<int64_t> firsts_;
};

// Sizes of all kinds: few rows and many, short and long.
inline Sizes RandomHeadSizes(Random& random) {
  const auto below = [&](size_t n) {
    return static_cast<int64_t>(1 + random.Below(n));
  };
  switch (random.Below(8)) {
    case 0:  // queries alone
      return {below(3), below(9), 1, below(200)};
    case 1:  // rows that are not done in batches
      return {below(2), below(3), below(4), 200 + below(600)};
    case 2:  // more rows than have values at a time
      return {1 + below(2), 2 + below(4), 60 + below(60), below(24)};
    case 3:  // matrices that are done by themselves
      return random.Below(4) == 0 ? Sizes{1, 2, 120 + below(16), 128}
                                  : Sizes{below(2), below(4), below(20), 64};
    case 4:
      return random.Below(4) == 0
                 ? Sizes{1, below(2), below(2), 4090 + below(12)}
                 : Sizes{below(2), below(4), below(8), 100};
    default:
      return {below(3), below(5), below(20), below(100)};
  }
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_HEADS_CASE_H_
