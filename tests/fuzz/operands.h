// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_OPERANDS_H_
#define SOFTLANE_TESTS_FUZZ_OPERANDS_H_

#include "call.h"

// Short functions that make operands, and the families whose options are a
// struct.

namespace softlane {
namespace fuzz {

constexpr Operand In(const char* name, Content content = Content::kLogits,
                     Shape shape = Shape::kMatrix) {
  return {name, shape, Role::kReplaced, content};
}
constexpr Operand Out(const char* name, Content content,
                      Shape shape = Shape::kMatrix) {
  return {name, shape, Role::kReplacing, content};
}
// An output that replaces no input.
constexpr Operand Apart(const char* name, Content content, Shape shape,
                        Element element = Element::kFloat) {
  return {name, shape, Role::kWritten, content, element};
}
// An input that no output replaces.
constexpr Operand Read(const char* name, Content content, Shape shape,
                       Element element = Element::kFloat) {
  return {name, shape, Role::kRead, content, element};
}
// States that are read and written.
constexpr Operand Updated(const char* name, Content content) {
  return {name, Shape::kPerRow, Role::kUpdated, content, Element::kState};
}
// A matrix that is read and written.
constexpr Operand Changed(const char* name, Shape shape = Shape::kMatrix) {
  return {name, shape, Role::kUpdated, Content::kLogits};
}
constexpr Operand OfFloats(Operand operand) {
  operand.has_floats = true;
  return operand;
}
constexpr Operand Optional(Operand operand) {
  operand.need = Need::kOptional;
  return operand;
}
constexpr Operand If(Need (*need_in)(const Call&), Operand operand) {
  operand.need_in = need_in;
  return operand;
}
constexpr Operand Option(Operand operand) {
  operand.is_option = true;
  return operand;
}

// The losses: logits, labels or targets, loss, dlogits, divisor, weights,
// upstream.
inline Need NeedOfWeights(const Call& c) {
  return c.rows == 0 ? Need::kIgnored : Need::kOptional;
}
inline Need NeedOfAxisWeights(const Call& c) {
  return c.cols == 0 ? Need::kIgnored : NeedOfWeights(c);
}
inline Need NeedOfUpstream(const Call& c) {
  return c.options.reduction == SOFTLANE_REDUCTION_NONE &&
                 c.views[3].data != nullptr
             ? Need::kOptional
             : Need::kIgnored;
}
// The loss, without which there is another result.
inline Need NeedOfLoss(const Call& c) {
  return c.views[3].data != nullptr || c.views[4].data != nullptr
             ? Need::kOptional
             : Need::kNeeded;
}
#define SOFTLANE_FUZZ_LOSS(labels)                                          \
  {                                                                         \
    In("logits"), labels,                                                   \
        If(NeedOfLoss, Apart("loss", Content::kAnything, Shape::kLosses)),  \
        Optional(Out("dlogits", Content::kAnything)),                       \
        Optional(Apart("divisor", Content::kAnything, Shape::kOne)),        \
        Option(If(NeedOfWeights, Read("class_weights", Content::kWeights,   \
                                      Shape::kPerColumn))),                 \
        Option(If(NeedOfUpstream,                                           \
                  Read("upstream_rows", Content::kShares, Shape::kPerRow))) \
  }
// The same along an axis.
#define SOFTLANE_FUZZ_AXIS_LOSS(labels)                                        \
  {                                                                            \
    In("logits", Content::kLogits, Shape::kPlanes), labels,                    \
        If(NeedOfLoss,                                                         \
           Apart("loss", Content::kAnything, Shape::kInnerLosses)),            \
        Optional(Out("dlogits", Content::kAnything, Shape::kPlanes)),          \
        Optional(Apart("divisor", Content::kAnything, Shape::kOne)),           \
        Option(If(NeedOfAxisWeights,                                           \
                  Read("class_weights", Content::kWeights, Shape::kPerAxis))), \
        Option(If(NeedOfUpstream,                                              \
                  Read("upstream_rows", Content::kShares, Shape::kPerInner)))  \
  }
// The gradients from saved results: logits and logsumexp, or probs; labels or
// targets, dlogits, weights, upstream.
inline Need NeedOfSavedUpstream(const Call& c) {
  return c.options.reduction == SOFTLANE_REDUCTION_NONE ? Need::kOptional
                                                        : Need::kIgnored;
}
#define SOFTLANE_FUZZ_SAVED(labels)                                            \
  labels, Out("dlogits", Content::kAnything),                                  \
      Option(If(NeedOfWeights,                                                 \
                Read("class_weights", Content::kWeights, Shape::kPerColumn))), \
      Option(If(NeedOfSavedUpstream,                                           \
                Read("upstream_rows", Content::kShares, Shape::kPerRow)))
#define SOFTLANE_FUZZ_SAVED_LOSS(labels)                    \
  {                                                         \
    In("logits"), SOFTLANE_FUZZ_SAVED(labels),              \
        Read("logsumexp", Content::kLogits, Shape::kPerRow) \
  }
#define SOFTLANE_FUZZ_SAVED_PROBS(labels) \
  { In("probs", Content::kShares), SOFTLANE_FUZZ_SAVED(labels) }
// The options as a struct, or null.
struct LossOptions {
  explicit LossOptions(const Call& c, size_t weights = 5)
      : are_null(c.options.are_null) {
    const Options& o = c.options;
    options = {o.reduction,       o.ignore_index,
               o.label_smoothing, c.In(weights),
               o.z_loss,          o.scale,
               c.In(weights + 1), 0,
               o.upstream,        o.zero_if_all_ignored,
               o.accumulate};
  }
  operator const softlane_cross_entropy_options*() const {
    return are_null ? nullptr : &options;
  }

  softlane_cross_entropy_options options;
  bool are_null;
};

// The loss of rows in parts: logits, labels, states, losses, dlogits, weights,
// upstream.
inline Need NeedOfPartUpstream(const Call& c) {
  return c.views[4].data != nullptr ? Need::kOptional : Need::kIgnored;
}
inline Need NeedOfPartLosses(const Call& c) {
  return c.views[4].data != nullptr ? Need::kOptional : Need::kNeeded;
}
#define SOFTLANE_FUZZ_LOSS_OF_PARTS(labels)                                    \
  {                                                                            \
    In("logits"), labels,                                                      \
        Read("states", Content::kLossStates, Shape::kPerRow, Element::kState), \
        If(NeedOfPartLosses,                                                   \
           Apart("losses", Content::kAnything, Shape::kPerRow)),               \
        Optional(Out("dlogits", Content::kAnything)),                          \
        Option(Optional(                                                       \
            Read("label_weights", Content::kWeights, Shape::kPerRow))),        \
        Option(If(NeedOfPartUpstream,                                          \
                  Read("upstream_rows", Content::kShares, Shape::kPerRow)))    \
  }
// The options as a struct, or null.
struct LossStateOptions {
  // Pointers that an update does not read.
  explicit LossStateOptions(const Call& c)
      : LossStateOptions(c, reinterpret_cast<const float*>(16),
                         reinterpret_cast<const float*>(16)) {}
  LossStateOptions(const Call& c, const float* weights, const float* upstream)
      : are_null(c.options.are_null) {
    const Options& o = c.options;
    options = {o.scale, o.z_loss, o.ignore_index,
               weights, upstream, o.upstream};
  }
  operator const softlane_loss_state_options*() const {
    return are_null ? nullptr : &options;
  }

  softlane_loss_state_options options;
  bool are_null;
};

// Attention: what the function takes, and from `masks` on bias, keep, lengths
// and sinks.
#define SOFTLANE_FUZZ_MASKS                                               \
  Option(Optional(Read("bias", Content::kLogits, Shape::kMatrix))),       \
      Option(Optional(                                                    \
          Read("keep", Content::kKeep, Shape::kMatrix, Element::kByte))), \
      Option(Optional(Read("lengths", Content::kLengths, Shape::kPerRow,  \
                           Element::kInt32)))
inline Need NeedOfScores(const Call& c) {
  return c.options.softcap == 0.0f ? Need::kIgnored : Need::kNeeded;
}
inline bool HasSinkGradient(const Call& c) {
  return c.views[5].data != nullptr;
}
inline Need NeedOfSinks(const Call& c) {
  return HasSinkGradient(c) ? Need::kNeeded : Need::kOptional;
}
inline Need NeedOfForward(const Call& c) {
  return HasSinkGradient(c) ? Need::kNeeded : Need::kIgnored;
}
struct AttentionOptions {
  AttentionOptions(const Call& c, size_t masks) : are_null(c.options.are_null) {
    const Options& o = c.options;
    options = {o.scale,
               o.softcap,
               o.alibi_slope,
               o.bias_scale,
               c.In(masks),
               c.Type(masks),
               c.Stride(masks),
               c.As<const uint8_t>(masks + 1),
               c.Stride(masks + 1),
               c.As<const int32_t>(masks + 2),
               o.causal,
               o.first_query,
               o.window,
               c.In(masks + 3),
               o.empty_row};
  }
  operator const softlane_attention_options*() const {
    return are_null ? nullptr : &options;
  }

  softlane_attention_options options;
  bool are_null;
};
// Of a tile, whose forward pass has no sinks.
struct TileOptions {
  TileOptions(const Call& c, size_t masks, bool has_sinks = false)
      : are_null(c.options.are_null) {
    options = {AttentionOptions(c, masks).options, c.options.first_key,
               c.options.round_exps};
    if (!has_sinks) options.attention.sinks = nullptr;
  }
  operator const softlane_attention_tile_options*() const {
    return are_null ? nullptr : &options;
  }

  softlane_attention_tile_options options;
  bool are_null;
};

// The first of the masks of softlane_attention_tile_backward, and the states,
// which are made when the masks have their values.
constexpr size_t kTileBackwardMasks = 5, kTileBackwardStates = 9;

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_OPERANDS_H_
