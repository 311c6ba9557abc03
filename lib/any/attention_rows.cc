// SPDX-License-Identifier: Apache-2.0
#include "any/attention_rows.h"

#include <cstring>
#include <limits>

#include "any/any_check.h"
#include "arith/plan.h"
#include "attention_special.h"
#include "kernels/row_passes.h"
#include "schedules/key_ranges.h"
#include "softlane/attention_softmax.h"

// Rows are done in chunks: the scores and the bias are widened, and the
// probabilities are narrowed. For longer rows the probabilities are floats, and
// the scores are widened to the place of the probabilities. If the bias is of a
// half type, the scores become logits there, part by part.

namespace softlane {
namespace internal {
namespace {

// The options of rows [row, row + count), whose bias is `bias`.
AttentionOptions OptionsOfRows(const AttentionOptions& options, size_t row,
                               size_t count, const Rows<const float>& bias) {
  AttentionOptions some = options;
  some.bias = bias;
  some.keep = options.keep.Slice(row, count);
  if (options.lengths != nullptr) some.lengths += row;
  if (options.sinks != nullptr) some.sinks += row;
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const int64_t room =
      kMax - (options.first_query > 0 ? options.first_query : 0);
  const auto past = static_cast<int64_t>(row) - room;
  if (past <= 0) {
    some.first_query += static_cast<int64_t>(row);
    return some;
  }
  // No position is larger than this. The window still begins at the same key,
  // and all distances to keys are the same float.
  some.first_query = kMax;
  if (options.window != 0) {
    some.window = options.window > past ? options.window - past : 1;
  }
  return some;
}

void RunFloats(const Rows<const float>& scores, const Rows<float>& probs,
               float* logsumexp, const AttentionOptions& options,
               Target target) {
  Done(logsumexp == nullptr ? AttentionSoftmax(scores, probs, options, target)
                            : AttentionSoftmaxWithLogSumExp(
                                  scores, probs, logsumexp, options, target));
}

// The bias of a chunk as floats. If the bias has a stride of 0, one row is
// widened for all rows.
class BiasRows {
 public:
  BiasRows(const Converter& converter, const ConstAnyRows& bias, float* buffer)
      : converter_(converter), bias_(bias), buffer_(buffer) {}

  Rows<const float> Of(size_t row, size_t count) {
    if (bias_.data == nullptr) return {};
    if (bias_.stride != 0) {
      return converter_.Widened(bias_, row, count, 0, bias_.cols, buffer_);
    }
    if (single_ == nullptr) {
      single_ = converter_.Widened(bias_, 0, 1, 0, bias_.cols, buffer_).data;
    }
    return {single_, count, bias_.cols, 0};
  }

 private:
  const Converter& converter_;
  const ConstAnyRows& bias_;
  float* const buffer_;
  const float* single_ = nullptr;
};

struct Buffers {
  float *scores, *bias, *probs;
  size_t elements;
};

// The scores of rows that are done in place are copied, because the function of
// floats takes more stack in place.
Rows<const float> ScoresOf(const AnyAttention& call, const Converter& converter,
                           size_t row, size_t count, float* buffer) {
  const ConstAnyRows& x = call.scores;
  const size_t cols = x.cols;
  if (x.data != call.probs.data || IsHalf(x.type)) {
    return converter.Widened(x, row, count, 0, cols, buffer);
  }
  for (size_t r = 0; r < count; ++r) {
    std::memcpy(buffer + r * cols, x.At(row + r, 0), cols * sizeof(float));
  }
  return {buffer, count, cols};
}

void RunRows(const AnyAttention& call, const Converter& converter,
             const Buffers& buffers) {
  const size_t rows = call.scores.rows, cols = call.scores.cols;
  const size_t at_once = buffers.elements / cols;
  BiasRows bias(converter, call.options.bias, buffers.bias);
  for (size_t r = 0; r < rows; r += at_once) {
    const size_t count = rows - r < at_once ? rows - r : at_once;
    const Rows<const float> x =
        ScoresOf(call, converter, r, count, buffers.scores);
    const Rows<float> y =
        Converter::PlaceOf(call.probs, r, count, 0, cols, buffers.probs);
    RunFloats(x, y, call.LogAt(r),
              OptionsOfRows(call.options, r, count, bias.Of(r, count)),
              call.target);
    converter.Narrow(y, call.probs, r, 0);
  }
}

// The size of the buffer for a short row, and for several rows. The function of
// floats takes more stack for several rows than for one row.
constexpr size_t kFewElements = 80, kManyElements = 2048;

// Not inlined: its buffers would grow the stack frame of its caller.
template <size_t elements>
[[gnu::noinline]] void RunChunks(const AnyAttention& call,
                                 const Converter& converter) {
  alignas(64) float x[elements], bias[elements], y[elements];
  RunRows(call, converter, {x, bias, y, elements});
}

// Writes the logits of keys of row r to the place of its probabilities, or
// turns them into the results of a special row. Not inlined, so that its buffer
// takes no stack while the function of floats runs.
[[gnu::noinline]] void WriteRow(const AnyAttention& call,
                                const Converter& converter, size_t r,
                                const KeyRange& keys, bool is_special) {
  alignas(64) float buffer[kPartCols];
  const PartLogits logits(call, converter, buffer);
  ForPartsOf(keys.begin, keys.end, [&](size_t c, size_t n) {
    const AttentionOptions part = logits.OptionsOf(r, c, n);
    auto* const z = static_cast<float*>(call.probs.At(r, c));
    if (is_special) {
      FillNaN(part, 0, 0, n, z, z);
    } else {
      logits.Write(part, r, c, n, z);
    }
  });
}

// The remaining options, after the logits of row r have been computed.
AttentionOptions OptionsOfLogits(const AttentionOptions& options, size_t r) {
  AttentionOptions rest = OptionsOfRows(options, r, 1, {});
  rest.scale = 1.0f;
  rest.softcap = rest.alibi_slope = 0.0f;
  rest.keep = {};
  return rest;
}

void RunInOutput(const AnyAttention& call, const Converter& converter) {
  const AttentionOptions& options = call.options;
  const size_t cols = call.scores.cols;
  const KeyRanges ranges(options, cols);
  for (size_t r = 0; r < call.scores.rows; ++r) {
    const KeyRange keys = ranges.Of(r);
    WriteRow(call, converter, r, keys, false);
    const Rows<float> row = FloatsOf(call.probs.Slice(r, 1));
    const float max =
        keys.begin == keys.end
            ? -kInfinity
            : KernelsOf(kRowKernels, call.target)
                  .max_or_nan(row.data + keys.begin, keys.end - keys.begin);
    const float largest = MaxOrNaN(max, call.Sink(r));
    if (largest < kInfinity) {
      RunFloats(row, row, call.LogAt(r), OptionsOfLogits(options, r),
                call.target);
      continue;
    }
    FillZero(call.probs, r, 0, keys.begin);
    FillZero(call.probs, r, keys.end, cols);
    WriteRow(call, converter, r, keys, true);
    if (call.logsumexp != nullptr) call.logsumexp[r] = largest;
  }
}

}  // namespace

PartLogits::PartLogits(const AnyAttention& call, const Converter& converter,
                       float* buffer)
    : call_(call), converter_(converter), buffer_(buffer) {}

AttentionOptions PartLogits::OptionsOf(size_t r, size_t c, size_t n) const {
  AttentionOptions part = OptionsOfRows(call_.options, r, 1, {});
  if (call_.options.bias.data != nullptr) {
    part.bias = converter_.Widened(call_.options.bias, r, 1, c, n, buffer_);
  }
  if (part.keep.data != nullptr) part.keep = {part.keep.data + c, 1, n};
  // For queries still further before the keys, all distances are the same
  // float.
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  const auto col = static_cast<int64_t>(c);
  part.first_query =
      part.first_query < kMin + col ? kMin : part.first_query - col;
  return part;
}

void PartLogits::Write(const AttentionOptions& part, size_t r, size_t c,
                       size_t n, float* to) const {
  const AttentionSource source = {part,
                                  KernelsOf(kPlainLogitsKernels, call_.target)};
  RowJob job;
  job.logits = converter_.Widened(call_.scores, r, 1, c, n, to).data;
  job.row = job.begin = 0;
  job.n = n;
  KernelsOf(LogitsKernelsFor(part), call_.target)
      .write_logits(&source, job, to);
}

void FillZero(const AnyRows& probs, size_t r, size_t begin, size_t end) {
  std::memset(probs.At(r, begin), 0, (end - begin) * SizeOf(probs.type));
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunAttentionRows(const AnyAttention& call) {
  const Converter converter(call.target);
  const size_t rows = call.scores.rows, cols = call.scores.cols;
  if (cols > kMaxAttentionCols) return RunInOutput(call, converter);
  if (rows == 1 && cols <= kFewElements) {
    RunChunks<kFewElements>(call, converter);
  } else if (cols <= kManyElements) {
    RunChunks<kManyElements>(call, converter);
  } else {
    RunChunks<kMaxAttentionCols>(call, converter);
  }
}

}  // namespace internal
}  // namespace softlane
