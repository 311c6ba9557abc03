// SPDX-License-Identifier: Apache-2.0
#include "softlane/reduce.h"

#include <cstring>

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/row_passes.h"

namespace softlane {
namespace {

// Up to this many elements are compared as integers, which need no
// FpEnvironment. Setting the control register and restoring it would take
// longer than the comparisons.
constexpr size_t kMaxFew = 8;

// The bits of floats from +0 on, as signed integers, have the order of the
// floats. The bits of floats below +0 have the reverse order. A NaN is beyond
// an infinity.
void MaxOfFew(const Rows<const float>& x, float* max) {
  constexpr uint32_t kPlusInfinity = 0x7F800000u, kMinusInfinity = 0xFF800000u;
  for (size_t r = 0; r < x.rows; ++r) {
    const float* const row = x.Row(r);
    int32_t largest = INT32_MIN, least = INT32_MAX;
    uint32_t most = 0;
    for (size_t i = 0; i < x.cols; ++i) {
      __asm__ volatile("");  // see KeepLoop in one_column.cc
      const uint32_t bits = internal::BitsOf(row[i]);
      const int32_t value = static_cast<int32_t>(bits);
      largest = value > largest ? value : largest;
      least = value < least ? value : least;
      most = bits > most ? bits : most;
    }
    // Among negative floats, the least integer is the largest float. A result
    // of -0 becomes +0.
    int32_t bits = largest;
    if (bits < 0) bits = least == INT32_MIN ? 0 : least;
    const bool has_nan =
        most > kMinusInfinity ||
        (bits >= 0 && static_cast<uint32_t>(bits) > kPlusInfinity);
    if (has_nan) bits = 0x7FC00000;
    std::memcpy(max + r, &bits, sizeof(bits));
  }
}

}  // namespace

inline namespace v1 {

Status RowMax(const Rows<const float>& x, float* max, Target target) noexcept {
  if (Status s = internal::CheckOperands(true, internal::Read(x),
                                         internal::WrittenVector(max, x.rows));
      s != Status::kOk) {
    return s;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (x.cols == 0) {
    internal::FillMinusInfinity(max, x.rows);
    return Status::kOk;
  }
  if (x.rows <= kMaxFew && x.cols <= kMaxFew && x.rows * x.cols <= kMaxFew) {
    MaxOfFew(x, max);
    return Status::kOk;
  }
  const internal::RowKernels& kernels =
      internal::KernelsOf(internal::kRowKernels, chosen);
  const internal::FpEnvironment environment;
  kernels.max_of_rows(x, max);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
