// SPDX-License-Identifier: Apache-2.0
#include "any/any_softmax.h"

#include "any/any_check.h"
#include "any/chunks.h"
#include "fp_environment.h"
#include "schedules/softmax_batches.h"

// Rows of at most kMaxChunkCols columns are done in chunks. The exp values of a
// longer row fit only in an output of floats. For other outputs, the row is
// read into a state part by part, and then each part is computed from the
// state.

namespace softlane {
namespace internal {
namespace {

Status CheckCall(const SoftmaxFunctions& floats, const ConstAnyRows& x,
                 const AnyRows& y, float* logsumexp) {
  return CheckOperandsOf(
      {InputBeside(x, y.type), OutputBeside(y, x.type),
       Operand(WrittenVector(logsumexp, floats.has_logsumexp ? x.rows : 0))},
      floats.from_states == nullptr || HaveSameShape(x, y));
}

bool HasCopies(const AnySoftmaxCall& call) {
  return call.x.IsCopied() || call.y.IsCopied();
}

float* LogOf(const AnySoftmaxCall& call, size_t row) {
  return call.logsumexp == nullptr ? nullptr : call.logsumexp + row;
}

void RunShortRows(const SoftmaxFunctions& floats, const AnySoftmaxCall& call,
                  const Converter& converter) {
  ForRows(converter, call.x, call.y, [&](const Chunk& chunk) {
    Done(floats.rows(chunk.x, chunk.y, LogOf(call, chunk.row), call.options,
                     call.target));
  });
}

void RunRowsInOutput(const SoftmaxFunctions& floats, const AnySoftmaxCall& call,
                     const Converter& converter) {
  for (size_t r = 0; r < call.x.rows; ++r) {
    const Rows<float> row = FloatsOf(call.y.Slice(r, 1));
    const Rows<const float> x =
        converter.Widened(call.x, r, 1, 0, call.x.cols, row.data);
    Done(floats.rows(x, row, LogOf(call, r), call.options, call.target));
  }
}

// `buffer` has kPartCols elements.
void RunInParts(const SoftmaxFunctions& floats, const AnySoftmaxCall& call,
                const Converter& converter, float* buffer) {
  const float scale = call.options.scale;
  for (size_t r = 0; r < call.x.rows; ++r) {
    SoftmaxState state{};
    ForParts(converter, call.x, AnyRows(), r, buffer, [&](const Chunk& chunk) {
      Done(UpdateStates(chunk.x, chunk.col, &state, {scale, floats.use},
                        call.target));
    });
    if (call.logsumexp != nullptr) {
      Done(LogSumExp(&state, 1, call.logsumexp + r, scale, call.target));
    }
    if (floats.from_states == nullptr) continue;
    ForParts(converter, call.x, call.y, r, buffer, [&](const Chunk& chunk) {
      Done(floats.from_states(chunk.x, &state, chunk.y, call.options,
                              call.target));
    });
  }
}

[[gnu::noinline]] void RunLongRows(const SoftmaxFunctions& floats,
                                   const AnySoftmaxCall& call,
                                   const Converter& converter) {
  alignas(64) float buffer[kPartCols];
  RunInParts(floats, call, converter, buffer);
}

// Rows [first, first + count) of a call.
struct ChunkedCall {
  const SoftmaxFunctions& floats;
  const AnySoftmaxCall& call;
  const Converter& converter;
};
void RunChunks(const void* context, size_t first, size_t count, float* places) {
  const auto& all = *static_cast<const ChunkedCall*>(context);
  const AnySoftmaxCall& call = all.call;
  const ConstLines x = call.x.Slice(first, count);
  const Lines y = call.y.Slice(first, count);
  if (places == nullptr) {
    return RunRowsInOutput(
        all.floats, {x, y, nullptr, call.options, call.target}, all.converter);
  }
  if (x.cols > kMaxChunkCols) {
    return RunInParts(all.floats, {x, y, nullptr, call.options, call.target},
                      all.converter, places);
  }
  const size_t place = PlaceCols(x.cols);
  const Buffers buffers = {places, places + place, place};
  ForRowsIn(buffers, all.converter, x, y, [&](const Chunk& chunk) {
    Done(all.floats.rows(chunk.x, chunk.y, nullptr, call.options, call.target));
  });
}
bool RunHalf(const SoftmaxFunctions& floats, const AnySoftmaxCall& call,
             const Converter& converter) {
  if (floats.half_rows == nullptr || HasCopies(call)) return false;
  ScaleParts place;
  const ChunkedCall all{floats, call, converter};
  return floats.half_rows(call.x, call.y, SplitScale(call.options.scale, place),
                          call.target, {&RunChunks, &all});
}

// Does rows by the functions of floats.
void RunOthers(const SoftmaxFunctions& floats, const AnySoftmaxCall& call,
               const Converter& converter) {
  if (call.x.cols <= kMaxChunkCols) {
    RunShortRows(floats, call, converter);
  } else if (call.y.data != nullptr && !call.y.IsCopied() &&
             !IsHalf(call.y.type)) {
    RunRowsInOutput(floats, call, converter);
  } else {
    RunLongRows(floats, call, converter);
  }
}

// After each failure, twice as many rows are done by the functions of floats.
// Not inlined: its buffers would grow the stack frame of other calls.
[[gnu::noinline]] void RunFirstRows(const SoftmaxFunctions& floats,
                                    const AnySoftmaxCall& call,
                                    const Converter& converter) {
  ScaleParts place;
  const ScaleParts& parts = SplitScale(call.options.scale, place);
  const size_t rows = call.x.rows;
  size_t at_once = call.x.cols <= kMaxBatchCols ? kSmallBatchRows : 1;
  for (size_t r = 0;;) {
    const size_t left = rows - r;
    r += floats.first_rows(call.x.Slice(r, left), call.y.Slice(r, left), parts,
                           call.target);
    if (r == rows) return;
    const size_t count = rows - r < at_once ? rows - r : at_once;
    RunOthers(floats,
              {call.x.Slice(r, count), call.y.Slice(r, count), nullptr,
               call.options, call.target},
              converter);
    r += count;
    if (r == rows) return;
    at_once *= 2;
  }
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const SoftmaxFunctions& floats,
                                  const AnySoftmaxCall& call) {
  const Converter converter(call.target);
  const ConstLines& x = call.x;
  if (floats.are_first_rows != nullptr && !HasCopies(call) &&
      floats.are_first_rows(x.rows, x.cols, x.type, call.y.type, call.target)) {
    return RunFirstRows(floats, call, converter);
  }
  if (!RunHalf(floats, call, converter)) RunOthers(floats, call, converter);
}

}  // namespace

void RunLines(const SoftmaxFunctions& floats,
              const AnySoftmaxCall& call) noexcept {
  const ConstLines& x = call.x;
  if (AreFloats(x, call.y) && !HasCopies(call)) {
    return Done(floats.rows(FloatsOf(x), FloatsOf(call.y), call.logsumexp,
                            call.options, call.target));
  }
  if (x.cols == 0) {
    return Done(floats.rows({nullptr, x.rows, 0}, {nullptr, x.rows, 0},
                            call.logsumexp, call.options, call.target));
  }
  const FpEnvironment environment;
  RunChecked(floats, call);
}

Status RunAny(const SoftmaxFunctions& floats, const ConstAnyRows& x,
              const AnyRows& y, float* logsumexp, const SoftmaxOptions& options,
              Target target) noexcept {
  if (!IsPair(x.type, y.type)) return Status::kBadOption;
  if (Status s = CheckCall(floats, x, y, logsumexp); s != Status::kOk) {
    return s;
  }
  if (x.rows == 0 || x.cols == 0) {
    return floats.rows({nullptr, x.rows, x.cols}, {nullptr, x.rows, x.cols},
                       logsumexp, options, target);
  }
  // To check the other arguments, the function of floats is called without
  // rows.
  if (Status s = floats.rows({}, {}, nullptr, options, target);
      s != Status::kOk) {
    return s;
  }
  const FpEnvironment environment;
  RunChecked(floats, {x, y, logsumexp, options, Resolve(target)});
  return Status::kOk;
}

}  // namespace internal
}  // namespace softlane
