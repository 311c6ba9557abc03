// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_DRAWN_CALLS_H_
#define SOFTLANE_TESTS_DRAWN_CALLS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "float16_ties.h"
#include "inputs.h"
#include "operand_operations.h"
#include "operand_types.h"

// Random calls of every function. Call i depends on i alone. Its shapes,
// strides, alignment, options and special values are drawn from all that the
// functions take. Some calls are in place.

namespace softlane {
namespace operands {

constexpr float kInf = __builtin_inff();
constexpr float kNaN = __builtin_nanf("");

// Most rows are short; the others reach all schedules.
inline size_t DrawCols(Random& random) {
  const size_t pick = random.Below(100);
  const size_t most = pick < 40   ? 24
                      : pick < 70 ? 140
                      : pick < 88 ? 600
                      : pick < 97 ? 3000
                                  : 20000;
  return random.Below(most + 1);
}
inline size_t DrawRows(size_t cols, Random& random) {
  if (cols >= 64 && random.Below(500) == 0) {
    return (size_t{5} << 19) / cols + 1;  // beyond the last cache
  }
  const size_t most = std::min<size_t>(80, 1 + 20000 / (cols + 1));
  return random.Below(3) == 0 ? random.Below(4) : random.Below(most + 1);
}

inline void DrawSettings(Options options, Random& random, Settings& s) {
  constexpr float kScales[] = {1.0f, 0.125f, 0.37f, 1e-20f, 700.0f, 0x1p100f};
  s.scale = kScales[random.Below(random.Below(3) == 0 ? 6 : 3)];
  s.empty_row = static_cast<int>(random.Below(2));
  s.renormalize = random.Below(2) != 0;
  if (options == Options::kAttention) {
    const auto maybe = [&](float value) {
      return random.Below(4) == 0 ? value : 0.0f;
    };
    s.softcap = maybe(5.0f), s.alibi_slope = maybe(0.125f);
    s.causal = random.Below(3) == 0;
    s.first_query = static_cast<int64_t>(random.Below(40)) - 10;
    s.window = random.Below(3) == 0 ? random.Below(60) : 0;
    s.bias_scale = random.Below(4) == 0 ? 0.37f : 1.0f;
  } else if (options == Options::kLoss || options == Options::kLossState) {
    s.label_smoothing = random.Below(2) == 0 ? 0.1f : 0.0f;
    s.z_loss = random.Below(2) == 0 ? 0.01f : 0.0f;
    s.upstream = random.Below(2) == 0 ? -1.5f : 1.0f;
  }
}

// With a family, all rows are of it and have no special values: only rows that
// are alike run in the schedules' longest loops.
inline void FillNumbers(const Operand& operand, const Family* family, float* to,
                        size_t n, Random& random) {
  if (operand.content == Content::kShares) {
    for (size_t i = 0; i < n; ++i) to[i] = random.Unit();
    if (random.Below(4) == 0 && n != 0) to[random.Below(n)] = 0.0f;
    return;
  }
  if (operand.content == Content::kLogs) {
    for (size_t i = 0; i < n; ++i) to[i] = -5.0f * random.Unit();
    return;
  }
  const Family drawn = kFamilies[random.Below(8)];
  const auto row = MakeRow(family == nullptr ? drawn : *family, n, random);
  std::copy(row.begin(), row.end(), to);
  if (n == 0 || family != nullptr) return;
  const size_t special = random.Below(24), at = random.Below(n);
  constexpr float kSpecial[] = {kNaN,  -kNaN,  kInf,      -kInf,
                                3e38f, -3e38f, 0x1p-140f, -0x1p-149f,
                                -1e9f, 1e9f,   5000.0f};
  if (special < 11) to[at] = kSpecial[special];
  if (special == 11) std::fill_n(to, n, -kInf);
  if (special == 12) {
    for (size_t i = 0; i < n; ++i) to[i] += 5000.0f;
  }
  if (special == 13) {  // the maximum rises or falls from place to place
    for (size_t i = 0; i < n; ++i) to[i] += static_cast<float>(i % 7) * 9.0f;
  }
}

inline void Fill(const Operand& operand, const Operation& operation,
                 const Sizes& sizes, const Family* family, void* to, size_t n,
                 Random& random) {
  const size_t classes = ClassesOf(operation, sizes);
  uint8_t* const bytes = static_cast<uint8_t*>(to);
  if (HasType(operand.element)) {
    std::vector<float> numbers(n);
    FillNumbers(operand, family, numbers.data(), n, random);
    for (size_t i = 0; i < n; ++i) {
      PutNumber(operand.element, numbers[i],
                bytes + i * SizeOf(operand.element));
    }
    return;
  }
  for (size_t i = 0; i < n; ++i) {
    int64_t value = static_cast<int64_t>(random.Below(4) != 0);
    if (operand.element == Element::kDouble) {
      const double dot = random.Normal();
      std::memcpy(&value, &dot, sizeof(value));
    } else if (operand.content == Content::kLengths) {
      value = static_cast<int64_t>(random.Below(sizes.cols + 1));
    } else if (operand.content == Content::kLabels) {
      value = classes == 0 || random.Below(5) == 0
                  ? kIgnoreIndex
                  : static_cast<int64_t>(random.Below(classes));
    }
    // Little-endian, as all targets are.
    const size_t size = SizeOf(operand.element);
    std::memcpy(bytes + i * size, &value, size);
  }
}

// What is written from states needs the states of its rows. Other states are of
// rows of their own.
inline void FillStates(const Operation& operation, const Operand& operand,
                       const Call& call, Random& random) {
  auto* const states = call[operand.id].As<SoftmaxState>();
  if (operand.role == Role::kRead && call[kX].data != nullptr) {
    RunFunction update = RunUpdate;
    if (operation.options == Options::kLossState) {
      const bool is_wide = operation.operands[1].element == Element::kInt64;
      update = is_wide ? RunUpdateLoss64 : RunUpdateLoss32;
    }
    if (update(call, Target::kAuto) == Status::kOk) return;
  }
  for (size_t r = 0; r < call.sizes.rows; ++r) {
    states[r] = MakeState(call.settings, random);
  }
}

inline const std::vector<Operation>& AllOperations() {
#ifdef SOFTLANE_TESTS_FLOATS  // see bits.sh
  return Operations();
#else
  static const std::vector<Operation> all = [] {
    std::vector<Operation> both = Operations();
    for (const Operation& typed : MakeTypedOperations()) {
      const bool has_float16 = std::any_of(
          typed.operands.begin(), typed.operands.end(), [](const Operand& o) {
            return IsOutput(o.role) && o.element == Element::kFloat16;
          });
      if (!has_float16 || CpuRoundsFloat16Ties()) both.push_back(typed);
    }
    return both;
  }();
  return all;
#endif
}

// A call, and the memory of its operands.
struct Drawn {
  Call call;
  const Operation* operation;
  size_t twin;
  std::vector<std::vector<uint8_t>> memory;
};

inline Drawn Draw(size_t index) {
  Random random(index * 0x9E3779B97F4A7C15u + 1);
  Drawn drawn;
  const std::vector<Operation>& all = AllOperations();
  const Operation& operation = *(drawn.operation = &all[index % all.size()]);
  drawn.twin = random.Below(8) == 0 ? 1 : 0;
  Call& call = drawn.call;
  call.settings = operation.settings;
  call.is_any = operation.is_any;
  DrawSettings(operation.options, random, call.settings);
  Sizes& sizes = call.sizes;
  sizes.cols = DrawCols(random);
  if (Has(operation, Shape::kSquare)) sizes.cols %= 200;
  sizes.rows = DrawRows(sizes.cols, random);
  if (Has(operation, Shape::kPlanes)) {
    sizes.rows %= 6;
    sizes.axis = random.Below(1 + 20000 / (sizes.cols * 4 + 1) % 70);
  }
  sizes.k = std::min(sizes.cols, random.Below(20));
  const bool in_place = random.Below(4) == 0;
  const size_t gap = random.Below(3) == 0 ? random.Below(20) : 0;
  const Family* const family =
      random.Below(2) == 0 ? &kFamilies[random.Below(8)] : nullptr;
  for (const Operand& operand : operation.operands) {
    View& v = call[operand.id] = ShapeOf(operand, sizes);
    if (operand.is_optional && random.Below(2) == 0) {
      v.data = nullptr;
      continue;
    }
    v.axis_stride = v.cols + gap;
    v.stride = v.axis * v.axis_stride + gap;
    const View& x = call[kX];
    if (in_place && operand.id == kY &&
        operation.operands[0].role == Role::kReplaceable) {
      v.data = x.data;
      continue;
    }
    const size_t size = SizeOf(operand.element);
    const size_t shift = size * random.Below(17);  // from a cache line on
    const size_t elements = v.rows * v.stride;
    drawn.memory.emplace_back(elements * size + shift + 64);
    uint8_t* const from = drawn.memory.back().data();
    v.data = from + (64 - reinterpret_cast<uintptr_t>(from) % 64) % 64 + shift;
    if (!IsInput(operand.role)) continue;
    if (operand.element == Element::kState) {
      FillStates(operation, operand, call, random);
      continue;
    }
    const size_t rows = v.stride == 0 ? 1 : v.rows;
    for (size_t r = 0; r < rows; ++r) {
      Fill(operand, operation, sizes, family,
           static_cast<uint8_t*>(v.data) + r * v.stride * size,
           std::min(v.stride, elements), random);
    }
    // An input whose rows are one.
    if (!in_place && IsView(operand.shape) && random.Below(12) == 0) {
      v.stride = 0;
    }
  }
  return drawn;
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_DRAWN_CALLS_H_
