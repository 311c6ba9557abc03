// SPDX-License-Identifier: Apache-2.0
#include "any/half_gradient_rows.h"

#include <cstdint>
#include <cstring>

#include "cache_size.h"
#include "dispatch.h"

namespace softlane {
namespace internal {
namespace {

// Shorter rows are faster in chunks, which have a loop over several rows. The
// first number is for rows of whole steps, and the second for other rows.
constexpr size_t kMinWholeCols = 128, kMinCols = 512;
static_assert(kMinWholeCols >= kGradientStep, "");

// The distance in columns between the gradients and the elements that are
// prefetched.
constexpr size_t kAheadCols = 2048;

// The row from element i on, with `n` gradients at `to`.
HalfGradientRow From(const HalfGradientRow& row, size_t i, size_t n, void* to) {
  const auto at = [i](const void* from) {
    return static_cast<const uint16_t*>(from) + i;
  };
  return {at(row.p),      at(row.dp),      to,   n, row.scale,
          at(row.next_p), at(row.next_dp), false};
}

// Elements before the first whole cache line and after the last whole step are
// computed in steps of their own, which may overlap other steps. In place,
// these steps are computed before dx is written, because dx is p or dp. No
// cache line is stored both past the caches and through them.
void WriteRow(WriteHalfGradients* write, const HalfGradientRow& row,
              size_t bytes, double dot) {
  constexpr size_t kLine = 64;
  alignas(kLine) char first[kGradientStep * sizeof(float)], last[sizeof(first)];
  char* const dx = static_cast<char*>(row.dx);
  const size_t past = reinterpret_cast<uintptr_t>(dx) % kLine;
  const size_t begin = row.is_streamed ? (kLine - past) % kLine / bytes : 0;
  const size_t rest = (row.n - begin) % kGradientStep;
  const size_t end = row.n - rest, last_step = row.n - kGradientStep;
  const bool is_copied =
      rest != 0 && (row.is_streamed || dx == row.p || dx == row.dp);
  if (begin != 0) write(From(row, 0, kGradientStep, first), dot);
  if (rest != 0) {
    void* const to = is_copied ? last : dx + last_step * bytes;
    write(From(row, last_step, kGradientStep, to), dot);
  }
  HalfGradientRow steps = From(row, begin, end - begin, dx + begin * bytes);
  steps.is_streamed = row.is_streamed;
  write(steps, dot);
  if (begin != 0) std::memcpy(dx, first, begin * bytes);
  if (is_copied) {
    std::memcpy(dx + end * bytes, last + (kGradientStep - rest) * bytes,
                rest * bytes);
  }
}

// The pass of a call, or null.
WriteHalfGradients* PassOf(const HalfGradientsCall& call, bool is_log,
                           const HalfGradients& halves) {
  const ElementType in = call.p.type, out = call.dx.type;
  const size_t n = call.p.cols;
  const size_t min = n % kGradientStep == 0 ? kMinWholeCols : kMinCols;
  if (!IsHalf(in) || n < min) return nullptr;
  const size_t half = HalfIndexOf(in);
  if (in == out) return is_log ? halves.write_log[half] : halves.write[half];
  return is_log ? nullptr : halves.write_floats[half];
}

// Whether the gradients are stored past the caches. If the elements are not
// aligned, no vector of the row can be aligned.
bool IsStreamed(const HalfGradientsCall& call) {
  const size_t size = SizeOf(call.dx.type);
  if (reinterpret_cast<uintptr_t>(call.dx.data) % size != 0) return false;
  const size_t rows = call.p.rows, cols = call.p.cols;
  const size_t bytes = 2 * SizeOf(call.p.type) + size;
  const bool is_in_place =
      call.dx.data == call.p.data || call.dx.data == call.dp.data;
  const size_t cached = sizeof(float) * CachedElements(rows, cols);
  return !is_in_place && rows > cached / bytes / cols;
}

}  // namespace

bool RunHalfGradientRows(const HalfGradientsCall& call,
                         const JointChunks& chunks, bool is_log) {
  const HalfGradients& halves = KernelsOf(kHalfGradients, call.target);
  const ConstAnyRows &p = call.p, &dp = call.dp;
  const AnyRows& dx = call.dx;
  const size_t n = p.cols, rows = p.rows;
  WriteHalfGradients* const write = PassOf(call, is_log, halves);
  if (write == nullptr) return false;
  const bool is_streamed = IsStreamed(call);
  const size_t ahead = 1 + kAheadCols / n;
  const bool is_whole = n % kGradientStep == 0;
  const auto dot_of = [&](size_t r) {
    if (is_whole) {
      return halves.dot[HalfIndexOf(p.type)](is_log ? nullptr : p.At(r, 0),
                                             dp.At(r, 0), n, nullptr);
    }
    return chunks.Dot(r, 0, n,
                      is_log ? DotTerms::kSecond : DotTerms::kProducts);
  };
  // The gradients of a row do not wait for its dot product if that of the next
  // row is computed before them.
  const bool runs_ahead = n <= kAheadCols;
  double next_dot = dot_of(0);
  for (size_t r = 0; r < rows; ++r) {
    const double dot = runs_ahead || r == 0 ? next_dot : dot_of(r);
    if (runs_ahead && rows - r > 1) next_dot = dot_of(r + 1);
    const size_t next = rows - r > ahead ? r + ahead : r;
    const HalfGradientRow row = {
        p.At(r, 0), dp.At(r, 0),   dx.At(r, 0),    n,
        call.scale, p.At(next, 0), dp.At(next, 0), is_streamed};
    if (is_whole && !is_streamed) {
      write(row, dot);
    } else {
      WriteRow(write, row, SizeOf(dx.type), dot);
    }
  }
  if (is_streamed) halves.flush();
  return true;
}

}  // namespace internal
}  // namespace softlane
