// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "arith/plan.h"
#include "attention_run.h"
#include "kernels/half_passes.h"
#include "schedules/softmax_batches.h"
#include "tensor/head_logits.h"

// Rows of several heads are done together by the schedules of attention, in the
// order of the probabilities in memory. If the probabilities are of a half
// type, or are no rows with one stride, they are first written to a buffer.

namespace softlane {
namespace internal {
namespace {

// The number of elements in a buffer of probabilities. It is small because
// batches of short rows take stack, too.
constexpr size_t kBuffer = 2048;
static_assert(kMaxBatchCols <= kBuffer, "a row");

void FillNaNOfRow(const void* source, size_t r, size_t begin, size_t n,
                  const float* z, float* to) {
  SourceOf(source).WriteNaN(r, begin, n, z, to);
}
float SpecialRow(const SoftmaxCall& call, size_t r, size_t begin, size_t n,
                 const float* z) {
  return SpecialAttentionRow(call, r, begin, n, z, &FillNaNOfRow);
}

class WrittenHeads {
 public:
  explicit WrittenHeads(const HeadsCall& call)
      : call_(call), logits_(call), values_(call, room_) {
    const AttentionHeadsOptions& options = call.options;
    has_ends_ = options.lengths.data != nullptr || options.causal;
    has_sinks_ = options.sinks.data != nullptr;
    has_values_ = has_ends_ || has_sinks_ || call.logsumexp.data != nullptr;
    const HeadTensor* const probs = &call.probs;
    run_ = RowsOfRun(call, &probs, 1, false, false);
  }

  /// Whether results are written directly, because many rows have one stride.
  bool IsDirect() const {
    constexpr size_t kFew = 16;
    return !IsHalf(call_.probs.type) && (run_ >= kFew || run_ == call_.Rows());
  }

  void RunDirect() {
    const size_t rows = call_.Rows();
    for (size_t r = 0; r < rows;) {
      const size_t left = run_ - r % run_;
      const size_t count = left > kHeadRows && has_values_ ? kHeadRows : left;
      const HeadRow row = call_.RowAt(r);
      const size_t stride =
          count == 1 ? call_.keys
                     : static_cast<size_t>(RunStride(call_, call_.probs));
      RunRows(r, row, {row.In<float>(call_.probs), count, call_.keys, stride});
      r += count;
    }
  }
  void RunBuffered(float* buffer, size_t elements) {
    const size_t rows = call_.Rows(), at_once = elements / call_.keys;
    for (size_t r = 0; r < rows;) {
      size_t count = rows - r < at_once ? rows - r : at_once;
      if (count > kHeadRows) count = kHeadRows;
      HeadRow row = call_.RowAt(r);
      const Rows<float> y(buffer, count, call_.keys);
      RunRows(r, row, y);
      for (size_t k = 0; k < count; ++k) {
        WriteProbs(y.Row(k), row);
        call_.Advance(row);
      }
      r += count;
    }
  }

 private:
  void WriteProbs(const float* from, const HeadRow& row) const {
    const HeadTensor& probs = call_.probs;
    if (IsHalf(probs.type)) {
      const HalfPasses& halves = KernelsOf(kHalfPasses, call_.target);
      halves.narrow[HalfIndexOf(probs.type)](from, row.In<uint16_t>(probs),
                                             call_.keys);
    } else {
      std::memcpy(row.In<float>(probs), from, call_.keys * sizeof(float));
    }
  }

  void RunRows(size_t first, const HeadRow& row, const Rows<float>& y) {
    const AttentionHeadsOptions& options = call_.options;
    const bool is_in_place = y.data == row.In<float>(call_.probs) &&
                             call_.scores.data == call_.probs.data;
    const bool has_log = call_.logsumexp.data != nullptr;
    if (has_ends_ || has_sinks_) values_.Set(row, y.rows, options.causal);
    AttentionOptions ends;
    ends.lengths = values_.ends;
    const KeyRanges ranges(ends, y.cols);
    logits_.SetFirst(first);
    // The source reads the scores. Here the view only tells whether the call is
    // in place.
    const Rows<const float> x(
        is_in_place ? y.data : row.In<const float>(call_.scores), y.rows,
        y.cols, 0);
    const ScaleParts& parts = kUnscaled;
    const SoftmaxCall call = {KernelsOf(kRowKernels, call_.target),
                              KernelsOf(kSoftmaxKernels, call_.target),
                              logits_.plain,
                              kHeadLogitsKernels,
                              &logits_,
                              &SpecialRow,
                              x,
                              y,
                              has_log ? values_.logsumexp : nullptr,
                              parts,
                              options.empty_row,
                              has_sinks_ ? values_.sinks : nullptr,
                              has_ends_ ? &ranges : nullptr};
    RunAttentionCall(call,
                     {kHeadBatchKernels, true, is_in_place,
                      !has_ends_ && !has_log && !IsHalf(call_.scores.type),
                      call_.keep.data != nullptr, false, false},
                     call_.target);
    values_.WriteLogs(row, y.rows);
  }

  const HeadsCall& call_;
  HeadLogits logits_;
  RowValues::Room<kHeadRows> room_;
  RowValues values_;
  bool has_ends_, has_sinks_, has_values_;
  size_t run_;
};

// Not inlined: its buffers would grow the stack frame of its caller.
template <size_t elements>
[[gnu::noinline]] void RunBuffered(WrittenHeads& heads) {
  alignas(64) float buffer[elements];
  heads.RunBuffered(buffer, elements);
}

}  // namespace

void RunWrittenHeads(const HeadsCall& call) {
  WrittenHeads heads(call);
  if (heads.IsDirect()) return heads.RunDirect();
  call.keys <= kMaxBatchCols ? RunBuffered<kBuffer>(heads)
                             : RunBuffered<kMaxWrittenKeys>(heads);
}

}  // namespace internal
}  // namespace softlane
