// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_FAR_PLAN_H_
#define SOFTLANE_LIB_ARITH_FAR_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "arith/plan.h"

// The exponents of logits whose product with l = scale * log2(e) is beyond the
// direct limit, or whose scale is so large or small that two floats do not hold
// l. Such rows are rare. They are far rows: see IsDirect.
//
// An element is reduced by itself, whatever the rest of its row: x l is a
// number of eighths of an octave and a rest f, as in exp-inl.h. l is the sum of
// three doubles. The first two have 28 bits, so their products with a float
// are exact. The eighths are those of x l1 + x l2; the rest is
//   f = ((x l1 - eighths) + x l2) + x l3,
// where the first two steps are exact. l is exact to 2^-80, so f is exact to
// 2^-46 up to kMostOctaves, and rounded to float once.
//
// Beyond kMostOctaves, two different floats are 512 octaves apart, or more. So
// only the maximum of a block and its copies count, and each counts like an
// element without a rest. The sum of such a block counts from an exponent that
// is not that of the maximum. But these exponents have the order of the maxima,
// and are also far apart.
//
// So the exp value of an element depends on the element and on the scale only,
// up to a power of two. Therefore parts of rows can be added exactly: see
// exact_sum.h.

namespace softlane {
namespace internal {

struct FarParts {
  double l1, l2, l3;
};

constexpr double kMostOctaves = 0x1p33;
// The exp value of a maximum beyond kMostOctaves.
constexpr float kFarPeak = 0x1.16747cp4f;

// The exponent of a maximum beyond kMostOctaves. Such exponents have the order
// of the maxima, are 4096 or more apart, and are far from the exponents of
// other rows.
inline double ExponentBeyondMost(float max) {
  uint32_t bits;
  std::memcpy(&bits, &max, sizeof(bits));
  const double size = 0x1p44 + static_cast<double>(bits & 0x7FFFFFFFu) * 4096;
  return (bits >> 31) != 0 ? -size : size;
}

// The numbers that exp values of up to kFarLanes rows are computed with, a row
// per lane. Direct lanes get the exp values of exp-inl.h, by these offsets.
constexpr size_t kFarLanes = 16;
struct FarLanes {
  FarParts parts;
  bool has_direct;
  alignas(64) double exponent[kFarLanes];
  float max[kFarLanes];
  float lowest[kFarLanes];  // elements below it are +0
  float peak[kFarLanes];    // kFarPeak beyond kMostOctaves, else 0
  float offset[kFarLanes];
  float least[kFarLanes];  // octaves over the offset that are not +0
};
void SetFarLanes(const float* maxima, const float* offsets, size_t count,
                 const ScaleParts& parts, FarLanes& lanes);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_FAR_PLAN_H_
