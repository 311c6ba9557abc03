// SPDX-License-Identifier: Apache-2.0
#include "any/joint_chunks.h"

#include <cstdint>
#include <cstring>

#include "dispatch.h"
#include "kernels/dot_parts.h"
#include "kernels/half_gradients.h"

namespace softlane {
namespace internal {
namespace {

// The number of floats in all buffers of a call together. Several rows, or
// parts of rows, fill half of the first-level cache. A longer row takes less
// time as a whole than in parts, because parts are widened twice: for the dot
// product and for the gradients.
constexpr size_t kFloats = 4096;
constexpr size_t kRowFloats = 14336;
// A smaller buffer, which takes less stack.
constexpr size_t kFewFloats = 768;

size_t AtMost(size_t limit, size_t n) { return n < limit ? n : limit; }

}  // namespace

JointChunks::JointChunks(const ConstLines& first, const ConstLines& second,
                         const ConstAnyRows* third, const Lines& output,
                         Target target) noexcept
    : converter_(target),
      target_(target),
      x_{first, second},
      y_(output),
      inputs_(third == nullptr ? 2 : 3),
      rows_(first.rows),
      cols_(first.cols),
      has_copies_(first.IsCopied() || second.IsCopied() || output.IsCopied()),
      buffers_(IsHalf(first.type) || has_copies_ ? inputs_ : 1) {
  if (third != nullptr) x_[2] = *third;
}

bool JointChunks::HoldRows() const noexcept {
  return cols_ <= kRowFloats / buffers_;
}

[[gnu::noinline]] void JointChunks::Do(const Window& at, const Buffer& buffer,
                                       const Inputs& inputs, bool has_output,
                                       const JointStep& step) const {
  JointChunk chunk;
  chunk.row = at.row;
  chunk.col = at.col;
  for (size_t i = inputs.begin; i < inputs.end; ++i) {
    chunk.x[i] = converter_.Widened(x_[i], at.row, at.rows, at.col, at.cols,
                                    buffer.data + i * buffer.elements);
  }
  if (has_output) {
    chunk.y =
        Converter::PlaceOf(y_, at.row, at.rows, at.col, at.cols, buffer.data);
  }
  step(chunk);
  if (has_output) converter_.Narrow(chunk.y, y_, at.row, at.col);
}

[[gnu::noinline]] void JointChunks::DoRows(const Buffer& buffer, size_t most,
                                           const JointStep& step) const {
  const size_t at_once = RowsAtOnce(cols_, most);
  for (size_t r = 0; r < rows_; r += at_once) {
    Do({r, AtMost(at_once, rows_ - r), 0, cols_}, buffer, {0, inputs_},
       y_.data != nullptr, step);
  }
}

// The functions with a buffer are not inlined: the buffer would grow the stack
// frame of the caller.
[[gnu::noinline]] void JointChunks::DoFewRows(const JointStep& step) const {
  alignas(64) float buffer[kFewFloats];
  const size_t few = kFewFloats / buffers_;
  DoRows({buffer, few}, few, step);
}
[[gnu::noinline]] void JointChunks::DoManyRows(const JointStep& step) const {
  alignas(64) float buffer[kRowFloats];
  // Lines that are copied at once may be elements of one cache line.
  const size_t most = (has_copies_ ? kRowFloats : kFloats) / buffers_;
  DoRows({buffer, cols_ > most ? kRowFloats / buffers_ : most}, most, step);
}

void JointChunks::ForRows(const JointStep& step) const {
  const size_t few = kFewFloats / buffers_;
  if (cols_ <= few && rows_ <= few / cols_) {
    DoFewRows(step);
  } else {
    DoManyRows(step);
  }
}

[[gnu::noinline]] void JointChunks::DoParts(size_t r, size_t begin, size_t end,
                                            const Inputs& inputs,
                                            bool has_output,
                                            const JointStep& step) const {
  alignas(64) float buffer[kFloats];
  const size_t most = kFloats / buffers_ / kDotBlock * kDotBlock;
  for (size_t i = begin; i < end; i += most) {
    Do({r, 1, i, AtMost(most, end - i)}, {buffer, most}, inputs, has_output,
       step);
  }
}

void JointChunks::ForParts(size_t r, size_t begin, size_t end,
                           const JointStep& step) const {
  DoParts(r, begin, end, {0, inputs_}, true, step);
}

double JointChunks::Dot(size_t r, size_t begin, size_t end,
                        DotTerms terms) const {
  const HalfGradients& halves = KernelsOf(kHalfGradients, target_);
  const bool is_product = terms != DotTerms::kSecond;
  const bool is_kept = terms == DotTerms::kKeptProducts;
  const ElementType type = x_[1].type;
  if (!is_kept && IsHalf(type) && !has_copies_ && halves.flush != nullptr) {
    const size_t half = HalfIndexOf(type);
    const size_t rest = (end - begin) % kDotBlock, behind = end - rest;
    alignas(64) uint16_t last[2][kDotBlock];
    if (rest != 0) {
      // Blocks with the remaining elements, followed by +0.
      std::memset(last, 0, sizeof(last));
      if (is_product) std::memcpy(last[0], x_[0].At(r, behind), 2 * rest);
      std::memcpy(last[1], x_[1].At(r, behind), 2 * rest);
    }
    return halves.dot[half](is_product ? x_[0].At(r, begin) : nullptr,
                            x_[1].At(r, begin), behind - begin,
                            rest == 0 ? nullptr : last);
  }
  const DotParts& dots = KernelsOf(kDotParts, target_);
  DotLanes sum{};
  if (begin < end) {
    const Inputs inputs{is_product ? size_t{0} : 1, 2};
    DoParts(r, begin, end, inputs, false, [&](const JointChunk& chunk) {
      dots.add(is_product ? chunk.x[0].data : nullptr, chunk.x[1].data,
               chunk.x[1].cols, is_kept, &sum);
    });
  }
  return dots.total(sum);
}

}  // namespace internal
}  // namespace softlane
