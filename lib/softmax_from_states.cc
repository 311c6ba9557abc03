// SPDX-License-Identifier: Apache-2.0
#include "cache_size.h"
#include "dispatch.h"
#include "from_states.h"
#include "kernels/large_rows.h"
#include "kernels/row_limits.h"

namespace softlane {
namespace {

using internal::BlockPasses;
using internal::ScaleParts;
using internal::StatedPart;
using internal::StateRow;

// Called through a pointer: see FpEnvironment.
void WriteProbs(const StatedPart& part, const SoftmaxOptions& options,
                Target target) {
  const internal::LargeRowKernels& kernels =
      internal::KernelsOf(internal::kLargeRowKernels, target);
  ScaleParts place;
  const ScaleParts& parts = internal::SplitScale(options.scale, place);
  const size_t n = part.x.cols;
  const bool is_streamed =
      n >= internal::kMinStreamedSoftmaxCols &&
      part.x.rows > internal::CachedElements(part.x.rows, n) / 2 / n;
  internal::ForStatedRows(
      part, parts, internal::EmptyValue(options.empty_row, false),
      [&](const StateRow& row, const float* x, float* y) {
        if (!row.plan.is_far) {
          kernels.write(x, y, n, 1.0 / row.sum, row.sum, row.plan, parts,
                        is_streamed);
          return;
        }
        const BlockPasses& passes = *kernels.blocks;
        passes.write(x, y, n, internal::kNoHole, row.plan, parts,
                     internal::LowestOf(row.plan, parts), nullptr, nullptr);
        passes.multiply(1.0 / row.sum, row.sum, n, y);
      });
}

}  // namespace

inline namespace v1 {

Status SoftmaxFromStates(const Rows<const float>& logits,
                         const SoftmaxState* states, const Rows<float>& probs,
                         const SoftmaxOptions& options,
                         Target target) noexcept {
  return internal::RunFromStates({logits, probs, states}, StateUse::kSoftmax,
                                 options, target, &WriteProbs);
}

}  // namespace v1
}  // namespace softlane
