// SPDX-License-Identifier: Apache-2.0
// Functions along an axis of narrow planes, of which a tile has many: planes of
// any number of elements, with and without gaps.

#include <cstddef>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr float kUnused = 777.0f;

// Planes with a gap behind each, also behind the last.
class GappedPlanes {
 public:
  GappedPlanes(size_t outer, size_t axis, size_t inner, size_t gap)
      : values_(outer * (axis * inner + gap), kUnused),
        view(values_.data(), outer, axis, inner, axis * inner + gap, inner) {}

  float& At(size_t o, size_t a, size_t i) {
    return values_[o * view.outer_stride + a * view.axis_stride + i];
  }
  bool HasCleanGaps() const {
    const size_t used = view.axis * view.inner;
    for (size_t k = 0; k < values_.size(); ++k) {
      if (k % view.outer_stride >= used && values_[k] != kUnused) return false;
    }
    return true;
  }

 private:
  std::vector<float> values_;

 public:
  Planes<float> view;
};

using Backward = Status(const Planes<const float>&, const Planes<const float>&,
                        const Planes<float>&, float, Target) noexcept;
using BackwardOfRows = Status(const Rows<const float>&,
                              const Rows<const float>&, const Rows<float>&,
                              float, Target) noexcept;

// The gradients that are not those of rows, and written gaps.
size_t CountFaults(size_t outer, size_t axis, size_t inner, size_t gap,
                   bool is_log, Target target, Random& random) {
  Backward* const along_axis =
      is_log ? static_cast<Backward*>(&LogSoftmaxBackwardAxis)
             : static_cast<Backward*>(&SoftmaxBackwardAxis);
  BackwardOfRows* const of_rows =
      is_log ? static_cast<BackwardOfRows*>(&LogSoftmaxBackward)
             : static_cast<BackwardOfRows*>(&SoftmaxBackward);
  GappedPlanes p(outer, axis, inner, gap), d(outer, axis, inner, gap);
  GappedPlanes y(outer, axis, inner, gap);
  std::vector<float> p_row(axis), d_row(axis), want(axis);
  for (size_t o = 0; o < outer; ++o) {
    for (size_t a = 0; a < axis; ++a) {
      for (size_t i = 0; i < inner; ++i) {
        p.At(o, a, i) = random.Uniform(-4.0f, 0.0f);
        d.At(o, a, i) = random.Uniform(-2.0f, 2.0f);
      }
    }
  }
  size_t faults =
      along_axis(p.view, d.view, y.view, 0.7f, target) != Status::kOk;
  faults += !y.HasCleanGaps();
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < inner; ++i) {
      for (size_t a = 0; a < axis; ++a) {
        p_row[a] = p.At(o, a, i);
        d_row[a] = d.At(o, a, i);
      }
      faults += of_rows(Rows<const float>(p_row.data(), 1, axis),
                        Rows<const float>(d_row.data(), 1, axis),
                        Rows<float>(want.data(), 1, axis), 0.7f,
                        target) != Status::kOk;
      for (size_t a = 0; a < axis; ++a) {
        faults += !SameBits(y.At(o, a, i), want[a]);
      }
    }
  }
  return faults;
}

// Kills: a plane of fewer elements than a vector of columns that is read or
// written as if it had more.
TEST_CASE("narrow planes: gradients have the bits of rows, and gaps stay") {
  ForEachTarget([](Target target) {
    Random random(11);
    for (const size_t outer : {1, 2, 4, 6, 17, 40, 100}) {
      for (const size_t axis : {1, 2, 3, 4, 16, 17}) {
        for (size_t inner = 1; inner <= 8; ++inner) {
          for (const size_t gap : {1, 6}) {
            for (const bool is_log : {false, true}) {
              INFO(outer << " x " << axis << " x " << inner << ", gap " << gap
                         << ", log " << is_log);
              CHECK(CountFaults(outer, axis, inner, gap, is_log, target,
                                random) == 0);
            }
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace softlane
