// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_JOINT_CHUNKS_H_
#define SOFTLANE_LIB_ANY_JOINT_CHUNKS_H_

#include <cstddef>

#include "any/chunks.h"
#include "any/step.h"
#include "schedules/lines.h"
#include "softlane/any_rows.h"
#include "softlane/target.h"

// Chunks of calls with several inputs of the same type: see chunks.h.

namespace softlane {
namespace internal {

constexpr size_t kMaxInputs = 3;

/// The terms of a row's sum. kProducts: the products of the first two inputs.
/// kKeptProducts: the products, but +0 where the first input is 0. kSecond: the
/// elements of the second input.
enum class DotTerms { kProducts, kKeptProducts, kSecond };

/// A chunk of each input and of the output, its first row and first column. If
/// the call's operands are of half types, the first input is the output.
struct JointChunk {
  Rows<const float> x[kMaxInputs];
  Rows<float> y;
  size_t row;
  size_t col;
};
using JointStep = Step<const JointChunk&>;

class JointChunks {
 public:
  /// `target` is what Resolve() gave. A null third input and an output without
  /// data do not count as operands.
  JointChunks(const ConstLines& first, const ConstLines& second,
              const ConstAnyRows* third, const Lines& output,
              Target target) noexcept;

  /// Whether an operand is copied, whatever its type is.
  bool HasCopies() const noexcept { return has_copies_; }
  /// Whether a chunk has room for whole rows.
  bool HoldRows() const noexcept;
  /// Calls step(chunk) for all rows, in order, if HoldRows().
  void ForRows(const JointStep& step) const;

  /// Calls step(chunk) for parts of columns [begin, end) of row r, in order.
  /// All parts but the last have a multiple of kDotBlock columns.
  void ForParts(size_t r, size_t begin, size_t end,
                const JointStep& step) const;
  /// The sum of terms in columns [begin, end) of row r, in the order of sums of
  /// floats: see DotParts.
  double Dot(size_t r, size_t begin, size_t end, DotTerms terms) const;

 private:
  struct Window {
    size_t row, rows, col, cols;
  };
  struct Buffer {
    float* data;
    size_t elements;  // per operand
  };

  struct Inputs {
    size_t begin, end;
  };
  void Do(const Window& window, const Buffer& buffer, const Inputs& inputs,
          bool has_output, const JointStep& step) const;
  void DoRows(const Buffer& buffer, size_t most, const JointStep& step) const;
  void DoFewRows(const JointStep& step) const;
  void DoManyRows(const JointStep& step) const;
  void DoParts(size_t r, size_t begin, size_t end, const Inputs& inputs,
               bool has_output, const JointStep& step) const;

  Converter converter_;
  Target target_;
  ConstLines x_[kMaxInputs];
  Lines y_;
  size_t inputs_, rows_, cols_;
  bool has_copies_;
  size_t buffers_;  // the operands that need a buffer of their own
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_JOINT_CHUNKS_H_
