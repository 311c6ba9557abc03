// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FLASH_H_
#define SOFTLANE_TESTS_FLASH_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "attention_reference.h"
#include "doctest/doctest.h"
#include "half_bits.h"
#include "row_parts.h"
#include "softlane/softlane.h"

// Attention by tiles of keys, as an engine does it, with sums of doubles where
// the engine has its matrix products.

namespace softlane {

// A matrix of any type, and its floats.
class AnyMatrix {
 public:
  AnyMatrix(ElementType type, size_t rows, size_t cols)
      : type_(type), rows_(rows), cols_(cols), bytes_(rows * cols * 4, 0x5A) {}
  AnyRows View() { return {bytes_.data(), type_, rows_, cols_}; }
  float At(size_t r, size_t c) const {
    const void* const at =
        ConstAnyRows(bytes_.data(), type_, rows_, cols_).At(r, c);
    if (type_ == ElementType::kFloat32) {
      float value;
      std::memcpy(&value, at, sizeof(value));
      return value;
    }
    uint16_t bits;
    std::memcpy(&bits, at, sizeof(bits));
    return Widened(type_, bits);
  }

 private:
  ElementType type_;
  size_t rows_, cols_;
  std::vector<unsigned char> bytes_;
};

// Keys [begin, end) of a case, as a tile of its own.
struct Tile {
  Tile(const AttentionCase& c, size_t begin_key, size_t end_key)
      : begin(begin_key), cols(end_key - begin_key) {
    for (size_t r = 0; r < c.rows; ++r) {
      const float* const row = c.scores.data() + r * c.cols;
      scores.insert(scores.end(), row + begin_key, row + end_key);
    }
    options.attention = c.options;
    options.attention.sinks = nullptr;
    options.first_key = begin;
    ConstAnyRows& bias = options.attention.bias;
    if (bias.data != nullptr) bias.data = bias.At(0, begin);
    bias.cols = cols;
    if (options.attention.keep.data != nullptr) {
      options.attention.keep.data += begin;
    }
    options.attention.keep.cols = cols;
  }

  size_t begin, cols;
  std::vector<float> scores;
  AttentionTileOptions options;
};

// Tiles of random widths.
inline std::vector<Part> SplitKeys(size_t keys, size_t most, Random& random) {
  std::vector<Part> parts;
  for (size_t begin = 0; begin < keys;) {
    const size_t end = std::min(keys, begin + 1 + random.Below(most));
    parts.push_back({begin, end});
    begin = end;
  }
  return parts;
}

inline void Shuffle(std::vector<Part>& parts, Random& random) {
  for (size_t k = parts.size(); k > 1; --k) {
    std::swap(parts[k - 1], parts[random.Below(k)]);
  }
}

// Rows whose keys, or some of them, have been read.
struct Flash {
  Flash(size_t num_rows, size_t num_dims)
      : rows(num_rows),
        dims(num_dims),
        states(rows),
        accumulators(rows * dims),
        most_shift(0) {}

  Rows<float> Accumulators() { return {accumulators.data(), rows, dims}; }

  // values[k * dims + d] is of key k.
  void Read(const Tile& tile, const std::vector<float>& values,
            ElementType type, Target target) {
    AnyMatrix exps(type, rows, tile.cols);
    std::vector<int32_t> shifts(rows, 77);
    REQUIRE(AttentionTile({tile.scores.data(), rows, tile.cols}, states.data(),
                          exps.View(), shifts.data(), tile.options,
                          target) == Status::kOk);
    REQUIRE(ScaleRows(Accumulators(), shifts.data()) == Status::kOk);
    for (size_t r = 0; r < rows; ++r) {
      most_shift = std::max(most_shift, -int64_t{shifts[r]});
      for (size_t d = 0; d < dims; ++d) {
        double sum = accumulators[r * dims + d];
        for (size_t k = 0; k < tile.cols; ++k) {
          // A key that is masked has any value.
          const double e = exps.At(r, k);
          if (e != 0.0) sum += e * values[(tile.begin + k) * dims + d];
        }
        accumulators[r * dims + d] = static_cast<float>(sum);
      }
    }
  }

  size_t rows, dims;
  std::vector<SoftmaxState> states;
  std::vector<float> accumulators;
  int64_t most_shift;
};

inline bool AreSame(const std::vector<SoftmaxState>& a,
                    const std::vector<SoftmaxState>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_FLASH_H_
