// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/chunks.h"
#include "fp_environment.h"
#include "softlane/reduce.h"

namespace softlane {
namespace {

using internal::Chunk;
using internal::Converter;

// The largest of the maxima of a row's parts.
[[gnu::noinline]] void MaxOfLongRows(const Converter& converter,
                                     const ConstAnyRows& x, float* max,
                                     Target target) {
  alignas(64) float buffer[internal::kPartCols];
  for (size_t r = 0; r < x.rows; ++r) {
    float maxima[2];  // of all parts so far, and of the next
    internal::ForParts(
        converter, x, AnyRows(), r, buffer, [&](const Chunk& chunk) {
          internal::Done(RowMax(chunk.x, &maxima[1], target));
          if (chunk.col == 0) maxima[0] = maxima[1];
          internal::Done(
              RowMax(Rows<const float>(maxima, 1, 2), &max[r], target));
          maxima[0] = max[r];
        });
  }
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const ConstAnyRows& x, float* max,
                                  Target target) {
  const Converter converter(target);
  if (x.cols > internal::kMaxChunkCols) {
    return MaxOfLongRows(converter, x, max, target);
  }
  internal::ForRows(converter, x, AnyRows(), [&](const Chunk& chunk) {
    internal::Done(RowMax(chunk.x, max + chunk.row, target));
  });
}

}  // namespace

inline namespace v1 {

template <typename>
Status RowMax(const ConstAnyRows& x, float* max, Target target) noexcept {
  if (internal::AreFloats(x)) {
    return RowMax(internal::FloatsOf(x), max, target);
  }
  if (!internal::IsElementType(x.type)) return Status::kBadOption;
  if (Status s = internal::CheckOperandsOf(
          {internal::Operand(internal::Read(x)),
           internal::Operand(internal::WrittenVector(max, x.rows))},
          true);
      s != Status::kOk) {
    return s;
  }
  if (x.rows == 0 || x.cols == 0) {
    return RowMax(Rows<const float>(nullptr, x.rows, x.cols), max, target);
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  RunChecked(x, max, chosen);
  return Status::kOk;
}
template Status RowMax(const ConstAnyRows&, float*, Target) noexcept;

}  // namespace v1
}  // namespace softlane
