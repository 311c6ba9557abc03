// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/attention_tile_rows.h"
#include "attention_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "schedules/state_rows.h"
#include "softlane/attention_tile.h"

// AttentionTile: its checks, and the choice of the passes.

namespace softlane {
namespace {

using internal::Operand;

}  // namespace

inline namespace v1 {

Status AttentionTile(const Rows<const float>& scores, SoftmaxState* states,
                     const AnyRows& exps, int32_t* shifts,
                     const AttentionTileOptions& options,
                     Target target) noexcept {
  using internal::Optional;
  using internal::Read;
  using internal::ReadVector;
  using internal::WrittenVector;
  constexpr ElementType kFloat = ElementType::kFloat32;
  const size_t rows = scores.rows;
  const AttentionOptions& attention = options.attention;
  if (!internal::IsElementType(exps.type) ||
      !internal::IsBiasBeside(attention.bias, kFloat, exps.type)) {
    return Status::kBadOption;
  }
  const ConstAnyRows x(scores);
  if (Status s = internal::CheckOperandsOf(
          {internal::InputBeside(x, exps.type),
           Operand(WrittenVector(states, rows)),
           internal::OutputBeside(exps, kFloat),
           Operand(WrittenVector(shifts, rows)),
           Operand(Optional(Read(attention.bias))),
           Operand(Optional(Read(attention.keep))),
           Operand(Optional(ReadVector(attention.lengths, rows)))},
          internal::HaveSameShape(scores, exps) &&
              internal::MasksHaveShapeOf(scores, attention));
      s != Status::kOk) {
    return s;
  }
  AttentionOptions of_tile;
  if (Status s = internal::CheckTileOptions(options, rows, of_tile);
      s != Status::kOk) {
    return s;
  }
  if (attention.sinks != nullptr ||
      internal::HaveOtherUse(states, rows, StateUse::kSoftmax)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (scores.cols == 0) {
    for (size_t r = 0; r < rows; ++r) shifts[r] = 0;
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  const internal::AnyAttention tile{x, exps, nullptr, of_tile, chosen};
  const internal::TileKeys keys{internal::KeyRanges(of_tile, scores.cols),
                                attention.lengths, options.first_key};
  internal::RunTileRows({tile, keys, states, shifts, options.round_exps});
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
