// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_TILE_H_
#define SOFTLANE_ATTENTION_TILE_H_

#include <cstddef>
#include <cstdint>

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/softmax_state.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The softmax of attention on tiles of keys, for engines that never hold a
// whole row of scores (flash attention, flash decoding). An engine has a tile
// of scores at a time, multiplies the exp values of the tile by the tile's
// values, and adds the product to an accumulator per query:
//
//   SoftmaxState states[queries] = {};          // nothing read
//   float accumulators[queries * dim] = {};
//   for (each tile of keys) {
//     scores = queries * keys^T                 // by the engine
//     AttentionTile(scores, states, exps, shifts, options);
//     ScaleRows(accumulators, shifts);          // nearly always nothing to do
//     accumulators += exps * values             // by the engine
//   }
//   FinishRows(accumulators, states, sinks, out, logsumexp);
//
// The maximum of a row is an integer number of octaves, so an accumulator is
// only ever scaled by a power of two, which is exact.
//
// The reference octave of a row is the next multiple of 8 from the octave of
// the row's largest logit on: the octave of z is log2(e) * z, rounded to an
// integer. The exp values of a tile and the accumulators are in units of
// 2^(reference - 15). So the largest exp value of a row is between 2^7 and
// 2^16, and a Float16 holds it.
//
// Order: the states do not depend on the order of the tiles, to the bit. Tiles
// that begin at multiples of kStateCols and have kStateCols keys, but the last
// of a row, give the states that UpdateStates makes of the logits, and so the
// logsumexp of one call; not with a window, whose rows one call counts from
// their first key. Other tiles are blocks of the sum of their own: they keep
// the error bounds. All of this holds on all targets alike. The accumulators
// are sums of floats, which round in the order in which the engine adds.

namespace softlane {
inline namespace v1 {

/// How AttentionTile reads a tile of scores. The struct holds settings and
/// views only, so threads can share it.
struct AttentionTileOptions {
  /// How a logit z is made of a score, and which keys are masked. The views
  /// bias and keep are those of the tile. lengths, first_query, causal and
  /// window count keys from the first key of the row, whichever tile it is in:
  /// a length is >= 0, and may be above the keys of the tile. sinks is null,
  /// because FinishRows joins the sinks. empty_row is not used.
  AttentionOptions attention = {};
  /// The position of the tile's first key. first_query - first_key is an
  /// int64_t.
  size_t first_key = 0;
  /// Whether each exp value is rounded to the type of exps before it is summed.
  /// Then the sum is that of the values that the engine multiplies. Float16 has
  /// fewer bits from 2^22 below the largest exp value on, so the order of tiles
  /// may change the last bits of such a sum.
  bool round_exps = false;
};

/// Reads a tile of scores into the states of its rows, and writes
///
///   exps[r, c] = f * exp(z_c) / 2^(reference_r - 15),  f near 1.0877,
///
/// where f is the same for all states, and the reference octave is that after
/// the tile. shifts[r] is by how many octaves row r of the accumulators is to
/// be scaled before the tile's product is added: the reference octave before
/// the tile minus that after it. It is 0 or negative, a multiple of 8, and
/// nearly always 0. It is 0 for a row that had read nothing, and INT32_MIN if
/// it is below.
///
/// Shapes: scores and exps have the same rows and cols; states and shifts have
/// scores.rows elements. A tile may have any number of keys.
/// States: a row that has read nothing has a state of zero bytes. A state can
/// be used as any other of use kSoftmax and scale 1. Types: exps is of floats
/// or of a half type. A bias of a half type is beside floats, or has the type
/// of exps. Aliasing: exps may be the view scores if it is of floats. No output
/// overlaps any other operand. Masks: a masked key gets exactly +0. Keys that
/// lengths, causal and window exclude are not read. A row whose keys are all
/// excluded costs a fill with +0. Small exp values: +0 if it is more than
/// 129.75 octaves below the largest of the row's tile, or block of kStateCols
/// keys; or if it is below 2^-126, so that no float and no BFloat16 is
/// subnormal. Special values: if a row has read the z of an unmasked key that
/// is NaN or +inf, its unmasked keys get NaN, and FinishRows makes the row NaN.
/// Accuracy: exps[r, c] over the row's sum has the error kSoftmaxMaxUlp, but
/// for the rounding to a half type. Errors: kBadOption also if a state has
/// another use than kSoftmax, or if sinks is not null; kNullPointer, kBadShape,
/// kOverlap, kTargetUnavailable.
Status AttentionTile(const Rows<const float>& scores, SoftmaxState* states,
                     const AnyRows& exps, int32_t* shifts,
                     const AttentionTileOptions& options = {},
                     Target target = Target::kAuto) noexcept;

/// accumulators[r, c] = accumulators[r, c] * 2^shifts[r]. This is exact, unless
/// the result is below the normal floats, where it is rounded once, or above
/// the floats. A row with a shift of 0 is not read.
///
/// Shapes: shifts has accumulators.rows elements and overlaps no accumulator.
/// Errors: kNullPointer, kBadShape, kOverlap.
Status ScaleRows(const Rows<float>& accumulators,
                 const int32_t* shifts) noexcept;

/// The results of rows whose tiles have all been read:
///
///   out[r, c] = accumulators[r, c] * 2^(reference_r - 15) / sum_r,
///   logsumexp[r] = log(exp(sinks[r]) + sum_k exp(z_k)),
///
/// where sum_r is that of the exp values of row r and of its sink.
///
/// Shapes: accumulators and out have the same rows and cols; states, sinks and
/// logsumexp have accumulators.rows elements. sinks and logsumexp may be null.
/// Types: out is of floats or of a half type.
/// Aliasing: out may be the view accumulators if it is of floats. No output
/// overlaps any other operand.
/// Special values: a row that has read NaN or +inf, or has such a sink, is NaN.
/// A row without a sink that has read no key but masked keys is empty: it gets
/// +0 or NaN, as empty_row says, and its logsumexp is -inf.
/// Accuracy: logsumexp has the error kLogSumExpMaxError. The factor of the
/// accumulators has the error of the sum, 4 * 2^-24, and the result is rounded
/// once; a half type rounds once more.
/// Errors: kBadOption also if a state has another use than kSoftmax;
/// kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status FinishRows(const Rows<const float>& accumulators,
                  const SoftmaxState* states, const float* sinks,
                  const AnyRows& out, float* logsumexp,
                  EmptyRow empty_row = EmptyRow::kZero,
                  Target target = Target::kAuto) noexcept;

/// Merges two parts of the keys that are not finished, as threads have them
/// that split the keys: adds the accumulators `from`, in the units of both, and
/// merges the states. The merged states have the same bits in any order of any
/// number of parts; the accumulators of two parts have the same bits in both
/// orders.
///
/// Shapes: accumulators and from have the same rows and cols; states and
/// from_states have accumulators.rows elements.
/// Aliasing: the operands do not overlap.
/// Special values: accumulators of a row that has read nothing are not read.
/// Errors: kBadOption if a state has another use than kSoftmax; kNullPointer,
/// kBadShape, kOverlap.
Status MergeAttention(const Rows<float>& accumulators, SoftmaxState* states,
                      const Rows<const float>& from,
                      const SoftmaxState* from_states) noexcept;

/// Merges two parts of the keys that are finished, each with its own softmax
/// and its logsumexp:
///
///   out[r, c] = (e * out[r, c] + f * from[r, c]) / (e + f),
///   logsumexp[r] = log(e + f),
///
/// where e = exp(logsumexp[r]) and f = exp(from_logsumexp[r]). At most one of
/// the parts has read the sink.
///
/// Shapes: out and from have the same rows and cols; logsumexp and
/// from_logsumexp have out.rows elements.
/// Aliasing: the operands do not overlap.
/// Special values: a part with a logsumexp of -inf adds nothing, and its row is
/// not read, unless both are -inf: then the row stays as it is. If a logsumexp
/// is NaN or +inf, the row is NaN.
/// Accuracy: logsumexp has the error kLogSumExpMaxError. The weights have the
/// error that the rounded logsumexp gives them, 2^-24 max(1, |logsumexp|), and
/// kSoftmaxMaxUlp.
/// Errors: kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status MergeAttention(const Rows<float>& out, float* logsumexp,
                      const Rows<const float>& from,
                      const float* from_logsumexp,
                      Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_TILE_H_
