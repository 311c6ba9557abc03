// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/chunks.h"
#include "arith/state.h"
#include "fp_environment.h"
#include "kernels/topk.h"
#include "softlane/softmax_state.h"
#include "softlane/softmax_topk.h"
#include "topk_results.h"

namespace softlane {
namespace {

using internal::Chunk;
using internal::Converter;
using internal::Done;

struct Call {
  const ConstAnyRows& x;
  size_t k;
  const Rows<float>& y;
  const Rows<int32_t>& columns;
  const SoftmaxTopKOptions& options;
  Target target;
};

[[gnu::noinline]] void RunLongRows(const Call& call,
                                   const Converter& converter) {
  const internal::TopKKernels& kernels =
      internal::KernelsOf(internal::kTopKKernels, call.target);
  alignas(64) float buffer[internal::kPartCols];
  internal::TopLogits top;
  for (size_t r = 0; r < call.x.rows; ++r) {
    SoftmaxState state{};
    internal::ForParts(
        converter, call.x, AnyRows(), r, buffer, [&](const Chunk& part) {
          Done(UpdateStates(part.x, part.col, &state,
                            {call.options.scale, StateUse::kSoftmax},
                            call.target));
          // Once a NaN has been read, the selection does not matter.
          if (state.max_key > internal::kKeyOfInfinity) return;
          kernels.select(part.x.data, part.col, part.x.cols, call.k, top);
        });
    internal::WriteTopKOfState(state, top, call.k, call.options, call.target,
                               call.y.Row(r), call.columns.Row(r));
  }
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const Call& call) {
  const Converter converter(call.target);
  if (call.x.cols > internal::kMaxChunkCols) {
    return RunLongRows(call, converter);
  }
  internal::ForRows(converter, call.x, AnyRows(), [&](const Chunk& chunk) {
    const size_t rows = chunk.x.rows;
    Done(SoftmaxTopK(chunk.x, call.k, call.y.Slice(chunk.row, rows),
                     call.columns.Slice(chunk.row, rows), call.options,
                     call.target));
  });
}

}  // namespace

inline namespace v1 {

template <typename>
Status SoftmaxTopK(const ConstAnyRows& logits, size_t k,
                   const Rows<float>& top_probs, const Rows<int32_t>& indices,
                   const SoftmaxTopKOptions& options, Target target) noexcept {
  if (internal::AreFloats(logits)) {
    return SoftmaxTopK(internal::FloatsOf(logits), k, top_probs, indices,
                       options, target);
  }
  if (!internal::IsElementType(logits.type)) return Status::kBadOption;
  if (Status s = internal::CheckOperandsOf(
          {internal::Operand(internal::Read(logits)),
           internal::Operand(internal::Written(top_probs)),
           internal::Operand(internal::Written(indices))},
          internal::HaveShapesOfTopK(logits.rows, logits.cols, k, top_probs,
                                     indices));
      s != Status::kOk) {
    return s;
  }
  // To check the other arguments, the function of floats is called without
  // rows.
  if (Status s = SoftmaxTopK(Rows<const float>(nullptr, 0, logits.cols), k,
                             Rows<float>(nullptr, 0, k),
                             Rows<int32_t>(nullptr, 0, k), options, target);
      s != Status::kOk) {
    return s;
  }
  if (logits.rows == 0 || k == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  RunChecked(
      {logits, k, top_probs, indices, options, internal::Resolve(target)});
  return Status::kOk;
}
template Status SoftmaxTopK(const ConstAnyRows&, size_t, const Rows<float>&,
                            const Rows<int32_t>&, const SoftmaxTopKOptions&,
                            Target) noexcept;

}  // namespace v1
}  // namespace softlane
