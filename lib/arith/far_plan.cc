// SPDX-License-Identifier: Apache-2.0
#include "arith/far_plan.h"

#include <cstdint>
#include <cstring>

namespace softlane {
namespace internal {
namespace {

// The first 28 bits.
double HeadOf(double v) {
  uint64_t bits;
  std::memcpy(&bits, &v, sizeof(bits));
  bits &= ~((uint64_t{1} << 25) - 1);
  std::memcpy(&v, &bits, sizeof(v));
  return v;
}

FarParts FarPartsOf(double scale) {
  // log2(e), of which the first two parts have 28 bits.
  const double p1 = scale * 0x1.7154764p0;
  const double p2 = scale * 0x1.2b82fep-28;
  const double p3 = scale * 0x1.777d0ffda0d24p-56;
  FarParts parts;
  parts.l1 = HeadOf(p1);
  const double rest = (p1 - parts.l1) + p2;
  parts.l2 = HeadOf(rest);
  parts.l3 = (rest - parts.l2) + p3;
  return parts;
}

// The octaves that are subtracted for a maximum.
struct FarMax {
  double exponent;
  double rest;  // scale * log2(e) * max - exponent
  bool is_beyond_most;
};
FarMax MaxOf(float max, const FarParts& parts) {
  const double x = max;
  const double a = x * parts.l1;
  const double b = x * parts.l2;
  const double octaves = RoundToInteger(a + b);
  if (octaves < -kMostOctaves || kMostOctaves < octaves) {
    return {ExponentBeyondMost(max), 0.0, true};
  }
  return {octaves, ((a - octaves) + b) + x * parts.l3, false};
}

}  // namespace

const ScaleParts& SplitOtherScale(float scale, ScaleParts& place) {
  return place = SplitScale(scale);
}

FarPlan PlanFarRow(float max, const ScaleParts& parts) {
  const FarMax far = MaxOf(max, FarPartsOf(parts.scale));
  const double scaled_max = parts.scale * max;
  // The octaves of the maximum minus the plan's shift, which is 0 or the
  // maximum itself.
  const double octaves = IsNear(scaled_max) ? far.exponent : -far.rest;
  return {far.exponent - kHeadroom,
          (octaves - kHeadroom) * kLn2 - kLogSoftmaxFactor};
}

void SetFarLanes(const float* maxima, const float* offsets, size_t count,
                 const ScaleParts& parts, FarLanes& lanes) {
  lanes.parts = FarPartsOf(parts.scale);
  lanes.has_direct = false;
  // 131 octaves, more than the 129.75 octaves that count.
  const double reach = 131.0 / (parts.scale * kLog2E);
  for (size_t i = 0; i < count; ++i) {
    const float max = maxima[i];
    const FarMax far = MaxOf(max, lanes.parts);
    lanes.exponent[i] = far.exponent;
    lanes.max[i] = max;
    lanes.offset[i] = offsets[i];
    lanes.lowest[i] = static_cast<float>(max - reach);
    lanes.peak[i] = far.is_beyond_most ? kFarPeak : 0.0f;
    lanes.least[i] = kLowestOctaves;
    if (!IsDirect(max, parts)) continue;
    lanes.has_direct = true;
    lanes.lowest[i] = LowestOf(offsets[i], parts);
    lanes.least[i] = -kInfinity;
  }
}

}  // namespace internal
}  // namespace softlane
