// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_DECODE_H_
#define SOFTLANE_TESTS_FUZZ_DECODE_H_

#include <cfloat>
#include <climits>
#include <cstdint>

#include "functions.h"
#include "memory.h"
#include "softlane/rows.h"
#include "source.h"
#include "values.h"

// Makes a call from bytes: sizes, options, target, strides and places. Most
// calls are small and good. Large shapes are rare because one large call takes
// the time of many small calls.

namespace softlane {
namespace fuzz {

constexpr size_t kHugeSizes[] = {
    SIZE_MAX,        SIZE_MAX / 2, SIZE_MAX / 2 + 1,  SIZE_MAX / 4 + 2,
    size_t{1} << 61, SIZE_MAX / 4, (size_t{1} << 62), SIZE_MAX - 1};

inline void ChooseRows(Call& c, Source& source) {
  const size_t kind = source.Byte();
  const auto choose = [&](size_t rows, size_t cols) {
    c.rows = (source.Byte() + 1) % rows;
    c.cols = (source.Below(SIZE_MAX) + 1) % cols;
  };
  if (kind < 208) return choose(9, 81);
  if (kind < 232) return choose(41, 41);
  if (kind < 246) return choose(9, 401);
  if (kind < 251) return choose(41, 201);
  if (kind < 252) return choose(3, 9001);
  choose(9, 81);
  const size_t huge = source.OneOf(kHugeSizes);
  if (kind == 252) c.rows = huge;
  if (kind == 253) c.cols = huge;
  if (kind == 254) c.rows = huge, c.cols = source.OneOf(kHugeSizes);
  if (kind == 255) c.rows = 0;
}

inline void ChoosePlanes(Call& c, Source& source) {
  const size_t kind = source.Byte();
  const auto choose = [&](size_t outer, size_t axis, size_t inner) {
    c.rows = (source.Byte() + 1) % outer;
    c.axis = (source.Below(SIZE_MAX) + 1) % axis;
    c.cols = (source.Below(SIZE_MAX) + 1) % inner;
  };
  if (kind < 192) return choose(4, 20, 20);
  if (kind < 224) return choose(4, 10, 150);
  if (kind < 244) return choose(3, 200, 6);
  if (kind < 250) return choose(3, 41, 200);
  if (kind < 251) return choose(2, 9001, 3);
  if (kind < 252) return choose(2, 4, 4001);
  choose(4, 20, 20);
  const size_t huge = source.OneOf(kHugeSizes);
  if (kind == 252) c.rows = huge;
  if (kind == 253) c.axis = huge;
  if (kind == 254) c.cols = huge;
  if (kind == 255) c.axis = huge, c.cols = source.OneOf(kHugeSizes);
}

inline void ChooseSizes(Call& c, Source& source) {
  const bool has_planes = HasShape(c, Shape::kPlanes);
  has_planes ? ChoosePlanes(c, source) : ChooseRows(c, source);
  if (HasShape(c, Shape::kSquare)) {
    if (c.cols < 9001) c.cols %= c.cols > 80 ? 160 : 41;
    c.rows = 0;  // not an argument
  }
  if (c.function->settings == Settings::kTopK) {
    size_t& candidates = has_planes ? c.axis : c.cols;
    const size_t kind = source.Byte();
    c.k = source.Byte() % 65;
    if (kind < 240 && c.k > candidates) c.k = candidates;
    if (kind >= 240) c.k = candidates + 1;
    if (kind >= 248) c.k = 65 + source.Byte();
    if (kind == 254) c.k = source.OneOf(kHugeSizes);
    if (kind == 255) candidates = (size_t{1} << 31) - source.Byte() % 2;
  }
}

inline float ChooseAmount(Source& source, float usual, bool must_be_positive) {
  static const float kGood[] = {0.125f, 0.37f,   1.0f,    700.0f, 1e-20f,
                                1e20f,  FLT_MAX, FLT_MIN, 1e-45f, 8.0f};
  const size_t kind = source.Byte();
  if (kind < 128) return usual;
  if (kind < 216) return source.OneOf(kGood);
  if (kind < 250) {  // any good number
    const float value = FromBits(source.Word() & 0x7FFFFFFFu);
    return IsFinite(value) && value > 0.0f ? value : usual;
  }
  const float bad = SpecialFloat(source.Byte());
  return must_be_positive || kind >= 253 ? bad : 0.0f;
}

inline int64_t ChoosePosition(Source& source) {
  static const int64_t kValues[] = {0,  1,  -1, 3,         -7,       40,
                                    64, 17, 9,  INT64_MAX, INT64_MIN};
  return source.Chance(32) ? static_cast<int64_t>(uint64_t{source.Word()} << 20)
                           : source.OneOf(kValues);
}

inline int ChooseInt(Source& source, int bound) {
  static const int kBad[] = {-1, INT_MAX, INT_MIN, 3, 255, 256, 257, 0x10001};
  return source.Chance(5) ? source.OneOf(kBad)
                          : static_cast<int>(source.Byte()) % bound;
}

// The columns of rows of num_classes columns that a call has.
inline void ChoosePart(Call& c, Source& source) {
  Options& o = c.options;
  o.first_col = source.Chance(128) ? source.Byte() : 0;
  if (source.Chance(12)) o.first_col = source.OneOf(kHugeSizes);
  const size_t kind = source.Byte();
  o.num_classes = o.first_col + c.cols + (kind < 128 ? 0 : kind - 128);
  if (kind >= 250) o.num_classes -= 1 + source.Byte() % 2;
  if (kind == 255) o.num_classes = source.OneOf(kHugeSizes);
}

inline void ChooseOptions(Call& c, Source& source) {
  Options& o = c.options;
  const Settings settings = c.function->settings;
  if (settings == Settings::kNone) return;
  if (settings == Settings::kMerge) {
    o.use = source.Byte() % 3;  // of the states
    return;
  }
  if (settings == Settings::kUpdateLoss ||
      settings == Settings::kLossFromStates) {
    ChoosePart(c, source);
  }
  if (AreStruct(settings) && source.Chance(12)) {
    o.are_null = true;  // the defaults of the function
    o.empty_row = SOFTLANE_EMPTY_ROW_ZERO;
    return;
  }
  o.scale = ChooseAmount(source, 1.0f, true);
  if (settings == Settings::kScale) return;
  if (settings == Settings::kStates) {
    o.use = ChooseInt(source, 2);
    o.first_col = source.Chance(128) ? source.Byte() * size_t{64} : 0;
    if (source.Chance(32)) o.first_col = source.OneOf(kHugeSizes);
    return;
  }
  if (settings == Settings::kUpdateLoss ||
      settings == Settings::kLossFromStates) {
    o.ignore_index = source.Chance(128) ? ChoosePosition(source) : -100;
    o.z_loss = ChooseAmount(source, 0.0f, false);
    o.upstream = source.Chance(64) ? SpecialFloat(source.Byte()) : 1.0f;
    return;
  }
  o.empty_row = ChooseInt(source, 2);
  o.renormalize = source.Byte() % 3;
  if (AreOfLoss(settings)) {
    o.reduction = ChooseInt(source, 3);
    o.ignore_index = source.Chance(128) ? ChoosePosition(source) : -100;
    const float share = static_cast<float>(source.Byte() % 128) / 127.0f;
    o.label_smoothing = source.Chance(96) ? share : 0.0f;
    if (source.Chance(5)) o.label_smoothing = SpecialFloat(source.Byte());
    o.z_loss = ChooseAmount(source, 0.0f, false);
    o.upstream = source.Chance(64) ? SpecialFloat(source.Byte()) : 1.0f;
    const unsigned flags = source.Byte();
    o.zero_if_all_ignored = static_cast<int>(flags % 3);
    o.accumulate = static_cast<int>(flags / 3 % 3);
  }
  if (settings == Settings::kAttention || settings == Settings::kTile) {
    o.softcap = ChooseAmount(source, 0.0f, false);
    if (source.Chance(64)) o.alibi_slope = ChooseAmount(source, 0.5f, false);
    o.causal = source.Byte() % 3;
    o.first_query = ChoosePosition(source);
    if (source.Chance(96)) o.window = source.Byte() % 100;
    if (source.Chance(8)) o.window = ChoosePosition(source);
    if (source.Chance(32)) o.bias_scale = ChooseAmount(source, 0.5f, false);
  }
  if (settings == Settings::kTile) {
    o.first_key = source.Chance(128) ? source.Byte() % 80 : 0;
    if (source.Chance(64)) o.first_key = kStateCols - source.Byte() % 80;
    if (source.Chance(8)) o.first_key = source.OneOf(kHugeSizes);
    o.round_exps = source.Byte() % 3;
  }
}

// The types of the matrices. `pair` of 0 is floats, which an input of the
// corpus from before there were types has.
inline void ChooseTypes(Call& c, size_t pair, Source& source) {
  static const int kTypes[][2] = {{0, 0}, {1, 1}, {1, 0}, {0, 1},
                                  {2, 2}, {2, 0}, {0, 2}};
  constexpr size_t kNumPairs = sizeof(kTypes) / sizeof(kTypes[0]);
  if (pair == 0) return;
  for (size_t i = 0; i < c.num_operands; ++i) {
    if (!c.IsTyped(i)) continue;
    const bool is_output = IsOutput(c.OperandAt(i).role);
    c.views[i].type = kTypes[pair % kNumPairs][is_output ? 1 : 0];
    // A bias, or a type that does not go with the others.
    if (source.Chance(c.OperandAt(i).is_option ? 128 : 4)) {
      c.views[i].type = ChooseInt(source, 3);
    }
  }
}

inline void ChooseTarget(Call& c, Source& source) {
  static const int kValues[] = {1, 2, 3, 4, 5, -1, 255, 256, 258, INT_MIN};
  if (source.Chance(24)) c.target = source.OneOf(kValues);
}

inline void ChooseStrides(Call& c, size_t i, size_t common, Source& source) {
  View& view = c.views[i];
  const Extent n = c.ExtentOf(i);
  const size_t kind = source.Byte();
  const bool may_repeat = !IsOutput(c.OperandAt(i).role);
  size_t more = 0;
  if (kind >= 144) more = kind % 8;
  if (kind >= 200) more += source.Byte();
  view.axis_stride = n.cols + (kind % 2 != 0 ? more : 0);
  view.stride = n.cols + more;
  if (n.axis > 1) view.stride += (n.axis - 1) * view.axis_stride;
  if (common != 0 && n.axis == 1) view.stride = common;
  if (kind < 208) return;
  if (kind < 232) {
    if (may_repeat) view.stride = 0;
    return;
  }
  // A single row or plane may have any stride.
  if (n.rows > 1 && kind < 252) return;
  static const size_t kStrides[] = {0, 1, size_t{1} << 40};
  view.stride =
      source.Chance(128) ? source.OneOf(kHugeSizes) : source.OneOf(kStrides);
  if (source.Chance(64)) view.stride = n.cols - 1;
  if (source.Chance(64)) {
    view.axis_stride =
        source.Chance(128) ? source.OneOf(kHugeSizes) : n.cols - 1;
  }
}

// Another operand before this one to lie on, near or beside.
inline void ChooseNeighbor(Call& c, size_t i, size_t common, Source& source,
                           Place* places) {
  const size_t k = source.Below(i);
  const size_t kind = source.Byte();
  const size_t size = SizeOf(c.ElementAt(i));
  Place& place = places[i];
  place.root = places[k].root;
  place.offset = places[k].offset;
  const size_t bytes = BytesOf(c, k);
  if (kind < 128) {  // on it
    c.views[i] = c.views[k];
  } else if (bytes > kMaxBytes) {
    return;                                // nothing is beside it
  } else if (kind < 192 && common != 0) {  // a window beside it
    const size_t columns = c.ExtentOf(k).cols + kind % 4;
    place.offset += static_cast<int64_t>(columns * size);
  } else if (kind < 224) {  // behind its last element
    place.offset += static_cast<int64_t>(bytes);
  } else {
    place.offset += (static_cast<int64_t>(source.Byte()) - 128) *
                    static_cast<int64_t>(size);
  }
}

inline void ChoosePlaces(Call& c, Source& source, Place* places) {
  size_t common = 0;
  if (source.Chance(64) && c.cols < 9001) {
    common = c.cols * (2 + source.Byte() % 3) + source.Byte() % 8;
  }
  for (size_t i = 0; i < c.num_operands; ++i) {
    const Operand& operand = c.OperandAt(i);
    Place& place = places[i];
    place.root = i;
    ChooseStrides(c, i, common, source);
    place.shift = source.Byte() % 16 * AlignmentOf(c.ElementAt(i));
    const size_t kind = source.Byte();
    const unsigned chances = operand.role == Role::kReplacing  ? 96
                             : operand.role == Role::kReplaced ? 20
                                                               : 12;
    if (i > 0 && kind >= 256 - chances) {
      ChooseNeighbor(c, i, common, source, places);
    } else if (kind < 2) {
      place.is_null = source.Byte() > 0;
      place.is_at_end = !place.is_null && source.Byte() > 128;
    }
    // Without is the plainest choice. An operand that others need is rarely
    // null.
    const bool is_optional = operand.need != Need::kNeeded || operand.is_option;
    const unsigned presence = operand.need_in != nullptr ? 216 : 112;
    if (is_optional && !source.Chance(presence)) place.is_null = true;
    if (operand.is_option && c.options.are_null) place.is_null = true;
  }
}

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_DECODE_H_
