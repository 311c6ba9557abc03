// SPDX-License-Identifier: Apache-2.0
#include "tensor/head_logits.h"

#include "arith/exponent_range.h"
#include "attention_special.h"

namespace softlane {
namespace internal {
namespace {

void WriteRow(const void* source, const RowJob& job, float* to) {
  SourceOf(source).Write(job.row, 1, job.begin, job.n, nullptr, to, 0);
}

// Rows of a batch after their logits have been written to e.
BatchRows Written(const void* source, const BatchRows& rows) {
  SourceOf(source).Write(rows.first, rows.rows, 0, rows.n, rows.ends, rows.e,
                         rows.e_stride);
  BatchRows written = rows;
  written.logits = rows.e;
  written.stride = rows.e_stride;
  return written;
}

// Rows whose logits may be masked; kKind is that of attention's pass.
template <size_t kKind>
RowsDone ExpRows(const void* source, const RowJob* jobs, size_t count,
                 const ExpParams& params, RowResult* results) {
  HeadLogits& heads = SourceOf(source);
  for (size_t k = 0; k < count; ++k) {
    RowJob job = jobs[k];
    const HeadLogits::Piece& piece = heads.SetPiece(job.row, 1, nullptr, 0);
    const AttentionSource row = {piece.options, heads.plain};
    const LogitsKernels* kernels = &heads.Kernels();
    if (piece.scores == nullptr) {
      WriteRow(source, job, job.e);
      job.logits = job.e;
      job.begin = 0;
      kernels = &heads.plain;
    } else {
      job.logits = piece.scores;
      job.row = 0;
    }
    const RowsDone done =
        kernels->exp_rows[kKind](&row, &job, 1, params, results + k);
    if (done.has_failed) return {k, true};
    if (!IsUsualSum(results[k].row_sum) || MayHaveTiny(results[k].sum)) {
      return {k + 1, false};
    }
  }
  return {count, false};
}

// Does the pieces of a batch by a pass of attention.
bool ExpPieces(const void* source, const BatchRows& rows,
               const ExpParams& params, ExpBatchFunction& exp_batch) {
  HeadLogits& heads = SourceOf(source);
  for (size_t k = 0, count; k < rows.rows; k += count) {
    float* const e = rows.e + k * rows.e_stride;
    const HeadLogits::Piece& piece =
        heads.SetPiece(rows.first + k, rows.rows - k, e, rows.e_stride);
    count = piece.rows;
    const AttentionSource of_head = {piece.options, heads.plain};
    const AttentionOptions& options = piece.options;
    const bool is_dense =
        rows.is_dense && piece.stride == rows.n &&
        (options.bias.data == nullptr || options.bias.stride == rows.n) &&
        (options.keep.data == nullptr || options.keep.stride == rows.n);
    const BatchRows some = {piece.scores,
                            piece.stride,
                            0,
                            count,
                            rows.n,
                            is_dense,
                            e,
                            rows.e_stride,
                            rows.ends == nullptr ? nullptr : rows.ends + k,
                            rows.max == nullptr ? nullptr : rows.max + k,
                            rows.offset + k,
                            rows.lowest + k,
                            nullptr,
                            0};
    if (!exp_batch(&of_head, some, params)) return false;
  }
  return true;
}
// Logits that are not affine are written to memory first. If rows have ends,
// each row has a range.
template <size_t kKind>
bool ExpBatch(const void* source, const BatchRows& rows,
              const ExpParams& params) {
  const HeadLogits& heads = SourceOf(source);
  if (heads.AreAffine()) {
    return ExpPieces(source, rows, params, *heads.batches.exp_batch[kKind]);
  }
  const BatchRows written = Written(source, rows);
  if (rows.ends == nullptr) {
    return heads.plain_batches.exp_batch[kKind](nullptr, written, params);
  }
  for (size_t k = 0; k < rows.rows; ++k) {
    rows.offset[k] = params.range.offset;
    rows.lowest[k] = params.range.lowest;
  }
  return heads.plain_batches.exp_batch_of_rows(nullptr, written, params);
}
bool ExpBatchOfRows(const void* source, const BatchRows& rows,
                    const ExpParams& params) {
  const HeadLogits& heads = SourceOf(source);
  if (heads.AreAffine()) {
    return ExpPieces(source, rows, params, *heads.batches.exp_batch_of_rows);
  }
  return heads.plain_batches.exp_batch_of_rows(nullptr, Written(source, rows),
                                               params);
}
bool FindMaxima(const void* source, const BatchRows& rows, const float* sinks,
                const ScaleParts& parts) {
  return SourceOf(source).plain_batches.find_maxima(
      nullptr, Written(source, rows), sinks, parts);
}

// The kernels of the logits of all heads.
const LogitsKernels& KernelsFor(const HeadsCall& call) {
  AttentionOptions options;
  options.softcap = call.options.softcap;
  options.alibi_slope = call.HasAlibi() ? 1.0f : 0.0f;
  options.bias.data = call.bias.data;
  options.keep.data = call.keep.data;
  return KernelsOf(LogitsKernelsFor(options), call.target);
}

}  // namespace

HeadLogits::HeadLogits(const HeadsCall& call)
    : plain(KernelsOf(kPlainLogitsKernels, call.target)),
      plain_batches(KernelsOf(kPlainBatchKernels, call.target)),
      batches(KernelsOf(kAttentionBatchKernels, call.target)),
      call_(call),
      kernels_(KernelsFor(call)),
      halves_(KernelsOf(kHalfPasses, call.target)),
      inner_(call.order[kHeadDims - 1]),
      scores_stride_(static_cast<size_t>(call.scores.Elements(inner_))),
      has_alibi_(call.HasAlibi()),
      has_bias_scales_(call.HasBiasScales()) {
  is_affine_ = !has_alibi_ && call.options.softcap == 0.0f;
  piece_.options.scale = call.options.scale;
  piece_.options.softcap = call.options.softcap;
  piece_.options.keep.stride = static_cast<size_t>(call.keep.strides[inner_]);
}

size_t HeadLogits::PieceRows(const HeadRow& row, size_t most) const {
  const bool is_single =
      (inner_ == kHeadDim && has_bias_scales_) ||
      (inner_ != kQueryDim && has_alibi_) || call_.scores.strides[inner_] < 0 ||
      call_.bias.strides[inner_] < 0 || call_.keep.strides[inner_] < 0;
  const size_t left = is_single ? 1 : call_.sizes[inner_] - row.at[inner_];
  return left < most ? left : most;
}

// Rows of a bias of a half type are widened once for all heads that share them,
// if the buffer has room for all rows along the innermost dimension.
Rows<const float> HeadLogits::BiasOf(const HeadRow& row, size_t count) {
  const HeadTensor& bias = call_.bias;
  const int64_t stride = bias.strides[inner_];
  const auto* data = row.In<const unsigned char>(bias);
  if (data == nullptr || !IsHalf(bias.type)) {
    return {static_cast<const float*>(static_cast<const void*>(data)), count,
            call_.keys, static_cast<size_t>(bias.Elements(inner_))};
  }
  const size_t keys = call_.keys, size = call_.sizes[inner_];
  size_t at = 0, rows = stride == 0 ? 1 : count;
  if (stride > 0 && size * keys <= kMaxWrittenKeys) {
    at = row.at[inner_];
    rows = size;
    data -= static_cast<int64_t>(at) * stride;
  }
  if (data != widened_ || rows > widened_rows_) {
    for (size_t r = 0; r < rows; ++r) {
      halves_.widen[HalfIndexOf(bias.type)](
          data + static_cast<int64_t>(r) * stride, floats_ + r * keys, keys);
    }
    widened_ = data;
    widened_rows_ = rows;
  }
  return {floats_ + at * keys, count, keys, stride == 0 ? 0 : keys};
}

const HeadLogits::Piece& HeadLogits::SetPiece(size_t row, size_t most,
                                              float* place,
                                              size_t place_stride) {
  Piece& piece = piece_;
  if (first_ + row != next_) next_row_ = call_.RowAt(first_ + row);
  HeadRow& at = next_row_;
  const HeadTensor& x = call_.scores;
  piece.rows = PieceRows(at, most);
  AttentionOptions& options = piece.options;
  options.alibi_slope = call_.AlibiSlope(at);
  options.bias = BiasOf(at, piece.rows);
  options.bias_scale = call_.BiasScale(at);
  options.keep.data = at.In<const uint8_t>(call_.keep);
  options.first_query = call_.Position(at);
  if (!IsHalf(x.type)) {
    piece.scores = at.In<const float>(x);
    // The stride of a single row may be negative, and no pass uses it.
    piece.stride = piece.rows == 1 ? call_.keys : scores_stride_;
  } else {
    piece.scores = place;
    piece.stride = place_stride;
  }
  for (size_t r = 0; IsHalf(x.type) && place != nullptr && r < piece.rows;
       ++r) {
    halves_.widen[HalfIndexOf(x.type)](
        at.In<const unsigned char>(x) +
            static_cast<int64_t>(r) * x.strides[inner_],
        place + r * place_stride, call_.keys);
  }
  next_ = first_ + row + piece.rows;
  at.at[inner_] += piece.rows - 1;
  call_.Advance(at);
  return piece;
}

// If the scores are of a half type, the first n scores are widened to `place`.
const float* HeadLogits::ScoresOf(size_t row, const Piece& piece, size_t r,
                                  size_t n, float* place) const {
  if (piece.scores != nullptr) return piece.scores + r * piece.stride;
  const HeadTensor& x = call_.scores;
  halves_.widen[HalfIndexOf(x.type)](
      call_.RowAt(first_ + row).In<const void>(x), place, n);
  return place;
}

void HeadLogits::Write(size_t row, size_t count, size_t begin, size_t n,
                       const size_t* ends, float* to, size_t stride) {
  for (size_t k = 0; k < count; k += piece_.rows) {
    const Piece& piece = SetPiece(row + k, count - k, nullptr, 0);
    const AttentionSource source = {piece.options, plain};
    for (size_t r = 0; r < piece.rows; ++r) {
      float* const place = to + (k + r) * stride;
      RowJob job;
      job.row = r;
      job.begin = begin;
      job.n = ends == nullptr ? n : ends[k + r];
      job.logits = ScoresOf(row + k + r, piece, r, job.n, place);
      kernels_.write_logits(&source, job, place);
    }
  }
}

void HeadLogits::WriteNaN(size_t row, size_t begin, size_t n, const float* z,
                          float* to) {
  FillNaN(SetPiece(row, 1, nullptr, 0).options, 0, begin, n, z, to);
}

const LogitsKernels kHeadLogitsKernels = {
    {&ExpRows<1>, &ExpRows<1>, &ExpRows<3>, &ExpRows<3>}, &WriteRow};
const BatchLogitsKernels kHeadBatchKernels = {
    {&ExpBatch<0>, &ExpBatch<1>}, &ExpBatchOfRows, &FindMaxima};

}  // namespace internal
}  // namespace softlane
