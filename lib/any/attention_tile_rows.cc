// SPDX-License-Identifier: Apache-2.0
#include "any/attention_tile_rows.h"

#include "arith/reference_octave.h"
#include "attention_special.h"
#include "check.h"
#include "kernels/attention_tiles.h"
#include "kernels/half_passes.h"
#include "kernels/large_rows.h"
#include "schedules/scaled_rows.h"
#include "schedules/softmax_call.h"

// Does a row of a tile by the passes over blocks. The keys of the row are split
// at multiples of kStateCols. The exp values of a block are computed with the
// block's own maximum, added to the block's sum, and then multiplied by a power
// of two.

namespace softlane {
namespace internal {
namespace {

// Whether a scale is a power of two by which no usual logit overflows or
// becomes subnormal.
bool IsPowerOfTwo(float scale) {
  return (BitsOf(scale) & 0x7FFFFF) == 0 && 0x1p-40f <= scale &&
         scale <= 0x1p40f;
}

// Buffers for the floats of half types: logits or exps, and the bias. A buffer
// is null if the call does not need it.
struct Buffers {
  float* floats;
  float* bias;
  size_t elements;
};

class RowsOfTile {
 public:
  RowsOfTile(const TileCall& call, const Converter& converter,
             const Buffers& buffers)
      : call_(call),
        exps_(call.tile.probs),
        is_half_(IsHalf(exps_.type)),
        converter_(converter),
        buffers_(buffers),
        logits_(call.tile, converter, buffers.bias),
        row_(KernelsOf(kRowKernels, call.tile.target)),
        passes_(BlockPassesOf(call.tile.target)),
        kernels_(KernelsOf(kAttentionTileKernels, call.tile.target)),
        reads_all_(call.keys.lengths == nullptr &&
                   !call.keys.ranges.MayBePart()) {}

  [[gnu::noinline]] void RunAll() {
    const size_t rows = exps_.rows;
    if (!MayGroup()) {
      for (size_t r = 0; r < rows; ++r) Run(r);
      return;
    }
    const bool has_logits = HasLogits();
    const float scale = has_logits ? 1.0f : call_.tile.options.scale;
    const bool is_power = IsPowerOfTwo(scale);
    const AttentionTileParams params = {
        call_.states,
        call_.shifts,
        scale,
        !is_power,
        is_power ? SplitScale(scale) : kUnscaled,
        exps_.type,
        KernelsOf(kHalfPasses, call_.tile.target)};
    size_t most = kernels_.most_rows;
    if (is_half_ && has_logits && most * exps_.cols > buffers_.elements) {
      most = buffers_.elements / exps_.cols;
    }
    for (size_t r = 0; r < rows; r += most) {
      RunGroup(r, rows - r < most ? rows - r : most, has_logits, params);
    }
  }

 private:
  // Whether a kernel does rows of such a tile.
  bool MayGroup() const {
    const size_t room = kStateCols - call_.keys.first_key % kStateCols;
    return kernels_.run != nullptr && !call_.round_exps && exps_.cols <= room;
  }
  // Whether a logit is more than the scale times the score.
  bool HasLogits() const {
    const AttentionOptions& options = call_.tile.options;
    return !AreAffine(options) || options.bias.data != nullptr ||
           options.keep.data != nullptr;
  }

  // Finds the keys of a row of a group, and writes its logits if they are more
  // than a scale. False if it has no keys.
  bool ReadRow(AttentionTileRow& row, size_t first, bool has_logits) {
    const size_t r = row.index;
    KeyRange keys = {0, exps_.cols};
    if (!reads_all_) {
      keys = call_.keys.Of(r);
      FillZero(exps_, r, 0, keys.begin);
      FillZero(exps_, r, keys.end, exps_.cols);
      call_.shifts[r] = 0;
      if (keys.begin == keys.end) return false;
      row.x += keys.begin;
      row.exps = exps_.At(r, keys.begin);
      row.n = keys.end - keys.begin;
      if (!is_half_) row.floats += keys.begin;
    }
    if (has_logits) {
      if (is_half_) row.floats += (r - first) * exps_.cols;
      logits_.Write(logits_.OptionsOf(r, keys.begin, row.n), r, keys.begin,
                    row.n, row.floats);
      row.x = row.floats;
    }
    return true;
  }

  void RunGroup(size_t first, size_t count, bool has_logits,
                const AttentionTileParams& params) {
    AttentionTileRow rows[kMaxAttentionTileRows];
    const ConstAnyRows& scores = call_.tile.scores;
    const auto* x = static_cast<const float*>(scores.At(first, 0));
    auto* exps = static_cast<unsigned char*>(exps_.At(first, 0));
    const size_t step = exps_.stride * SizeOf(exps_.type), end = first + count;
    const bool is_plain = reads_all_ && !has_logits;
    size_t used = 0;
    for (size_t r = first; r < end; ++r) {
      AttentionTileRow& row = rows[used++];
      float* const floats = reinterpret_cast<float*>(exps);
      row = {x, is_half_ ? buffers_.floats : floats, exps, exps_.cols, r};
      // A single row may have any stride, so no pointer behind it is computed.
      if (r + 1 != end) {
        x += scores.stride;
        exps += step;
      }
      if (!is_plain && !ReadRow(row, first, has_logits)) --used;
    }
    if (used == 0) return;
    uint32_t rest = kernels_.run(rows, used, params);
    are_written_ = has_logits && !is_half_;
    for (; rest != 0; rest &= rest - 1) Run(rows[__builtin_ctz(rest)].index);
    are_written_ = false;
  }

  void Run(size_t r) {
    r_ = r;
    keys_ = call_.keys.Of(r);
    FillZero(exps_, r, 0, keys_.begin);
    FillZero(exps_, r, keys_.end, exps_.cols);
    call_.shifts[r] = 0;
    if (keys_.begin == keys_.end) return;
    SoftmaxState& state = call_.states[r];
    const SoftmaxState before = state;
    uint32_t key = before.max_key;
    size_t blocks = 0;
    ForBlocks([&](size_t c, size_t n) {
      const uint32_t own = KeyOf(row_.max_or_nan(WriteLogits(c, n), n));
      key = own > key ? own : key;
      ++blocks;
    });
    has_logits_ = !is_half_ || blocks == 1;
    if (key <= kKeyOfMinusInfinity || key >= kKeyOfInfinity) {
      MergeState(StateOf(key, {}, StateUse::kSoftmax), state);
      if (key >= kKeyOfInfinity) return WriteSpecial();
      return FillZero(exps_, r, keys_.begin, keys_.end);
    }
    const int64_t unit = TileUnitOf(MaxOfKey(key));
    if (HasSum(before)) {
      call_.shifts[r] = TileShift(TileUnitOf(before), unit);
    }
    ForBlocks([&](size_t c, size_t n) {
      float* const e = has_logits_ ? PlaceOf(c) : WriteLogits(c, n);
      WriteExps(e, n, unit, state);
      converter_.Narrow({e, 1, n}, exps_, r_, c);
    });
  }

  // Calls body(c, n) for the blocks of the row's keys.
  template <class Body>
  void ForBlocks(const Body& body) const {
    size_t n;
    for (size_t c = keys_.begin; c < keys_.end; c += n) {
      const size_t room = kStateCols - (call_.keys.first_key + c) % kStateCols;
      n = keys_.end - c < room ? keys_.end - c : room;
      body(c, n);
    }
  }
  // The place of the floats of the block that begins at column c.
  float* PlaceOf(size_t c) {
    return is_half_ ? buffers_.floats : static_cast<float*>(exps_.At(r_, c));
  }
  float* WriteLogits(size_t c, size_t n) {
    float* const z = PlaceOf(c);
    if (!are_written_) logits_.Write(logits_.OptionsOf(r_, c, n), r_, c, n, z);
    return z;
  }

  void WriteSpecial() {
    ForBlocks([&](size_t c, size_t n) {
      const AttentionOptions part = logits_.OptionsOf(r_, c, n);
      float* const z = has_logits_ ? PlaceOf(c) : WriteLogits(c, n);
      FillNaN(part, 0, 0, n, z, z);
      converter_.Narrow({z, 1, n}, exps_, r_, c);
    });
  }

  // Replaces the logits of a block by their exp values, and adds these to the
  // state.
  void WriteExps(float* e, size_t n, int64_t unit, SoftmaxState& state) {
    const ScaleParts& parts = kUnscaled;
    const float max = passes_.max(e, n);
    if (max == -kInfinity) return FillRow(e, n, 0.0f);
    const RowPlan plan = PlanRow(max, parts);
    double s = passes_
                   .write(e, e, n, kNoHole, plan, parts, LowestOf(plan, parts),
                          nullptr, nullptr)
                   .others;
    auto offset = static_cast<int64_t>(plan.offset);
    const bool is_rounded = call_.round_exps && is_half_;
    if (is_rounded && exps_.type == ElementType::kFloat16) {
      // Rounding depends on the units, so the values are first brought to the
      // units.
      Multiply(e, n, offset - unit);
      offset = unit;
    }
    if (is_rounded) {
      Round(e, n);
      s = SumInLanes(e, n);
    }
    AddBlockToState(max, s, offset, state);
    Multiply(e, n, offset - unit);
  }

  // Exp values times 2^octaves; +0 for a result below 2^-126.
  void Multiply(float* e, size_t n, int64_t octaves) const {
    if (octaves == 0) return;
    const double power = PowerOfTileShift(octaves);
    passes_.multiply(power, 1.0 / power, n, e);
  }
  // Rounds the values to the type of the exps.
  void Round(float* e, size_t n) const {
    const HalfPasses& passes = KernelsOf(kHalfPasses, call_.tile.target);
    const size_t type = HalfIndexOf(exps_.type);
    constexpr size_t kStep = 256;
    alignas(64) uint16_t halves[kStep];
    for (size_t i = 0; i < n; i += kStep) {
      const size_t count = n - i < kStep ? n - i : kStep;
      passes.narrow[type](e + i, halves, count);
      passes.widen[type](halves, e + i, count);
    }
  }

  const TileCall& call_;
  const AnyRows& exps_;
  const bool is_half_;
  const Converter& converter_;
  const Buffers buffers_;
  const PartLogits logits_;
  const RowKernels& row_;
  const BlockPasses& passes_;
  const AttentionTileKernels& kernels_;
  const bool reads_all_;      // whether all rows read all keys
  bool are_written_ = false;  // whether logits are in the place of the exps
  size_t r_;
  KeyRange keys_;
  bool has_logits_;  // whether the logits of all blocks are in their places
};

// The largest number of keys of a short row.
constexpr size_t kFewElements = 96;

// Not inlined: its buffers would grow the stack frame of its caller.
template <size_t elements>
[[gnu::noinline]] void RunInBuffers(const TileCall& call,
                                    const Converter& converter) {
  alignas(64) float floats[elements], bias[elements];
  RowsOfTile(call, converter, {floats, bias, elements}).RunAll();
}

}  // namespace

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunTileRows(const TileCall& call) {
  const Converter converter(call.tile.target);
  const AnyRows& exps = call.tile.probs;
  const ConstAnyRows& bias = call.tile.options.bias;
  const bool has_half =
      IsHalf(exps.type) || (bias.data != nullptr && IsHalf(bias.type));
  if (!has_half) {
    RowsOfTile(call, converter, {nullptr, nullptr, 0}).RunAll();
  } else if (exps.rows == 1 && exps.cols <= kFewElements) {
    RunInBuffers<kFewElements>(call, converter);
  } else {
    RunInBuffers<kStateCols>(call, converter);
  }
}

}  // namespace internal
}  // namespace softlane
