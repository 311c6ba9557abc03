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
// whole row of scores (flash attention, flash decoding). An engine computes one
// tile of scores at a time, multiplies the exp values of the tile by the value
// vectors of its keys, and adds the product to an accumulator per query:
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
// Exp values count in units that are powers of two. So an accumulator is only
// ever scaled by a power of two, which is exact.
//
// The octave of a logit z is log2(e) * z, rounded to an integer. The reference
// octave of a row is the octave of its largest logit, rounded up to a multiple
// of 8. The exp values of a tile and the accumulators count in units of
// 2^(reference - 15). So the largest exp value of a row is between 2^7 and
// 2^16, and a Float16 holds it.
//
// Order: the states have the same bits in any order of the tiles, on all
// targets. The accumulators are sums of floats, which round in the order in
// which the engine adds.
//
// Bits: suppose that every tile begins at a multiple of kStateCols and has
// kStateCols keys, except the last tile of a row. Then the states are those
// that UpdateStates makes of the logits, and logsumexp has the bits of one
// call. This does not hold with a window, because one call divides a row into
// blocks from the first key of the window. With other tiles, each tile is a
// block of the sum by itself, and the error bounds hold.

namespace softlane {
inline namespace v1 {

/// How AttentionTile reads a tile of scores. The struct holds settings and
/// views only, so threads can share it.
struct AttentionTileOptions {
  /// How a logit z is computed from a score, and which keys are masked. The
  /// views bias and keep are those of the tile. lengths, first_query, causal
  /// and window count keys from the first key of the whole row. Each length is
  /// >= 0 and may be larger than the number of keys in the tile. AttentionTile
  /// needs null sinks, because FinishRows adds the sinks. It does not use
  /// empty_row.
  AttentionOptions attention = {};
  /// The position of the tile's first key in the row. first_query - first_key
  /// must fit int64_t.
  size_t first_key = 0;
  /// Whether each exp value is rounded to the type of exps before it is added
  /// to the sum. Then the sum is that of the values that the engine multiplies.
  /// A Float16 has fewer bits if it is 2^22 times smaller than the largest exp
  /// value, or still smaller. So the order of tiles may change the last bits of
  /// a sum of rounded Float16 values.
  bool round_exps = false;
};

/// Reads a tile of scores into the states of its rows, and writes exp values:
///
///   exps[r, c] = f * exp(z_c) / 2^(reference_r - 15),  f near 1.0877,
///
/// where f is the same for all states, and reference_r is the reference octave
/// of row r after the tile. shifts[r] is the reference octave of row r before
/// the tile minus the reference octave after it. Before the engine adds the
/// tile's product, it scales row r of the accumulators by 2^shifts[r]: see
/// ScaleRows. A shift is 0 or negative, a multiple of 8, and nearly always 0.
/// For a row that had read nothing the shift is 0. A shift below INT32_MIN
/// becomes INT32_MIN.
///
/// Shapes: scores and exps have the same rows and cols. states and shifts have
/// scores.rows elements. A tile may have any number of keys.
/// States: before a row has read a tile, all bytes of its state are 0. Other
/// functions can use the states as states of use kSoftmax and scale 1.
/// Types: exps is of floats or of a half type. A bias of a half type has the
/// type of exps, unless exps is of floats.
/// Aliasing: exps may be the view scores if it is of floats. No output overlaps
/// any other operand.
/// Masks: a masked key gets exactly +0. Keys that lengths, causal or window
/// exclude are not read. If all keys of a row are excluded, the row is only
/// filled with +0.
/// Underflow: an exp value becomes +0 if it is more than 129.75 octaves below
/// the largest exp value of its row in the tile, or in the block of kStateCols
/// keys for larger tiles. It also becomes +0 if exps[r, c] is below 2^-126. So
/// no float and no BFloat16 is subnormal.
/// Special values: if a row has read an unmasked key whose z is NaN or +inf,
/// its unmasked keys get NaN in this tile and in later tiles, and FinishRows
/// makes the row NaN.
/// Accuracy: exps[r, c] divided by the row's sum has the error kSoftmaxMaxUlp.
/// Rounding to a half type adds its own error.
/// Errors: kBadOption also if a state has another use than kSoftmax, or if
/// sinks is not null; kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status AttentionTile(const Rows<const float>& scores, SoftmaxState* states,
                     const AnyRows& exps, int32_t* shifts,
                     const AttentionTileOptions& options = {},
                     Target target = Target::kAuto) noexcept;

/// accumulators[r, c] = accumulators[r, c] * 2^shifts[r]. A normal result is
/// exact. A result below 2^-126 is rounded once, and a result beyond the
/// largest float is infinite. A row with a shift of 0 is not read.
///
/// Shapes: shifts has accumulators.rows elements and overlaps no accumulator.
/// Errors: kNullPointer, kBadShape, kOverlap.
Status ScaleRows(const Rows<float>& accumulators,
                 const int32_t* shifts) noexcept;

/// The results of rows, after all their tiles have been read:
///
///   out[r, c] = accumulators[r, c] * 2^(reference_r - 15) / sum_r,
///   logsumexp[r] = log(exp(sinks[r]) + sum_k exp(z_k)),
///
/// where sum_r is the sum of the exp values of row r and of its sink.
///
/// Shapes: accumulators and out have the same rows and cols. states, sinks and
/// logsumexp have accumulators.rows elements. sinks and logsumexp may be null:
/// then there are no sinks, or no logsumexp is written.
/// Types: out is of floats or of a half type.
/// Aliasing: out may be the view accumulators if it is of floats. No output
/// overlaps any other operand.
/// Special values: if a row has read a z of NaN or +inf, or if its sink is NaN
/// or +inf, its row of out is NaN. Its logsumexp is NaN if one of them is NaN,
/// and +inf otherwise. A row without a sink that has read masked keys only is
/// empty: it gets +0 or NaN, as empty_row says, and its logsumexp is -inf.
/// Accuracy: logsumexp has the error kLogSumExpMaxError. The factor of the
/// accumulators has the relative error of the sum, up to 4 * 2^-24. Each result
/// is rounded to float once. A half type is then rounded once more.
/// Errors: kBadOption also if a state has another use than kSoftmax;
/// kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status FinishRows(const Rows<const float>& accumulators,
                  const SoftmaxState* states, const float* sinks,
                  const AnyRows& out, float* logsumexp,
                  EmptyRow empty_row = EmptyRow::kZero,
                  Target target = Target::kAuto) noexcept;

/// Merges two parts of the keys before FinishRows, for engines whose threads
/// split the keys. The function brings both accumulators to the same units,
/// adds `from` to `accumulators`, and merges the states. The merged states of
/// any number of parts have the same bits in any order. The merged accumulators
/// of two parts have the same bits in both orders.
///
/// Shapes: accumulators and from have the same rows and cols. states and
/// from_states have accumulators.rows elements.
/// Aliasing: the operands do not overlap.
/// Special values: if a row of a part has read nothing, its accumulators are
/// not read.
/// Errors: kBadOption if a state has another use than kSoftmax; kNullPointer,
/// kBadShape, kOverlap.
Status MergeAttention(const Rows<float>& accumulators, SoftmaxState* states,
                      const Rows<const float>& from,
                      const SoftmaxState* from_states) noexcept;

/// Merges two parts of the keys after FinishRows, or after any softmax of each
/// part that gives logsumexp:
///
///   out[r, c] = (e * out[r, c] + f * from[r, c]) / (e + f),
///   logsumexp[r] = log(e + f),
///
/// where e = exp(logsumexp[r]) and f = exp(from_logsumexp[r]). At most one of
/// the parts has the sink in its sum.
///
/// Shapes: out and from have the same rows and cols. logsumexp and
/// from_logsumexp have out.rows elements.
/// Aliasing: the operands do not overlap.
/// Special values: if from_logsumexp[r] is -inf, row r stays as it is.
/// Otherwise, if a logsumexp is NaN or +inf, row r becomes NaN, and its
/// logsumexp becomes NaN if one of the two is NaN, else +inf. Otherwise, if
/// logsumexp[r] is -inf, row r becomes that of `from`, and its old elements are
/// not read.
/// Accuracy: logsumexp has the error kLogSumExpMaxError. The weights e / (e +
/// f) and f / (e + f) have the error kSoftmaxMaxUlp, and a relative error of
/// 2^-24 max(1, |logsumexp|) because each logsumexp was rounded to float.
/// Errors: kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status MergeAttention(const Rows<float>& out, float* logsumexp,
                      const Rows<const float>& from,
                      const float* from_logsumexp,
                      Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_TILE_H_
