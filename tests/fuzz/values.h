// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_VALUES_H_
#define SOFTLANE_TESTS_FUZZ_VALUES_H_

#include <cfloat>
#include <cstdint>
#include <cstring>
#include <vector>

#include "call.h"
#include "memory.h"
#include "operands.h"
#include "softlane/types.h"
#include "source.h"

// The values of a call's inputs: a family of values per operand, and a few
// elements that the fuzzer sets one by one.

namespace softlane {
namespace fuzz {

constexpr uint32_t kInfinityBits = 0x7F800000u;
constexpr uint32_t kNanBits = 0x7FC00000u;

inline float SpecialFloat(size_t n) {
  static const float kValues[] = {
      0.0f,   -0.0f,  1.0f,      -1.0f,      0.5f,        FLT_MAX, -FLT_MAX,
      88.5f,  -88.5f, 104.0f,    -104.0f,    FLT_MIN,     1e-40f,  -1e-45f,
      2e3f,   -2e3f,  4096.0f,   -4097.0f,   16777216.0f, 1e30f,   -1e30f,
      127.9f, -126.f, 0x1p-126f, -0x1p-100f, 0x1p-149f,   3e38f,   1e-20f};
  constexpr size_t kCount = sizeof(kValues) / sizeof(kValues[0]);
  switch (n % (kCount + 4)) {
    case kCount:
      return FromBits(kInfinityBits);
    case kCount + 1:
      return FromBits(kInfinityBits | 0x80000000u);
    case kCount + 2:
      return FromBits(kNanBits);
    case kCount + 3:
      return FromBits(0xFFA00001u);  // a signaling NaN
    default:
      return kValues[n % (kCount + 4)];
  }
}

// In [0, 1), in steps of 2^-24.
inline float Share(Random& random) {
  return static_cast<float>(random.Next() >> 40) * 0x1p-24f;
}
inline float Around0(Random& random, float size) {
  return (Share(random) - 0.5f) * size;
}

// The families of floats. The first are the most frequent.
class Floats {
 public:
  Floats(Source& source, uint64_t seed) : random_(seed) {
    family_ = source.Below(16);
    special_ = SpecialFloat(source.Below(64));
  }

  float Next() {
    switch (family_) {
      case 8:
        return special_;
      case 9:  // rare peaks
        return random_.Below(16) == 0 ? special_ : -3.0f;
      case 10:
        return random_.Below(4) == 0 ? special_ : Around0(random_, 8.0f);
      case 11:  // masked
        return random_.Below(3) == 0 ? Around0(random_, 8.0f)
                                     : FromBits(kInfinityBits | 0x80000000u);
      case 12:  // any bits, finite but for 1 in 1024
        return AnyBits();
      case 13:
        return Around0(random_, 3e38f);
      case 14:  // rising
        return rising_ += Share(random_);
      case 15:
        return SpecialFloat(random_.Below(64));
      default: {
        static const float kSizes[] = {8.0f,  8.0f,   1.0f, 40.0f,
                                       1e-6f, 300.0f, 1e5f, 2000.0f};
        return Around0(random_, kSizes[family_]);
      }
    }
  }

 private:
  float AnyBits() {
    const auto bits = static_cast<uint32_t>(random_.Next() >> 32);
    const float value = FromBits(bits);
    return IsFinite(value) || random_.Below(8) == 0 ? value : 0.25f;
  }

  Random random_;
  size_t family_;
  float special_, rising_ = -20.0f;
};

using operands::Put;

// The use of a state that is good for the call.
inline int UseOf(const Call& c, size_t i) {
  switch (c.OperandAt(i).content) {
    case Content::kSoftmaxStates:
    case Content::kTileStates:
    case Content::kBackwardStates:
      return SOFTLANE_STATE_SOFTMAX;
    case Content::kLogStates:
      return SOFTLANE_STATE_LOG_SOFTMAX;
    case Content::kLossStates:
      return SOFTLANE_STATE_CROSS_ENTROPY;
    default:
      return c.options.use & 3;
  }
}

// Most are such as a row of logits has. A wild state is damaged: any bytes are
// a state.
inline softlane_softmax_state MakeState(int use, float max, Random& random,
                                        bool is_wild) {
  softlane_softmax_state state = {};
  const uint64_t kind = random.Below(16);
  if (kind == 0) return state;
  if (is_wild && kind < 8) {
    for (int64_t& limb : state.limbs)
      limb = static_cast<int64_t>(random.Next());
    state.window = static_cast<int32_t>(random.Next() >> 32);
    state.max_key = static_cast<uint32_t>(random.Next() >> 32);
  }
  if (!IsFinite(max) || kind == 1) {
    state = {};
    static const uint32_t kKeys[] = {0x007FFFFFu, 0xFF800000u, 0xFFFFFFFFu};
    state.max_key = kKeys[random.Below(3)];
    return state;
  }
  if (is_wild) return state;
  const uint32_t bits = BitsOf(max + 0.0f);
  state.max_key = bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
  const bool is_near = -4096.0f < max && max < 4096.0f;
  const int octaves = is_near ? static_cast<int>(max * 1.4427f) : 0;
  state.window = 4 * (octaves / 24) + use;
  for (int64_t& limb : state.limbs) {
    limb = static_cast<int64_t>(random.Next() >> 36);
  }
  return state;
}

inline void PutElement(const Call& c, size_t i, unsigned char* to,
                       Random& random, Floats& floats, bool is_wild) {
  const Operand& operand = c.OperandAt(i);
  const Element element = c.ElementAt(i);
  switch (operand.content) {
    case Content::kShares:
    case Content::kWeights:
      return PutNumber(element, is_wild ? floats.Next() : Share(random), to);
    case Content::kLogs:
      return PutNumber(element,
                       is_wild ? floats.Next() : Share(random) * -20.0f, to);
    case Content::kKeep:
      return Put(to, static_cast<uint8_t>(random.Next() >> 62));
    case Content::kLengths: {
      const size_t bound = c.cols < INT32_MAX ? c.cols + 1 : 1;
      return Put(to, static_cast<int32_t>(random.Below(bound)));
    }
    case Content::kLabels: {
      const bool is_part = !AreOfLoss(c.function->settings);
      const size_t end = is_part ? c.options.num_classes : ClassesOf(c);
      const size_t bound = end == 0 || end > INT32_MAX ? 1 : end;
      int64_t label = static_cast<int64_t>(random.Below(bound));
      if (end == 0 || random.Below(8) == 0) label = c.options.ignore_index;
      if (operand.element == Element::kInt64) return Put(to, label);
      return Put(to, static_cast<int32_t>(label));
    }
    case Content::kShifts: {
      const auto shift = static_cast<int32_t>(random.Next() >> 32);
      return Put(to, random.Below(2) == 0 ? 0 : is_wild ? shift : shift % 200);
    }
    case Content::kDots:
      return Put(to, static_cast<double>(floats.Next()));
    case Content::kStates:
    case Content::kSoftmaxStates:
    case Content::kLogStates:
    case Content::kLossStates:
    case Content::kUpdatedStates:
    case Content::kTileStates:
    case Content::kBackwardStates:
    case Content::kMergedStates: {
      const int use = UseOf(c, i) ^ (random.Below(64) == 0 ? 1 : 0);
      return Put(to, MakeState(use, floats.Next(), random, is_wild));
    }
    default:
      return PutNumber(element, floats.Next(), to);
  }
}

// Whether operand i has the states of rows that are operand 0.
inline bool AreStatesOfRows(const Call& c, size_t i) {
  const Content content = c.OperandAt(i).content;
  return content == Content::kSoftmaxStates || content == Content::kLogStates ||
         content == Content::kTileStates ||
         content == Content::kBackwardStates ||
         (content == Content::kLossStates &&
          c.OperandAt(i).role == Role::kRead);
}

// The state that a tile's forward pass gives row r of its backward pass. All
// zero if the options are bad.
inline softlane_softmax_state StateOfTileRow(const Call& c, size_t r) {
  softlane_softmax_state state = {};
  softlane_attention_tile_options options = SOFTLANE_ATTENTION_TILE_DEFAULTS;
  if (!c.options.are_null) {
    options = TileOptions(c, kTileBackwardMasks).options;
  }
  softlane_attention_options& o = options.attention;
  const int64_t room = INT64_MAX - (o.first_query > 0 ? o.first_query : 0);
  const int64_t past = static_cast<int64_t>(r) - room;
  o.first_query =
      past > 0 ? INT64_MAX : o.first_query + static_cast<int64_t>(r);
  // The query is as far from the keys as in the call. A tile that begins behind
  // all lengths moves; the window of another begins where it does in the call.
  if (past > 0 && options.first_key > INT64_MAX / 2) {
    options.first_key -= static_cast<size_t>(past);
  } else if (past > 0 && o.window != 0) {
    o.window = o.window > past ? o.window - past : 1;
  }
  if (o.bias != nullptr && r != 0) {
    o.bias = static_cast<const unsigned char*>(o.bias) +
             r * o.bias_stride * SizeOf(c.ElementAt(kTileBackwardMasks));
  }
  if (o.keep != nullptr && r != 0) o.keep += r * o.keep_stride;
  if (o.lengths != nullptr) o.lengths += r;
  std::vector<float> exps(c.cols);
  int32_t shift;
  softlane_attention_tile(c.In(0) + (r == 0 ? 0 : r * c.Stride(0)), 0, &state,
                          exps.data(), SOFTLANE_F32, 0, &shift, 1, c.cols,
                          &options, SOFTLANE_TARGET_BASELINE);
  return state;
}

// The state that has read row r. All zero if the options are bad.
inline softlane_softmax_state StateOfRow(const Call& c, size_t i, size_t r) {
  if (c.OperandAt(i).content == Content::kBackwardStates) {
    return StateOfTileRow(c, r);
  }
  softlane_softmax_state state = {};
  const auto* const row =
      c.As<const unsigned char>(0) +
      (r == 0 ? 0 : r * c.Stride(0)) * SizeOf(c.ElementAt(0));
  if (c.OperandAt(i).content == Content::kLossStates) {
    const int64_t label = LabelOf(c, r);
    const LossStateOptions options(c);
    softlane_update_loss_states_i64(row, c.Type(0), 0, c.options.first_col,
                                    &label, &state, 1, c.cols, options,
                                    SOFTLANE_TARGET_BASELINE);
    return state;
  }
  softlane_update_states(row, c.Type(0), 0, 0, &state, 1, c.cols,
                         c.options.scale, UseOf(c, i),
                         SOFTLANE_TARGET_BASELINE);
  return state;
}

// One element that the fuzzer chooses.
inline void PutChosen(const Call& c, size_t i, Source& source) {
  const size_t chosen = source.Below(size_t{1} << 16);
  const size_t kind = source.Byte();
  const uint32_t bits = kind < 32 ? BitsOf(SpecialFloat(kind)) : source.Word();
  const size_t size = SizeOf(c.ElementAt(i));
  const Extent extent = c.ExtentOf(i);
  if (extent.IsEmpty()) return;
  const size_t element = chosen % (extent.rows * extent.axis * extent.cols);
  ForEachPart(c, i, [&](unsigned char* part, size_t offset, size_t count) {
    if (element < offset || element >= offset + count) return;
    unsigned char* const to = part + (element - offset) * size;
    if (size == 8) return Put(to, static_cast<int64_t>(bits) - 128);
    if (size == 1) return Put(to, static_cast<uint8_t>(bits));
    if (size == 2 && kind < 32) {
      return PutNumber(c.ElementAt(i), SpecialFloat(kind), to);
    }
    if (size == 2) return Put(to, static_cast<uint16_t>(bits));
    const bool is_integer = c.ElementAt(i) == Element::kInt32;
    return Put(to, is_integer ? bits - 1 : bits);
  });
}

// Whether the masks of a tile's backward pass can be read.
inline bool HasMasks(const Call& c, const Memory& memory) {
  for (size_t i = kTileBackwardMasks; i < kTileBackwardStates; ++i) {
    if (c.IsUsed(i) && !memory.Has(i)) return false;
  }
  return true;
}

inline void FillInputs(const Call& c, const Memory& memory, Source& source) {
  for (size_t i = 0; i < c.num_operands; ++i) {
    if (!IsInput(c.OperandAt(i).role) || !memory.Has(i)) continue;
    const uint64_t seed = source.Word() + i;
    Floats floats(source, ~seed);
    Random random(seed);
    const bool is_wild = source.Chance(24);
    const size_t size = SizeOf(c.ElementAt(i));
    ForEachPart(c, i, [&](unsigned char* part, size_t, size_t count) {
      for (size_t n = 0; n < count; ++n) {
        PutElement(c, i, part + n * size, random, floats, is_wild);
      }
    });
    const bool has_rows =
        AreStatesOfRows(c, i) && memory.Has(0) &&
        (c.OperandAt(i).content != Content::kLossStates || memory.Has(1)) &&
        (c.OperandAt(i).content != Content::kBackwardStates ||
         HasMasks(c, memory)) &&
        !is_wild;
    if (!has_rows || c.ExtentOf(0).IsEmpty() || !source.Chance(192)) continue;
    for (size_t r = 0; r < c.rows; ++r) {
      Put(c.As<unsigned char>(i) + r * size, StateOfRow(c, i, r));
    }
  }
  for (size_t edits = source.Below(4); edits > 0; --edits) {
    const size_t i = source.Below(c.num_operands);
    if (IsInput(c.OperandAt(i).role) && memory.Has(i)) {
      PutChosen(c, i, source);
    }
  }
}

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_VALUES_H_
