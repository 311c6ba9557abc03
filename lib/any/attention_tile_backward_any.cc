// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "any/any_check.h"
#include "any/attention_tile_rows.h"
#include "attention_check.h"
#include "attention_special.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/backward_passes.h"
#include "kernels/large_rows.h"
#include "kernels/tile_gradients.h"
#include "schedules/sink_rows.h"
#include "schedules/softmax_call.h"
#include "softlane/attention_tile_backward.h"

// Each row is done part by part. The logits of a part become probabilities by
// the passes of rows in parts. The probabilities become gradients by the passes
// for half types.

namespace softlane {
namespace {

using internal::KeyRange;
using internal::kInfinity;
using internal::Optional;
using internal::ReadVector;
using internal::StateRow;

// Results that are not floats in memory are computed in these buffers, a part
// of the columns at a time.
struct Buffers {
  float *p, *dx, *bias;
  size_t elements;
};
// The columns of a part: the first number is for a short row, and for operands
// of floats.
constexpr size_t kShortPart = 64, kPart = 512;

struct Call {
  const Rows<const float>& scores;
  const Rows<const float>& dprobs;
  const SoftmaxState* states;
  const double* delta;
  const AnyRows& dscores;
  const AnyRows& probs;  // may have null data
  const AttentionTileOptions& options;
};

// Checks the arguments and gives the options of the tile. Not inlined: its
// operands would grow the stack frame of the passes.
[[gnu::noinline]] Status Check(const Call& call, AttentionOptions& of_tile) {
  using internal::Operand;
  using internal::Read;
  constexpr ElementType kFloat = ElementType::kFloat32;
  const AttentionOptions& options = call.options.attention;
  const ElementType type = call.dscores.type;
  const ElementType of_probs =
      call.probs.data != nullptr ? call.probs.type : kFloat;
  if (!internal::IsPair(of_probs, type) ||
      !internal::IsBiasBeside(options.bias, of_probs, type)) {
    return Status::kBadOption;
  }
  const Rows<const float>& scores = call.scores;
  const size_t rows = scores.rows;
  const bool shapes_agree = internal::HaveSameShape(scores, call.dscores) &&
                            internal::HaveSameShape(scores, call.dprobs) &&
                            internal::HasShapeOf(scores, call.probs) &&
                            internal::MasksHaveShapeOf(scores, options);
  if (Status s = internal::CheckOperandsOf(
          {Operand(internal::Replaced(scores)),
           Operand(internal::Replaced(call.dprobs)),
           internal::OutputBeside(call.dscores, kFloat),
           of_probs == kFloat
               ? Operand(Optional(internal::Replacing(call.probs)))
               : Operand(Optional(internal::Written(call.probs))),
           Operand(ReadVector(call.states, rows)),
           Operand(ReadVector(call.delta, rows)),
           Operand(Optional(Read(options.bias))),
           Operand(Optional(Read(options.keep))),
           Operand(Optional(ReadVector(options.lengths, rows))),
           Operand(Optional(ReadVector(options.sinks, rows)))},
          shapes_agree);
      s != Status::kOk) {
    return s;
  }
  if (internal::HaveOtherUse(call.states, rows, StateUse::kSoftmax)) {
    return Status::kBadOption;
  }
  return internal::CheckTileOptions(call.options, rows, of_tile);
}

class TileRows {
 public:
  TileRows(const Call& call, const AttentionOptions& of_tile, Target target,
           const Buffers& buffers)
      : call_(call),
        buffers_(buffers),
        options_(of_tile),
        keys_{internal::KeyRanges(of_tile, call.scores.cols),
              call.options.attention.lengths, call.options.first_key},
        scores_(call.scores),
        attention_{scores_, call.dscores, nullptr, options_, target},
        converter_(target),
        logits_(attention_, converter_, buffers.bias),
        probs_(internal::KernelsOf(internal::kLargeRowKernels, target)),
        gradients_(
            internal::KernelsOf(internal::kAttentionBackwardKernels, target)),
        has_half_bias_(of_tile.bias.data != nullptr &&
                       internal::IsHalf(of_tile.bias.type)),
        write_(internal::AreAffine(options_) && !has_half_bias_
                   ? internal::KernelsOf(internal::kTileGradientKernels, target)
                         .write
                   : nullptr),
        has_probs_(call.probs.data != nullptr),
        has_float_probs_(has_probs_ && !internal::IsHalf(call.probs.type)),
        replaces_input_(call.probs.data == call.scores.data ||
                        call.probs.data == call.dprobs.data) {}

  void Run(size_t r) {
    const StateRow row = internal::RowWithSink(
        call_.states[r], attention_.Sink(r), *probs_.blocks);
    if (!row.has_sum && row.special == -kInfinity) return WriteEmpty(r);
    const KeyRange keys = keys_.Of(r);
    FillZero(r, 0, keys.begin);
    FillZero(r, keys.end, call_.scores.cols);
    const bool is_one_pass =
        write_ != nullptr && row.has_sum && !row.plan.is_far;
    // If there are several passes, probabilities that replace an input are
    // written last.
    const bool is_direct =
        has_float_probs_ && (is_one_pass || !replaces_input_);
    const bool has_no_p = is_one_pass && !has_probs_;
    const bool is_whole = (is_direct || has_no_p) && !has_half_bias_ &&
                          !internal::IsHalf(call_.dscores.type);
    ForParts(keys, is_whole ? ~size_t{0} : buffers_.elements,
             [&](size_t c, size_t n) {
               float* const p = is_direct
                                    ? static_cast<float*>(call_.probs.At(r, c))
                                    : buffers_.p;
               const Rows<float> dx = internal::Converter::PlaceOf(
                   call_.dscores, r, 1, c, n, buffers_.dx);
               if (is_one_pass) {
                 write_({options_, r, c, n, call_.scores.Row(r),
                         call_.dprobs.Row(r), row.plan, row.sum, call_.delta[r],
                         has_no_p ? nullptr : p, dx.data});
               } else {
                 WriteProbs(row, r, c, n, p);
                 WriteGradients(r, c, {p, 1, n}, dx);
               }
               converter_.Narrow(dx, call_.dscores, r, c);
               if (has_probs_ && !is_direct) Write(p, n, call_.probs, r, c);
             });
  }

 private:
  template <class Body>
  static void ForParts(const KeyRange& keys, size_t most, const Body& body) {
    size_t n;
    for (size_t c = keys.begin; c < keys.end; c += n) {
      n = keys.end - c < most ? keys.end - c : most;
      body(c, n);
    }
  }

  void Write(float* from, size_t n, const AnyRows& to, size_t r,
             size_t c) const {
    if (internal::IsHalf(to.type)) {
      converter_.Narrow({from, 1, n}, to, r, c);
    } else {
      std::memcpy(to.At(r, c), from, n * sizeof(float));
    }
  }
  void FillZero(size_t r, size_t begin, size_t end) const {
    if (begin == end) return;
    internal::FillZero(call_.dscores, r, begin, end);
    if (has_probs_) internal::FillZero(call_.probs, r, begin, end);
  }
  void WriteEmpty(size_t r) {
    const size_t most = buffers_.elements;
    internal::FillRow(buffers_.p, most,
                      internal::EmptyValue(options_.empty_row, false));
    ForParts({0, call_.scores.cols}, most, [&](size_t c, size_t n) {
      Write(buffers_.p, n, call_.dscores, r, c);
      if (has_probs_) Write(buffers_.p, n, call_.probs, r, c);
    });
  }
  void WriteProbs(const StateRow& row, size_t r, size_t c, size_t n,
                  float* p) const {
    const AttentionOptions part = logits_.OptionsOf(r, c, n);
    logits_.Write(part, r, c, n, p);
    if (row.has_sum) {
      internal::WriteProbsOf(row, probs_, p, n);
    } else {
      internal::FillNaN(part, 0, 0, n, p, p);
    }
  }
  void WriteGradients(size_t r, size_t c, const Rows<const float>& p,
                      const Rows<float>& dx) const {
    gradients_.write_part({p,
                           {call_.dprobs.Row(r) + c, 1, p.cols},
                           {call_.scores.Row(r) + c, 1, p.cols},
                           dx},
                          call_.delta[r], options_.scale, options_.softcap);
  }

  const Call& call_;
  const Buffers buffers_;
  const AttentionOptions& options_;
  const internal::TileKeys keys_;
  const ConstAnyRows scores_;
  const internal::AnyAttention attention_;
  const internal::Converter converter_;
  const internal::PartLogits logits_;
  const internal::LargeRowKernels& probs_;
  const internal::AttentionBackwardKernels& gradients_;
  const bool has_half_bias_;
  void (*const write_)(const internal::TileGradientRow& row);
  const bool has_probs_, has_float_probs_, replaces_input_;
};

// Not inlined: its buffers would grow the stack frame of its caller.
template <size_t elements>
[[gnu::noinline]] void RunInBuffers(const Call& call,
                                    const AttentionOptions& of_tile,
                                    Target target) {
  alignas(64) float p[elements], dx[elements], bias[elements];
  TileRows rows(call, of_tile, target, {p, dx, bias, elements});
  for (size_t r = 0; r < call.scores.rows; ++r) rows.Run(r);
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const Call& call,
                                  const AttentionOptions& of_tile,
                                  Target target) {
  const bool has_half =
      internal::IsHalf(call.dscores.type) ||
      (call.probs.data != nullptr && internal::IsHalf(call.probs.type)) ||
      (of_tile.bias.data != nullptr && internal::IsHalf(of_tile.bias.type));
  const bool is_short = call.scores.rows == 1 && call.scores.cols <= kShortPart;
  if (has_half && !is_short) {
    RunInBuffers<kPart>(call, of_tile, target);
  } else {
    RunInBuffers<kShortPart>(call, of_tile, target);
  }
}

}  // namespace

inline namespace v1 {

Status AttentionTileBackward(const Rows<const float>& scores,
                             const Rows<const float>& dprobs,
                             const SoftmaxState* states, const double* delta,
                             const AnyRows& dscores, const AnyRows& probs,
                             const AttentionTileOptions& options,
                             Target target) noexcept {
  const Call call{scores, dprobs, states, delta, dscores, probs, options};
  AttentionOptions of_tile;
  if (Status s = Check(call, of_tile); s != Status::kOk) return s;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (scores.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  RunChecked(call, of_tile, chosen);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
