// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/chunks.h"
#include "fp_environment.h"
#include "kernels/half_exponentials.h"
#include "softlane/exp.h"

namespace softlane {
namespace {

// Not inlined, so that a short row does not pay for the buffer.
template <class Exp>
[[gnu::noinline]] void RunLongRows(const internal::Converter& converter,
                                   const ConstAnyRows& x, const AnyRows& y,
                                   const Exp& exp) {
  alignas(64) float buffer[internal::kPartCols];
  for (size_t r = 0; r < x.rows; ++r) {
    internal::ForParts(converter, x, y, r, buffer, exp);
  }
}

void RunChunks(const ConstAnyRows& x, const AnyRows& y, Target target) {
  const internal::Converter converter(target);
  const auto exp = [target](const internal::Chunk& chunk) {
    internal::Done(Exp(chunk.x, chunk.y, target));
  };
  if (x.cols <= internal::kMaxChunkCols) {
    return internal::ForRows(converter, x, y, exp);
  }
  RunLongRows(converter, x, y, exp);
}

// Does whole blocks of the columns if input and output have the same half type.
// Returns the number of columns done.
size_t RunBlocks(const ConstAnyRows& x, const AnyRows& y, Target target) {
  constexpr size_t kBlock = 64;
  if (x.type != y.type) return 0;
  const auto exp = internal::KernelsOf(internal::kHalfExponentials, target)
                       .exp[internal::HalfIndexOf(x.type)];
  if (exp == nullptr) return 0;
  const bool is_dense = x.stride == x.cols && y.stride == x.cols;
  if (is_dense && x.rows * x.cols % kBlock == 0) {
    exp(x.data, y.data, x.rows * x.cols);
    return x.cols;
  }
  const size_t full = x.cols / kBlock * kBlock;
  for (size_t r = 0; full != 0 && r < x.rows; ++r) {
    exp(x.At(r, 0), y.At(r, 0), full);
  }
  return full;
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const ConstAnyRows& x, const AnyRows& y,
                                  Target target) {
  const size_t done = RunBlocks(x, y, target);
  if (done == x.cols) return;
  if (done != 0) {
    return RunChunks({x.At(0, done), x.type, x.rows, x.cols - done, x.stride},
                     {y.At(0, done), y.type, y.rows, y.cols - done, y.stride},
                     target);
  }
  RunChunks(x, y, target);
}

}  // namespace

inline namespace v1 {

Status Exp(const ConstAnyRows& x, const AnyRows& y, Target target) noexcept {
  if (internal::AreFloats(x, y)) {
    return Exp(internal::FloatsOf(x), internal::FloatsOf(y), target);
  }
  if (!internal::IsPair(x.type, y.type)) return Status::kBadOption;
  if (Status s = internal::CheckAnyMap(x, y); s != Status::kOk) return s;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (x.rows == 0 || x.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  RunChecked(x, y, chosen);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
