// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_HEAD_LOGITS_H_
#define SOFTLANE_LIB_TENSOR_HEAD_LOGITS_H_

#include "kernels/attention_passes.h"
#include "kernels/half_passes.h"
#include "schedules/softmax_call.h"
#include "tensor/head_rows.h"

namespace softlane {
namespace internal {

/// The logits of a call on all heads, as a source of passes. A pass of rows
/// does pieces, which are rows of one head, by the passes of attention.
class HeadLogits {
 public:
  explicit HeadLogits(const HeadsCall& call);

  /// The rows of a SoftmaxCall begin at row `row` of the call.
  void SetFirst(size_t row) { first_ = row; }

  /// Rows along the innermost dimension, as a call of attention has them.
  struct Piece {
    const float* scores;
    size_t rows, stride;
    AttentionOptions options;
  };
  /// The piece that begins with row `row`, of at most `most` rows. Scores of a
  /// half type go to `place`, whose rows are `place_stride` apart. Of a
  /// piece of several rows all keys are read.
  void SetPiece(size_t row, size_t most, float* place, size_t place_stride,
                Piece& piece);
  /// Writes the logits of rows, n columns from `begin` on, to rows that are
  /// `stride` apart; of a row with an end, those before it.
  void Write(size_t row, size_t count, size_t begin, size_t n,
             const size_t* ends, float* to, size_t stride);
  /// Writes NaN or +0 for the n keys of a row from column `begin` on: see
  /// FillNaN.
  void WriteNaN(size_t row, size_t begin, size_t n, const float* z, float* to);
  /// The kernels of rows of all pieces.
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
  const int inner_;  // the innermost dimension
  bool is_affine_, has_alibi_, has_bias_scales_;
  size_t first_ = 0;
  // The row of the call behind the last piece.
  size_t next_ = 0;
  HeadRow next_row_ = {};
  // The bias of half types as floats: rows from this one on.
  const unsigned char* widened_ = nullptr;
  size_t widened_rows_ = 0;
  alignas(64) float floats_[kMaxWrittenKeys];
};

/// A source is in the frame of its call, and keeps a bias that it widened.
inline HeadLogits& SourceOf(const void* source) {
  return *static_cast<HeadLogits*>(const_cast<void*>(source));
}
/// The passes of this source.
extern const LogitsKernels kHeadLogitsKernels;
extern const BatchLogitsKernels kHeadBatchKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_HEAD_LOGITS_H_
