// SPDX-License-Identifier: Apache-2.0
#include "arith/exact_sum.h"

#include <cstring>

#include "arith/plan.h"

namespace softlane {
namespace internal {
namespace {

constexpr int kLimbOctaves = 24;

// The limb whose unit is the largest that is not above 2^exponent.
int64_t LimbOf(int64_t exponent) {
  const int64_t quotient = exponent / kLimbOctaves;
  return quotient - (exponent % kLimbOctaves < 0 ? 1 : 0);
}
// The octaves that a unit of limb 0 stands for.
int64_t UnitOf(int64_t window) { return kLimbOctaves * (window - 3); }

// a + b. The sum may wrap around only for limbs of a damaged state, for example
// from another machine.
int64_t Wrapped(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) +
                              static_cast<uint64_t>(b));
}

// The limb of the first bit of s * 2^offset. s is positive.
int64_t LimbOfSum(double s, int64_t offset) {
  int64_t bits;
  std::memcpy(&bits, &s, sizeof(bits));
  return LimbOf(offset + (bits >> 52) - 1023);
}

double LargestOf(const double* sums, size_t count) {
  double largest = 0.0;
  for (size_t b = 0; b < count; ++b) {
    largest = largest < sums[b] ? sums[b] : largest;
  }
  return largest;
}

// 2^52 units of the lowest limb of a window, in units of 2^offset.
double LowestOf(int64_t window, int64_t offset) {
  return PowerOfTwo(UnitOf(window) - offset + 52);
}

double HighestPower(double s) {
  uint64_t bits;
  std::memcpy(&bits, &s, sizeof(bits));
  bits = bits >> 52 << 52;
  double power;
  std::memcpy(&power, &bits, sizeof(power));
  return power;
}

// Whether all sums and the hole are multiples of 2^-52 * big. `big` is a power
// of two or 0. Without branches on the sums, because a CPU could not predict
// them.
bool AreMultiples(const double* sums, size_t count, double hole, double big) {
  bool are_multiples = true;
  for (size_t b = 0; b <= count; ++b) {
    const double s = b < count ? sums[b] : hole;
    are_multiples &= (s >= big) | ((s + big) - big == s);
  }
  return are_multiples;
}

// The sum of up to kMaxSums sums without the hole and with it, rounded once.
// Numbers below `big` are first rounded to multiples of 2^-52 * big. `big` is a
// power of two or 0.
HoleTotals RoundedOnce(const double* sums, size_t count, double hole,
                       double big) {
  double total = 0.0, errors = 0.0, others = 0.0;
  for (size_t b = 0; b <= count; ++b) {
    double s = hole;
    if (b < count) {
      s = sums[b];
    } else {
      others = total + errors;
    }
    if (s < big) s = (s + big) - big;
    const double next = total + s;
    const double added = next - total;
    errors += (total - (next - added)) + (s - added);
    total = next;
  }
  return {others, total + errors};
}

}  // namespace

void RaiseWindow(int64_t window, ExactSum& sum) {
  const int64_t moved = window - sum.window;
  for (int64_t i = 0; i < static_cast<int64_t>(kLimbs); ++i) {
    const int64_t from = i + moved;
    sum.limbs[i] = from < static_cast<int64_t>(kLimbs) ? sum.limbs[from] : 0;
  }
  sum.window = window;
}

void Merge(const ExactSum& from, ExactSum& into) {
  if (IsEmpty(from)) return;
  if (IsEmpty(into)) {
    into = from;
    return;
  }
  ExactSum other = from;
  if (other.window > into.window) RaiseWindow(other.window, into);
  if (other.window < into.window) RaiseWindow(into.window, other);
  for (size_t i = 0; i < kLimbs; ++i) {
    into.limbs[i] = Wrapped(into.limbs[i], other.limbs[i]);
  }
}

void Remove(const ExactSum& blocks, ExactSum& from) {
  ExactSum other = blocks;
  if (other.window < from.window) RaiseWindow(from.window, other);
  for (size_t i = 0; i < kLimbs; ++i) {
    from.limbs[i] = Wrapped(from.limbs[i], Wrapped(~other.limbs[i], 1));
  }
}

void AddBlockSums(const double* sums, size_t count, int64_t offset,
                  ExactSum& to) {
  const double largest = LargestOf(sums, count);
  if (largest == 0.0) return;
  const int64_t window = LimbOfSum(largest, offset);
  if (IsEmpty(to)) {
    to.window = window;
  } else if (window > to.window) {
    RaiseWindow(window, to);
  }
  // 0 if the sum is less than half of the lowest unit.
  const double units = PowerOfTwo(offset - UnitOf(to.window));
  double limbs[kLimbs] = {};
  for (size_t b = 0; b < count; ++b) {
    // The last bit of 1.5 * 2^52 * 2^(24 j) stands for 2^(24 j): a sum with it
    // rounds to a multiple. The differences are exact, and so are the sums.
    double s = sums[b] * units;
    const double q4 = (s + 0x1.8p148) - 0x1.8p148;
    s -= q4;
    const double q3 = (s + 0x1.8p124) - 0x1.8p124;
    s -= q3;
    const double q2 = (s + 0x1.8p100) - 0x1.8p100;
    s -= q2;
    const double q1 = (s + 0x1.8p76) - 0x1.8p76;
    s -= q1;
    limbs[4] += q4;
    limbs[3] += q3;
    limbs[2] += q2;
    limbs[1] += q1;
    limbs[0] += (s + 0x1.8p52) - 0x1.8p52;
  }
  to.limbs[4] += static_cast<int64_t>(limbs[4] * 0x1p-96);
  to.limbs[3] += static_cast<int64_t>(limbs[3] * 0x1p-72);
  to.limbs[2] += static_cast<int64_t>(limbs[2] * 0x1p-48);
  to.limbs[1] += static_cast<int64_t>(limbs[1] * 0x1p-24);
  to.limbs[0] += static_cast<int64_t>(limbs[0]);
}

void AddBlockSum(double s, int64_t offset, ExactSum& sum) {
  AddBlockSums(&s, 1, offset, sum);
}

double TotalOf(const ExactSum& sum, int64_t offset) {
  // Carries, so that all limbs but the last are digits from 0 to 2^24 - 1.
  uint64_t digits[kLimbs];
  int64_t carry = 0;
  for (size_t i = 0; i < kLimbs; ++i) {
    const int64_t limb = Wrapped(sum.limbs[i], carry);
    digits[i] = static_cast<uint64_t>(limb);
    carry = limb >> kLimbOctaves;
    if (i + 1 < kLimbs) digits[i] &= (uint64_t{1} << kLimbOctaves) - 1;
  }
  if (digits[4] >= uint64_t{1} << 39) return 0.0;  // no sum of blocks
  // The first 63 bits of the integer. The last of them is 1 if any later bit is
  // 1.
  uint64_t bits = digits[4] << kLimbOctaves | digits[3];
  int64_t unit = UnitOf(sum.window) + 3 * kLimbOctaves;
  uint64_t rest = 0;
  for (size_t i = 3; i-- > 0;) {
    const int room = __builtin_clzll(bits | 1) - 1;
    const int taken = room < kLimbOctaves ? room : kLimbOctaves;
    const int left = kLimbOctaves - taken;
    bits = bits << taken | digits[i] >> left;
    rest |= digits[i] & ((uint64_t{1} << left) - 1);
    unit -= taken;
  }
  const auto total = static_cast<double>(
      static_cast<int64_t>(bits | (rest != 0 ? uint64_t{1} : 0)));
  return total * PowerOfTwo(unit - offset);
}

// The sum of the rounding errors of the additions is exact. The reason: after
// the rounding, all sums are multiples of the unit u of the lowest limb, and
// the largest is below 2^96 u. So a total is below (kMaxSums + 1) 2^96 u, an
// error is at most kMaxSums 2^43 u, and 53 bits hold the sum of all errors. The
// first addition, to 0, has no error.
static_assert(kMaxSums == 32, "kMaxSums^2 <= 2^(53 - 43)");
// u is at most 2^-72 of the highest power of two in the sums. Sums that are
// multiples of u need no rounding. Most sums are, because low sums have few
// bits.

HoleTotals TotalsOfSums(const double* sums, size_t count, double hole,
                        int64_t offset) {
  const double largest = LargestOf(sums, count);
  const double top = largest < hole ? hole : largest;
  if (AreMultiples(sums, count, hole, 0x1p-20 * HighestPower(top))) {
    return RoundedOnce(sums, count, hole, 0.0);
  }
  HoleTotals totals =
      RoundedOnce(sums, count, hole, LowestOf(LimbOfSum(top, offset), offset));
  if (largest < hole) {
    const double big = LowestOf(LimbOfSum(largest, offset), offset);
    const double others = RoundedOnce(sums, count, 0.0, big).others;
    if (others < totals.sum * kMinShareOfOthers) totals.others = others;
  }
  return totals;
}

}  // namespace internal
}  // namespace softlane
