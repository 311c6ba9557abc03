// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_HEAD_LOGITS_H_
#define SOFTLANE_LIB_TENSOR_HEAD_LOGITS_H_

#include "kernels/attention_passes.h"
#include "kernels/half_passes.h"
#include "schedules/softmax_call.h"
#include "tensor/head_rows.h"

namespace softlane {
namespace internal {

/// The logits of a call on all heads, as a source for passes. A pass of rows is
/// split into pieces, which are rows of one head. The passes of attention do
/// each piece.
class HeadLogits {
 public:
  explicit HeadLogits(const HeadsCall& call);

  /// The rows of a SoftmaxCall begin at row `row` of the call.
  void SetFirst(size_t row) { first_ = row; }

  /// Rows along the innermost dimension, with the options of a call of
  /// attention.
  struct Piece {
    const float* scores;
    size_t rows, stride;
    AttentionOptions options;
  };
  /// Gives the piece that begins with row `row`, of at most `most` rows. It
  /// holds until the next call. Scores of a half type are widened to `place`,
  /// whose rows are `place_stride` apart. A piece of several rows reads all
  /// keys.
  const Piece& SetPiece(size_t row, size_t most, float* place,
                        size_t place_stride);
  /// Writes the logits of rows, n columns from `begin` on, to rows that are
  /// `stride` apart. If a row has an end, only the logits before the end are
  /// written.
  void Write(size_t row, size_t count, size_t begin, size_t n,
             const size_t* ends, float* to, size_t stride);
  /// Writes NaN or +0 for the n keys of a row from column `begin` on: see
  /// FillNaN.
  void WriteNaN(size_t row, size_t begin, size_t n, const float* z, float* to);
  /// The kernels that do the rows of all pieces.
  const LogitsKernels& Kernels() const { return kernels_; }
  /// Whether passes of attention read the scores.
  bool AreAffine() const { return is_affine_; }

  const LogitsKernels& plain;
  const BatchLogitsKernels& plain_batches;
  const BatchLogitsKernels& batches;

 private:
  size_t PieceRows(const HeadRow& row, size_t most) const;
  const float* ScoresOf(size_t row, const Piece& piece, size_t r, size_t n,
                        float* place) const;
  Rows<const float> BiasOf(const HeadRow& row, size_t count);

  const HeadsCall& call_;
  const LogitsKernels& kernels_;
  const HalfPasses& halves_;
  const int inner_;             // the innermost dimension
  const size_t scores_stride_;  // along it, in elements
  // Made once: GCC with -Os sets a struct, and copies it, by instructions that
  // take some 30 cycles each.
  Piece piece_ = {};
  bool is_affine_, has_alibi_, has_bias_scales_;
  size_t first_ = 0;
  // The row of the call behind the last piece.
  size_t next_ = 0;
  HeadRow next_row_ = {};
  // The row of the bias from which on the buffer has the bias as floats.
  const unsigned char* widened_ = nullptr;
  size_t widened_rows_ = 0;
  alignas(64) float floats_[kMaxWrittenKeys];
};

/// The source lives in the stack frame of its call, and keeps the bias that it
/// has widened.
inline HeadLogits& SourceOf(const void* source) {
  return *static_cast<HeadLogits*>(const_cast<void*>(source));
}
/// The passes of this source.
extern const LogitsKernels kHeadLogitsKernels;
extern const BatchLogitsKernels kHeadBatchKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_HEAD_LOGITS_H_
