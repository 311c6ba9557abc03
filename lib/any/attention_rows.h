// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ATTENTION_ROWS_H_
#define SOFTLANE_LIB_ANY_ATTENTION_ROWS_H_

#include "any/chunks.h"
#include "kernels/attention_passes.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// A call of attention's softmax whose scores, bias and probabilities may be of
/// a half type. Its arguments have been checked, there are rows, and `target`
/// is what Resolve() gave. An FpEnvironment is in force.
struct AnyAttention {
  const ConstAnyRows& scores;
  const AnyRows& probs;
  float* logsumexp;  // may be null
  const AttentionOptions& options;
  Target target;

  float Sink(size_t row) const {
    return options.sinks == nullptr ? -kInfinity : options.sinks[row];
  }
  float* LogAt(size_t row) const {
    return logsumexp == nullptr ? nullptr : logsumexp + row;
  }
};

/// Rows of at most this many columns are done in chunks. A chunk has three
/// buffers.
constexpr size_t kMaxAttentionCols = kPartCols;

/// Does a call. Longer rows have probabilities of floats.
void RunAttentionRows(const AnyAttention& call);

/// The logits of parts of rows.
class PartLogits {
 public:
  /// `buffer` has kPartCols elements, for the bias.
  PartLogits(const AnyAttention& call, const Converter& converter,
             float* buffer);

  /// The options of n keys of row r from column c on, as a row of their own,
  /// without sinks. The bias is of floats.
  AttentionOptions OptionsOf(size_t r, size_t c, size_t n) const;
  /// Writes the logits of these keys. `to` may be the place of their scores.
  void Write(const AttentionOptions& part, size_t r, size_t c, size_t n,
             float* to) const;

 private:
  const AnyAttention& call_;
  const Converter& converter_;
  float* const buffer_;
};

/// Calls body(c, n) for parts of columns [begin, end).
template <class Body>
void ForPartsOf(size_t begin, size_t end, const Body& body) {
  for (size_t c = begin; c < end; c += kPartCols) {
    body(c, end - c < kPartCols ? end - c : kPartCols);
  }
}

/// Writes +0 to columns [begin, end) of row r. +0 of each type has no bits.
void FillZero(const AnyRows& probs, size_t r, size_t begin, size_t end);

/// The maximum of the logits and of the sink, or NaN if one of them is NaN. It
/// is the logsumexp of a special row.
inline float MaxOrNaN(float max, float sink) {
  if (!(max == max)) return kNaN;
  return max > sink ? max : sink;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ATTENTION_ROWS_H_
