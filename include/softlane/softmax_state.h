// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_STATE_H_
#define SOFTLANE_SOFTMAX_STATE_H_

#include <cstddef>
#include <cstdint>

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// Rows in parts: a row whose columns are split over threads, machines, or calls
// that each see a chunk of a vocabulary. Each part is read into a state, the
// states are merged, and each part is then written from the merged state:
//
//   SoftmaxState state = {};                           // for each row and part
//   UpdateStates(part, first_col, &state);
//   MergeStates(&of_row, &state, 1);                   // over all parts
//   SoftmaxFromStates(part, &of_row, probs_of_part);
//
// A merge is exact, commutative and associative. So parts that begin at
// multiples of kStateCols (rows.h) give the bits of one call for the whole row:
// in any number, in any order, and by any tree of merges. Rows::PartOfColumns
// makes such parts. Other parts keep the error bounds, but may give other bits.
// Columns of -inf at the end of a row change no bit, nor do parts without
// columns.

namespace softlane {
inline namespace v1 {

/// The functions that a state serves. They differ in how they add the exp
/// values of a block.
enum class StateUse : uint8_t {
  /// The bits of Softmax and SoftmaxWithLogSumExp.
  kSoftmax = 0,
  /// The bits of LogSoftmax and of LogSumExp.
  kLogSoftmax = 1,
  /// The bits of CrossEntropy. Only UpdateLossStates makes such states.
  kCrossEntropy = 2,
};

/// How UpdateStates reads logits. The struct holds settings only, so threads
/// can share it.
struct StateOptions {
  /// 1 / temperature. Finite and > 0. All updates of a row use the same scale.
  float scale = 1.0f;
  /// The functions that the state is for: kSoftmax or kLogSoftmax.
  StateUse use = StateUse::kSoftmax;
};

/// What is known of the columns of a row that have been read: their maximum,
/// and c times the sum of their exp values, c near 1.0877. 48 bytes without
/// padding, trivially copyable. All bytes 0: no column has been read. A state
/// may be sent to another machine of the same byte order.
struct SoftmaxState {
  /// The largest logit x as an integer in the order of floats: the bits of x,
  /// inverted if the sign bit is set, else with the sign bit set. 0 if no
  /// column has been read, 0xFFFFFFFF if there is a NaN. -0 counts as +0.
  uint32_t max_key;
  /// 4 * J + use, where J is the window of the sum. 0 without a sum. If |scale
  /// * x| of the largest logit x is beyond 2^33 octaves, only the copies of x
  /// count. Then J counts from a window that x defines: J is near 400000000 for
  /// a positive x, and near -400000000 for a negative x.
  int32_t window;
  /// c times the sum of exp(scale * x) is limbs[i] * 2^(24 * (J - 3 + i)),
  /// added over i. c is the same for all states, and LogSumExp takes it out.
  /// All limbs are 0 unless the largest logit is finite.
  int64_t limbs[5];
};

/// Adds columns [first_col, first_col + logits.cols) of each row to the row's
/// state. logits has these columns only.
///
/// Shapes: states has logits.rows elements.
/// Aliasing: states does not overlap logits.
/// Errors: kBadOption also if a state with a sum has another use than
/// options.use; kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status UpdateStates(const Rows<const float>& logits, size_t first_col,
                    SoftmaxState* states, const StateOptions& options = {},
                    Target target = Target::kAuto) noexcept;

/// UpdateStates of any element type: see any_rows.h.
template <typename = void>
Status UpdateStates(const ConstAnyRows& logits, size_t first_col,
                    SoftmaxState* states, const StateOptions& options = {},
                    Target target = Target::kAuto) noexcept;

/// Adds what each of the states `from` has read to the state of the same row in
/// `into`. The function needs no options and does the same on every machine, so
/// it can be the operation of an MPI_Op that commutes.
///
/// Shapes: into and from have `rows` elements.
/// Aliasing: into and from do not overlap.
/// Errors: kBadOption if two states of a row with sums have different uses;
/// kNullPointer, kBadShape, kOverlap.
Status MergeStates(SoftmaxState* into, const SoftmaxState* from,
                   size_t rows) noexcept;

/// logsumexp[r] = log(sum_k exp(scale * logits[r, k])) over the columns that
/// have been read: the bits of LogSumExp for states of use kLogSoftmax, and of
/// SoftmaxWithLogSumExp for states of use kSoftmax. States of use kCrossEntropy
/// keep the error bound.
///
/// Shapes: states and logsumexp have `rows` elements.
/// Aliasing: logsumexp does not overlap states.
/// Arguments: scale is that of the updates.
/// Special values: as for LogSumExp. A state that has read nothing gives -inf.
/// Accuracy: kLogSumExpMaxError.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status LogSumExp(const SoftmaxState* states, size_t rows, float* logsumexp,
                 float scale = 1.0f, Target target = Target::kAuto) noexcept;

/// The probabilities of columns of rows, from states that have read all columns
/// of these rows: the bits of Softmax.
///
/// Shapes: logits and probs have the same rows and cols; states has logits.rows
/// elements.
/// Aliasing: probs may be the view logits. No output overlaps states.
/// Arguments: options.scale is that of the updates. The logits are finite or
/// -inf, and no logit is above the maximum of its state, unless the state says
/// that the row holds NaN or +inf.
/// Special values: as for Softmax. A state that has read nothing is a row of
/// -inf only.
/// Accuracy: kSoftmaxMaxUlp.
/// Errors: kBadOption also if a state has another use than kSoftmax;
/// kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status SoftmaxFromStates(const Rows<const float>& logits,
                         const SoftmaxState* states, const Rows<float>& probs,
                         const SoftmaxOptions& options = {},
                         Target target = Target::kAuto) noexcept;

/// SoftmaxFromStates of any element type: see any_rows.h.
Status SoftmaxFromStates(const ConstAnyRows& logits, const SoftmaxState* states,
                         const AnyRows& probs,
                         const SoftmaxOptions& options = {},
                         Target target = Target::kAuto) noexcept;

/// The same for the log-probabilities, from states of use kLogSoftmax: the bits
/// of LogSoftmax.
///
/// Accuracy: kLogSoftmaxMaxError.
Status LogSoftmaxFromStates(const Rows<const float>& logits,
                            const SoftmaxState* states,
                            const Rows<float>& log_probs,
                            const SoftmaxOptions& options = {},
                            Target target = Target::kAuto) noexcept;

/// LogSoftmaxFromStates of any element type: see any_rows.h.
Status LogSoftmaxFromStates(const ConstAnyRows& logits,
                            const SoftmaxState* states,
                            const AnyRows& log_probs,
                            const SoftmaxOptions& options = {},
                            Target target = Target::kAuto) noexcept;

/// How the cross-entropy of rows in parts is taken. The members have the
/// meaning of those of CrossEntropyOptions. The struct holds settings and
/// inputs only, so threads can share it.
struct LossStateOptions {
  /// Multiplies the logits before anything else. Finite and > 0.
  float scale = 1.0f;
  /// Adds z_loss * logsumexp^2 to the loss of each counted row. Finite and not
  /// negative. Not read by UpdateLossStates.
  float z_loss = 0.0f;
  /// A row with this label does not count.
  int64_t ignore_index = -100;
  /// The weight of the class of each row's label: an element per row, finite
  /// and >= 0. Null means that each weight is 1. Not read by UpdateLossStates.
  const float* label_weights = nullptr;
  /// The gradients of the rows' losses, from what the caller computes of them:
  /// an element per row. Null means that `upstream` holds for all rows. For a
  /// mean over the rows upstream is 1 over the divisor. Not read without
  /// dlogits.
  const float* upstream_rows = nullptr;
  /// The gradient of the result, from what the caller computes of each row's
  /// loss. Used unless upstream_rows is.
  float upstream = 1.0f;
};

/// UpdateStates for CrossEntropyFromStates: the exp value of the label is added
/// as a block of its own, in the part that has the label's column. A label is a
/// column of the whole row. The state of an ignored row does not change. All
/// calls for a row use the same scale and ignore_index.
///
/// Shapes: labels and states have logits.rows elements.
/// Aliasing: states does not overlap any other operand.
/// Errors: kBadLabel for a label below 0 that is not ignore_index; else as
/// UpdateStates.
Status UpdateLossStates(const Rows<const float>& logits, size_t first_col,
                        const int64_t* labels, SoftmaxState* states,
                        const LossStateOptions& options = {},
                        Target target = Target::kAuto) noexcept;
Status UpdateLossStates(const Rows<const float>& logits, size_t first_col,
                        const int32_t* labels, SoftmaxState* states,
                        const LossStateOptions& options = {},
                        Target target = Target::kAuto) noexcept;

/// UpdateLossStates of any element type: see any_rows.h.
template <typename = void>
Status UpdateLossStates(const ConstAnyRows& logits, size_t first_col,
                        const int64_t* labels, SoftmaxState* states,
                        const LossStateOptions& options = {},
                        Target target = Target::kAuto) noexcept;
template <typename = void>
Status UpdateLossStates(const ConstAnyRows& logits, size_t first_col,
                        const int32_t* labels, SoftmaxState* states,
                        const LossStateOptions& options = {},
                        Target target = Target::kAuto) noexcept;

/// The cross-entropy of rows of `num_classes` columns, of which logits has
/// those from first_col on, and the gradient of these columns. The states have
/// read all columns of these rows by UpdateLossStates.
///
/// losses[r] gets the row's loss in the part that has the label's column, and
/// +0 in the other parts: the caller adds the losses of all parts. The loss and
/// the gradient are those of CrossEntropy with Reduction::kNone, with labels,
/// without smoothing: see there for the formulas.
///
/// Bits: those of CrossEntropy, unless 1 - p of the label is below 2^-30. Then
/// they do not depend on the split either, but a state does not have the small
/// sum of the other classes with all its bits: the loss and the gradient of the
/// label err by 2^-60 times their factors besides the bound.
/// Shapes: labels, states and losses have logits.rows elements; dlogits has the
/// shape of logits or null data. Without losses or without dlogits, the other
/// has the same bits; losses is null then. A call without both is kNullPointer,
/// unless there are no rows.
/// Aliasing: dlogits may be the view logits. No output overlaps any other
/// operand.
/// Special values: as for CrossEntropy. A state that has read nothing is a row
/// of -inf only.
/// Accuracy: kCrossEntropyMaxError and kCrossEntropyGradientMaxError, but for
/// what is said above.
/// Errors: kBadShape also if first_col + logits.cols is above num_classes;
/// kBadOption also if a state of a counted row has another use; kBadLabel for a
/// label that is neither in [0, num_classes) nor ignore_index; kNullPointer,
/// kOverlap, kTargetUnavailable.
Status CrossEntropyFromStates(const Rows<const float>& logits, size_t first_col,
                              size_t num_classes, const int64_t* labels,
                              const SoftmaxState* states, float* losses,
                              const Rows<float>& dlogits = {},
                              const LossStateOptions& options = {},
                              Target target = Target::kAuto) noexcept;
Status CrossEntropyFromStates(const Rows<const float>& logits, size_t first_col,
                              size_t num_classes, const int32_t* labels,
                              const SoftmaxState* states, float* losses,
                              const Rows<float>& dlogits = {},
                              const LossStateOptions& options = {},
                              Target target = Target::kAuto) noexcept;

/// CrossEntropyFromStates of any element type: see any_rows.h. The type of
/// dlogits is not read if it has null data.
template <typename = void>
Status CrossEntropyFromStates(const ConstAnyRows& logits, size_t first_col,
                              size_t num_classes, const int64_t* labels,
                              const SoftmaxState* states, float* losses,
                              const AnyRows& dlogits = {},
                              const LossStateOptions& options = {},
                              Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropyFromStates(const ConstAnyRows& logits, size_t first_col,
                              size_t num_classes, const int32_t* labels,
                              const SoftmaxState* states, float* losses,
                              const AnyRows& dlogits = {},
                              const LossStateOptions& options = {},
                              Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_STATE_H_
