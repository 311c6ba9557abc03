// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/chunks.h"
#include "fp_environment.h"
#include "softlane/exp.h"

namespace softlane {
namespace {

// Not inlined: a short row does not pay for the buffer.
template <class Exp>
[[gnu::noinline]] void RunLongRows(const internal::Converter& converter,
                                   const ConstAnyRows& x, const AnyRows& y,
                                   const Exp& exp) {
  alignas(64) float buffer[internal::kPartCols];
  for (size_t r = 0; r < x.rows; ++r) {
    internal::ForParts(converter, x, y, r, buffer, exp);
  }
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const ConstAnyRows& x, const AnyRows& y,
                                  Target target) {
  const internal::Converter converter(target);
  const auto exp = [target](const internal::Chunk& chunk) {
    internal::Done(Exp(chunk.x, chunk.y, target));
  };
  if (x.cols <= internal::kMaxChunkCols) {
    return internal::ForRows(converter, x, y, exp);
  }
  RunLongRows(converter, x, y, exp);
}

}  // namespace

inline namespace v1 {

Status Exp(const ConstAnyRows& x, const AnyRows& y, Target target) noexcept {
  if (!internal::IsPair(x.type, y.type)) return Status::kBadOption;
  if (internal::AreFloats(x.type, y.type)) {
    return Exp(internal::FloatsOf(x), internal::FloatsOf(y), target);
  }
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
