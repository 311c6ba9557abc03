// SPDX-License-Identifier: Apache-2.0
#include "any/attention_long_rows.h"

#include "attention_special.h"
#include "kernels/large_rows.h"
#include "schedules/key_ranges.h"
#include "schedules/sink_rows.h"
#include "schedules/softmax_call.h"

// The logits of a row are computed part by part and read into a state. Then
// they are computed again for the probabilities. The parts begin at the row's
// first key, because the blocks of its sum begin there.

namespace softlane {
namespace internal {
namespace {

class LongRows {
 public:
  LongRows(const AnyAttention& call, const Converter& converter)
      : call_(call),
        converter_(converter),
        logits_(call, converter, bias_),
        kernels_(KernelsOf(kLargeRowKernels, call.target)),
        reader_(call.target, 1.0f, StateUse::kSoftmax),
        ranges_(call.options, call.scores.cols) {}

  void Run(size_t r) {
    row_ = r;
    keys_ = ranges_.Of(r);
    SoftmaxState state{};
    ForLogits([&](const AttentionOptions&, size_t c, size_t n) {
      reader_.Read({z_, c - keys_.begin, n, kNoHole}, state);
    });
    const StateRow row = RowWithSink(state, call_.Sink(r), *kernels_.blocks);
    if (!row.has_sum && row.special == -kInfinity) return WriteEmpty();
    FillZero(call_.probs, r, 0, keys_.begin);
    FillZero(call_.probs, r, keys_.end, call_.probs.cols);
    if (row.has_sum) {
      WriteProbs(row);
    } else {
      WriteSpecial(row.special);
    }
  }

 private:
  // Calls body(options, c, n) for parts of the row's keys. The logits of a part
  // are in z_.
  template <class Body>
  void ForLogits(const Body& body) {
    ForPartsOf(keys_.begin, keys_.end, [&](size_t c, size_t n) {
      const AttentionOptions part = logits_.OptionsOf(row_, c, n);
      logits_.Write(part, row_, c, n, z_);
      body(part, c, n);
    });
  }
  // Writes the n results in z_ from column c on.
  void WriteResults(size_t c, size_t n) {
    converter_.Narrow({z_, 1, n}, call_.probs, row_, c);
  }
  void SetLog(float log) const {
    if (call_.logsumexp != nullptr) call_.logsumexp[row_] = log;
  }

  void WriteEmpty() {
    SetLog(-kInfinity);
    const size_t cols = call_.probs.cols;
    if (call_.options.empty_row == EmptyRow::kZero) {
      return FillZero(call_.probs, row_, 0, cols);
    }
    FillRow(z_, kPartCols, kNaN);
    ForPartsOf(0, cols, [&](size_t c, size_t n) { WriteResults(c, n); });
  }

  void WriteSpecial(float log) {
    SetLog(log);
    ForLogits([&](const AttentionOptions& part, size_t c, size_t n) {
      FillNaN(part, 0, 0, n, z_, z_);
      WriteResults(c, n);
    });
  }

  void WriteProbs(const StateRow& row) {
    const BlockPasses& passes = *kernels_.blocks;
    const ScaleParts& parts = kUnscaled;
    SetLog(static_cast<float>(LogSumOf(row, passes, parts) +
                              row.plan.scaled_shift));
    ForLogits([&](const AttentionOptions&, size_t c, size_t n) {
      WriteProbsOf(row, kernels_, z_, n);
      WriteResults(c, n);
    });
  }

  const AnyAttention& call_;
  const Converter& converter_;
  const PartLogits logits_;
  const LargeRowKernels& kernels_;
  const PartReader reader_;
  const KeyRanges ranges_;
  size_t row_;
  KeyRange keys_;
  alignas(64) float z_[kPartCols];  // logits or probabilities
  alignas(64) float bias_[kPartCols];
};

}  // namespace

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunLongAttention(const AnyAttention& call) {
  const Converter converter(call.target);
  LongRows rows(call, converter);
  for (size_t r = 0; r < call.scores.rows; ++r) rows.Run(r);
}

}  // namespace internal
}  // namespace softlane
