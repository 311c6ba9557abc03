// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/attention_tile_rows.h"
#include "attention_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "schedules/state_rows.h"
#include "softlane/attention_tile.h"

// The checks of a tile, and the choice of how its rows are done.

namespace softlane {
namespace {

using internal::Operand;

// The options that no operand is: kOk or kBadOption. Gives the position of the
// first query from the tile's first key on.
Status CheckOptions(const AttentionTileOptions& options, size_t rows,
                    size_t cols, int64_t& first_query) {
  AttentionOptions attention = options.attention;
  attention.lengths = nullptr;
  if (attention.sinks != nullptr ||
      options.first_key > static_cast<size_t>(INT64_MAX) ||
      __builtin_sub_overflow(attention.first_query,
                             static_cast<int64_t>(options.first_key),
                             &first_query)) {
    return Status::kBadOption;
  }
  const int32_t* const lengths = options.attention.lengths;
  for (size_t r = 0; lengths != nullptr && r < rows; ++r) {
    if (lengths[r] < 0) return Status::kBadOption;
  }
  return internal::CheckAttentionOptions(attention, rows, cols);
}

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
  AttentionOptions of_tile = attention;
  if (Status s = CheckOptions(options, rows, scores.cols, of_tile.first_query);
      s != Status::kOk) {
    return s;
  }
  if (internal::HaveOtherUse(states, rows, StateUse::kSoftmax)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (scores.cols == 0) {
    for (size_t r = 0; r < rows; ++r) shifts[r] = 0;
    return Status::kOk;
  }
  of_tile.lengths = nullptr;
  const internal::FpEnvironment environment;
  const internal::AnyAttention tile{x, exps, nullptr, of_tile, chosen};
  const internal::KeyRanges ranges(of_tile, scores.cols);
  internal::RunTileRows({tile, ranges, attention.lengths, options.first_key,
                         states, shifts, options.round_exps},
                        0, rows);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
