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
// A merge is exact, commutative and associative. So if all parts begin at
// multiples of kStateCols (rows.h), the results have the bits of one call for
// the whole row. The number of the parts, their order and the tree of the
// merges do not matter. Rows::PartOfColumns makes such parts. Other parts keep
// the error bounds, but may give other bits. Columns of -inf at the end of a
// row change no bit, and neither do parts without columns.

namespace softlane {
inline namespace v1 {

/// The functions that a state is for. They differ in the order in which they
/// add the exp values of a block.
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
  /// The factor of the logits, 1 / temperature. Finite and > 0. All updates of
  /// a row use the same scale.
  float scale = 1.0f;
  /// The functions that the states are for: kSoftmax or kLogSoftmax.
  StateUse use = StateUse::kSoftmax;
};

/// The maximum of the columns of a row that have been read, and c times the sum
/// of their exp values, where c is a constant near 1.0877. A state has 48 bytes
/// without padding and is trivially copyable. If all its bytes are 0, no column
/// has been read. A state may be sent to another machine of the same byte
/// order.
struct SoftmaxState {
  /// The largest logit x as an integer in the order of floats: the bits of x,
  /// inverted if the sign bit is set, else with the sign bit set. The key is 0
  /// if no column has been read, and 0xFFFFFFFF if a logit is NaN. A logit of
  /// -0 counts as +0.
  uint32_t max_key;
  /// 4 * J + use, where J gives the power of two that the limbs count in. The
  /// value is 0 without a sum. If the largest logit x has |scale * x| beyond
  /// 2^33 octaves, the sum counts only the logits equal to x. Then J counts
  /// from a start that x defines, so J is near 400000000 for a positive x and
  /// near -400000000 for a negative x.
  int32_t window;
  /// c times the sum of exp(scale * x) is the sum over i of limbs[i] * 2^(24 *
  /// (J - 3 + i)). c is the same for all states, and LogSumExp divides by it.
  /// All limbs are 0 unless the largest logit is finite.
  int64_t limbs[5];
};

/// Adds columns [first_col, first_col + logits.cols) of each row to the row's
/// state. The view logits holds these columns only.
/// Special values: a state remembers NaN and +inf, and the functions below give
/// the special values of the whole row.
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

/// Merges states of two parts of each row: into[r] becomes the state that has
/// read the columns of both into[r] and from[r]. The function needs no options
/// and gives the same bits on every machine, so it can be the operation of an
/// MPI_Op that commutes.
///
/// Shapes: into and from have `rows` elements.
/// Aliasing: into and from do not overlap.
/// Errors: kBadOption if two states of a row with sums have different uses;
/// kNullPointer, kBadShape, kOverlap.
Status MergeStates(SoftmaxState* into, const SoftmaxState* from,
                   size_t rows) noexcept;

/// logsumexp[r] = log(sum_k exp(scale * logits[r, k])) over the columns that
/// have been read. States of use kLogSoftmax give the bits of LogSumExp, and
/// states of use kSoftmax give the bits of SoftmaxWithLogSumExp. With states of
/// use kCrossEntropy, only the error bound holds.
///
/// Shapes: states and logsumexp have `rows` elements.
/// Aliasing: logsumexp does not overlap states.
/// Arguments: scale is that of the updates.
/// Special values: as for LogSumExp. A state that has read nothing gives -inf.
/// Accuracy: kLogSumExpMaxError.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status LogSumExp(const SoftmaxState* states, size_t rows, float* logsumexp,
                 float scale = 1.0f, Target target = Target::kAuto) noexcept;

/// The probabilities of some columns of rows, from states that have read all
/// columns of these rows. The bits are those of Softmax.
///
/// Shapes: logits and probs have the same rows and cols; states has logits.rows
/// elements.
/// Aliasing: probs may be the view logits. No output overlaps states.
/// Arguments: options.scale is that of the updates. If a state has read neither
/// NaN nor +inf, each logit of the row is finite or -inf and not above the
/// maximum of the state. With other logits the results are unspecified.
/// Special values: as for Softmax. A state that has read nothing counts as a
/// row whose logits are all -inf.
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

/// SoftmaxFromStates for the log-probabilities, from states of use kLogSoftmax.
/// The bits are those of LogSoftmax.
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

/// The options of cross-entropy of rows in parts. The members mean the same as
/// in CrossEntropyOptions. The struct holds settings and inputs only, so
/// threads can share it.
struct LossStateOptions {
  /// Multiplies the logits before anything else. Finite and > 0.
  float scale = 1.0f;
  /// Adds z_loss * logsumexp^2 to the loss of each counted row. Finite and not
  /// negative. Not read by UpdateLossStates.
  float z_loss = 0.0f;
  /// A row with this label does not count.
  int64_t ignore_index = -100;
  /// label_weights[r] is the weight of the class of the label of row r. Finite
  /// and >= 0. Null means that each weight is 1. Not read by UpdateLossStates.
  const float* label_weights = nullptr;
  /// upstream_rows[r] is the derivative of the caller's objective with respect
  /// to the loss of row r. Null means that `upstream` holds for all rows. Not
  /// read without dlogits.
  const float* upstream_rows = nullptr;
  /// The derivative of the caller's objective with respect to the loss of each
  /// row. For a mean over the rows, it is 1 over the divisor. Not used if
  /// upstream_rows is used.
  float upstream = 1.0f;
};

/// UpdateStates for CrossEntropyFromStates. The part that has the label's
/// column adds the exp value of the label as a block of its own. A label is a
/// column of the whole row, not of the part. The state of an ignored row does
/// not change. All calls for a row use the same scale and ignore_index.
///
/// Shapes: labels and states have logits.rows elements.
/// Aliasing: states does not overlap any other operand.
/// Errors: kBadLabel for a label below 0 that is not ignore_index. Other errors
/// are as for UpdateStates.
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

/// The cross-entropy of rows in parts, and its gradient. A whole row has
/// num_classes columns. The view logits holds columns [first_col, first_col +
/// logits.cols) of each row. Before the call, UpdateLossStates has read all
/// columns of these rows into the states.
///
/// In the part that has the label's column, losses[r] gets the loss of row r.
/// In the other parts it gets +0. So the caller adds the losses of all parts.
/// The loss and the gradient are those of CrossEntropy with Reduction::kNone,
/// with labels, without smoothing: see there for the formulas.
///
/// Bits: those of CrossEntropy, unless 1 - p of the label is below 2^-30. Below
/// it, the bits do not depend on the split either, but they may differ from
/// those of CrossEntropy. The reason is that a state keeps only the leading
/// bits of the small sum of the other classes. This adds an error of up to
/// 2^-60, times the factors of the formulas, to the loss and to the gradient of
/// the label.
/// Shapes: labels, states and losses have logits.rows elements; dlogits has the
/// shape of logits or null data. losses may be null. Without losses or without
/// dlogits, the remaining result has the same bits. A call without both is
/// kNullPointer, unless there are no rows.
/// Aliasing: dlogits may be the view logits. No output overlaps any other
/// operand.
/// Special values: as for CrossEntropy. A state that has read nothing is a row
/// of -inf only.
/// Accuracy: kCrossEntropyMaxError and kCrossEntropyGradientMaxError, with the
/// additional error that "Bits" names.
/// Errors: kBadShape also if first_col + logits.cols is above num_classes;
/// kBadOption also if a state of a counted row has another use than
/// kCrossEntropy; kBadLabel for a label that is neither in [0, num_classes) nor
/// ignore_index; kNullPointer, kOverlap, kTargetUnavailable.
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
