// SPDX-License-Identifier: Apache-2.0

// The steps of one row of a batch of short rows: its sum, and its
// probabilities.

#if defined(SOFTLANE_LIB_KERNELS_BATCH_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_BATCH_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_BATCH_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_BATCH_ROWS_INL_H_
#endif

#include <type_traits>

#include "arith/fold_rows-inl.h"
#include "arith/probability-inl.h"
#include "arith/sum-inl.h"
#include "arith/word_sum-inl.h"
#include "kernels/short_rows.h"
#include "kernels/stream-inl.h"

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::Batch;
using internal::kBatchRows;
using internal::Writing;

static_assert(kBatchRows % kLanes == 0, "a row per lane");

// A row of up to 64 elements has so few vectors that a loop over them would be
// mostly branches. So their number is a template parameter: the number of 16s
// in the row, of which the last may be partial. 0 means any number, and a loop.
// If kVectors is not 0, the row is this number of whole vectors, which need no
// mask.
template <size_t k16sValue, size_t kVectorsValue = 0>
struct Shape {
  static constexpr size_t k16s = k16sValue;
  static constexpr size_t kVectors = kVectorsValue;
};
using AnyShape = Shape<0>;
// AnyShape for rows of so few vectors that a loop over four vectors is mostly
// branches.
struct NarrowShape : AnyShape {};
// Any number of blocks of a sum, of which the last has more than three 16s.
// With 16 lanes, 64 x 128 takes 4 % less time with this shape on Zen 5.
struct BlocksShape : AnyShape {};

// Calls with_shape(Shape()) for a row of n elements.
template <class WithShape>
HWY_INLINE void ChooseShape(size_t n, const WithShape& with_shape) {
  if constexpr (kLanes == 16) {
    if (n > 64 && (n - 1) % kSumBlock >= 48) return with_shape(BlocksShape());
  }
  if (n > 64) return with_shape(AnyShape());
  if (n > 48) return with_shape(Shape<4>());
  if (n > 32) return with_shape(Shape<3>());
  if (n > 16) return with_shape(Shape<2>());
  with_shape(Shape<1>());
}

// With AVX-512, the mask of the last vector of all rows. GCC would make it for
// each row, which takes 4 % of the time of 64 x 64 and of 64 x 100 on Zen 5.
// Other targets make a mask from the number of elements.
class RowEnd {
 public:
#if HWY_TARGET == HWY_AVX3
  HWY_INLINE explicit RowEnd(size_t n)
      : mask_(hn::FirstN(F32(), (n - 1) % 16 + 1)) {
    __asm__("" : "+Yk"(mask_.raw));
  }
  HWY_INLINE VF Keep(VF v, size_t) const {
    return hn::IfThenElseZero(mask_, v);
  }

 private:
  hn::Mask<F32> mask_;
#else
  HWY_INLINE explicit RowEnd(size_t) {}
  static HWY_INLINE VF Keep(VF v, size_t count) { return KeepFirst(v, count); }
#endif
};

// The sums of rows, as LaneSum has them.
class BatchSums {
 public:
  HWY_INLINE BatchSums() {}  // not the compiler's: it has no target attribute

  // Sets the sum of the n terms of row r, which are read up to PaddedCols(n).
  template <class Shape>
  HWY_INLINE void Set(size_t r, const float* terms, size_t n,
                      const RowEnd& row_end) {
    if constexpr (Shape::kVectors != 0) {
      const VD lanes = LaneSum::FoldedBlock<Shape::kVectors>(
          [&](size_t k) HWY_ATTR { return Load(terms + k * kLanes); });
      return hn::Store(lanes, F64(), lanes_ + r * kF64Lanes);
    } else if constexpr (Shape::k16s != 0) {
      constexpr size_t kWhole = (Shape::k16s - 1) * 16 / kLanes;
      constexpr size_t kAll = Shape::k16s * 16 / kLanes;
      const VD lanes = LaneSum::FoldedBlock<kAll>([&](size_t k) HWY_ATTR {
        const VF v = Load(terms + k * kLanes);
        if (k < kWhole) return v;
        return row_end.Keep(v, HWY_MIN(n - HWY_MIN(k * kLanes, n), kLanes));
      });
      return hn::Store(lanes, F64(), lanes_ + r * kF64Lanes);
    }
    LaneSum sum;
    for (; n > kSumBlock; n -= kSumBlock, terms += kSumBlock) {
      sum.AddBlock([&](size_t k) HWY_ATTR { return LoadFour(terms + k, 16); });
    }
    const size_t k16s = std::is_same_v<Shape, BlocksShape> ? 4 : (n + 15) / 16;
    const size_t count = n - (k16s - 1) * 16;
    VF folded[LaneSum::kFoldedVectors];
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
      const size_t skipped = HWY_MIN(k * kLanes, count);
      folded[k] = Folded(terms + k * kLanes, k16s,
                         HWY_MIN(count - skipped, kLanes), row_end);
    }
    sum.AddFolded(folded);
    hn::Store(sum.Folded(), F64(), lanes_ + r * kF64Lanes);
  }
#if HWY_TARGET == HWY_AVX2
  // Sets the sum of n terms in words, whole blocks: see Batch.
  HWY_INLINE void SetWords(size_t r, const float* terms, size_t n) {
    WordSum sum;
    for (; n != 0; n -= kSumBlock, terms += kSumBlock) sum.AddBlock(terms);
    hn::Store(sum.Folded(), F64(), lanes_ + r * kF64Lanes);
  }
#endif
  // Copies the first row's sum to lanes of the last vector that have no row.
  HWY_INLINE void SetMissing(size_t first) {
    const VD lanes = hn::Load(F64(), lanes_);
    for (size_t r = first; r % kLanes != 0; ++r) {
      hn::Store(lanes, F64(), lanes_ + r * kF64Lanes);
    }
  }

  // The sums of rows from row r on, as many as a vector of doubles has lanes.
  HWY_INLINE VD Of(size_t r) const {
    const StoredRows<F64> rows{lanes_ + r * kF64Lanes};
    return FoldRows(F64(), rows, Plus());
  }

 private:
  static constexpr size_t kF64Lanes = hn::MaxLanes(F64());

  // The folded terms of k16s vectors. The last vector has `count` terms.
  static HWY_INLINE VF Folded(const float* terms, size_t k16s, size_t count,
                              const RowEnd& row_end) {
    return FoldFour(k16s, [&](size_t j) HWY_ATTR {
      const VF v = Load(terms + 16 * j);
      return j + 1 == k16s ? row_end.Keep(v, count) : v;
    });
  }

  HWY_ALIGN double lanes_[kBatchRows * kF64Lanes];
};

// The probabilities of a row.
template <Writing kWriting>
struct RowWriter {
  HWY_INLINE RowWriter(const Batch& batch, size_t r, const float* e, float* to)
      : head(Set(batch.head[r])),
        rest(Set(batch.rest[r])),
        least(Set(batch.least[r])),
        e(e),
        to(to) {}

  template <class Shape>
  HWY_INLINE void WriteAll(size_t n) const {
    if constexpr (Shape::kVectors != 0) {
      for (size_t k = 0; k < Shape::kVectors; ++k) Write(k * kLanes);
      return;
    }
    // A row of 16 elements is whole with its mask, too.
    const bool is_part =
        (Shape::k16s == 1 && kLanes == 16) || Unknown(n) < kLanes;
    constexpr bool kHasBlocks = std::is_same_v<Shape, BlocksShape>;
    if (!kHasBlocks && Shape::k16s <= 1 && is_part) {
      return StoreFirst(Of(KeepFirst(Load(e), n)), to, n);
    }
    // The last vector may overlap the vector before it, and writes the same
    // probabilities again.
    const size_t end = n - kLanes;
    if constexpr (kHasBlocks) {
      for (size_t i = 0; i < n; i += 4 * kLanes) {
        for (size_t k = 0; k < 3; ++k) Write(i + k * kLanes);
        Write(HWY_MIN(i + 3 * kLanes, end));
      }
      return;
    } else if constexpr (Shape::k16s == 0) {
      size_t i = 0;
      if constexpr (!std::is_same_v<Shape, NarrowShape>) {
        for (; end - i >= 4 * kLanes; i += 4 * kLanes) {
          for (size_t k = 0; k < 4; ++k) Write(i + k * kLanes);
        }
      }
      for (; i < end; i += kLanes) Write(i);
    } else {
      constexpr size_t kLast = (Shape::k16s - 1) * 16;
      for (size_t k = 0; k < kLast; k += kLanes) Write(k);
      for (size_t k = kLast; k < kLast + 16 - kLanes; k += kLanes) {
        Write(HWY_MIN(k, end));
      }
    }
    Write(end);
  }

  HWY_INLINE VF Of(VF v) const {
    if constexpr (kWriting == Writing::kTiny) {
      return ProbabilityOf(v, head, rest, least);
    } else {
      return ProbabilityNotTiny(v, head, rest);
    }
  }
  HWY_INLINE void Write(size_t i) const {
    const VF prob = Of(InRegister(Load(e + i)));
    Store(prob, to + i);
  }

  VF head, rest, least;
  const float* e;
  float* to;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_BATCH_ROWS_INL_H_
