// SPDX-License-Identifier: Apache-2.0

// Rows of softmax whose numerators wait for their division.

#if defined(SOFTLANE_LIB_WAITING_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_WAITING_ROWS_INL_H_
#undef SOFTLANE_LIB_WAITING_ROWS_INL_H_
#else
#define SOFTLANE_LIB_WAITING_ROWS_INL_H_
#endif

#include "kernels/stream-inl.h"
#include "softmax_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Where they do.
enum class Places {
  kOutput,    // in the output
  kScratch,   // on the stack: the output is the input, which may be read again
  kStreamed,  // on the stack, from where quotients go past the caches
};

// A row's numerators that wait for their division, if n is not 0, and where the
// quotients go.
struct Waiting {
  const float* from;
  float* to;
  size_t n;
  double sum;
  bool has_tiny;     // quotients below 2^-126
  bool is_streamed;  // past the caches
};

// Its quotients in [start, n), from the end, a block at a time.
template <class Probabilities>
HWY_INLINE void WriteQuotients(const Probabilities& quotients, size_t start,
                               const Waiting& row) {
  constexpr size_t kBlock = 2048;
  for (size_t end = row.n; end != start;) {
    const size_t begin = end - start > kBlock ? end - kBlock : start;
    const MappedRow<Probabilities> terms{quotients, row.from + begin};
    if (row.is_streamed) {
      StreamTerms(terms, row.to + begin, end - begin, NextRow{});
    } else {
      StoreTerms(terms, row.to + begin, end - begin);
    }
    end = begin;
  }
}
HWY_NOINLINE void DivideFrom(size_t start, Waiting& row) {
  const Probabilities quotients(ReciprocalOf(row.sum));
  if (row.has_tiny) {
    WriteQuotients(quotients, start, row);
  } else {
    WriteQuotients(UsualProbabilities{quotients}, start, row);
  }
  row.n = 0;
}

// Rows of fewer columns are divided beside the row after the next, whose sweep
// need not wait for their sum; longer ones beside the next, since they would
// leave the first cache.
constexpr size_t kMinNextCols = 1280;

// Up to two rows whose numerators wait for their division.
class WaitingRows {
 public:
  // Rows have at most `cols` elements. `scratch` has 2 * kMaxStreamedCols, or
  // is null: then numerators wait in the output, also in place.
  HWY_INLINE WaitingRows(size_t cols, float* scratch)
      : distance_(cols < kMinNextCols ? 2 : 1), scratch_(scratch) {}

  // The row that waits where row r will.
  HWY_INLINE Waiting& SlotOf(size_t r) { return slots_[r & (distance_ - 1)]; }
  // Where row r's numerators wait: no other row's that does.
  HWY_INLINE float* PlaceOf(size_t r, float* to, size_t n) const {
    if (scratch_ == nullptr || n > kMaxStreamedCols) return to;
    static_assert(3 * kMinNextCols <= 2 * kMaxStreamedCols, "three places");
    return scratch_ +
           (distance_ == 2 ? r % 3 * kMinNextCols : r % 2 * kMaxStreamedCols);
  }
  HWY_INLINE Waiting* begin() { return slots_; }
  HWY_INLINE Waiting* end() { return slots_ + 2; }

 private:
  const size_t distance_;  // from a row to the one that is divided beside it
  float* const scratch_;
  Waiting slots_[2] = {};
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_WAITING_ROWS_INL_H_
