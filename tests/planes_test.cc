// SPDX-License-Identifier: Apache-2.0
#include "softlane/planes.h"

#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include "doctest/doctest.h"

namespace softlane {
namespace {

using View = Planes<float>;
using ConstView = Planes<const float>;

static_assert(std::is_trivially_copyable_v<View>);
static_assert(std::is_convertible_v<View, ConstView>);
static_assert(!std::is_convertible_v<ConstView, View>);
static_assert(!std::is_convertible_v<Planes<double>, ConstView>);
static_assert(View().data == nullptr && View().outer == 0 && View().axis == 0 &&
              View().inner == 0 && View().outer_stride == 0 &&
              View().axis_stride == 0);

bool AreEqual(const ConstView& a, const ConstView& b) {
  return a.data == b.data && a.outer == b.outer && a.axis == b.axis &&
         a.inner == b.inner && a.outer_stride == b.outer_stride &&
         a.axis_stride == b.axis_stride;
}

// Kills: two sizes or the strides exchanged; a stride of planes without gaps
// that leaves out the axis or the inner elements.
TEST_CASE("planes: what a view is made of") {
  float x[1000] = {};
  const View view(x, 3, 4, 5, 40, 7);
  CHECK(view.data == x);
  CHECK(view.outer == 3);
  CHECK(view.axis == 4);
  CHECK(view.inner == 5);
  CHECK(view.outer_stride == 40);
  CHECK(view.axis_stride == 7);
  CHECK(AreEqual(View(x, 3, 4, 5), View(x, 3, 4, 5, 20, 5)));
  CHECK(AreEqual(ConstView(view), ConstView(x, 3, 4, 5, 40, 7)));
}

// Kills: the axis's stride instead of the outer one; a slice that keeps its
// count, or that begins an index off.
TEST_CASE("planes: slices of outer indices") {
  float x[1000] = {};
  const View view(x, 3, 4, 5, 40, 7);
  CHECK(AreEqual(view.SliceOuter(1, 2), View(x + 40, 2, 4, 5, 40, 7)));
  CHECK(AreEqual(view.SliceOuter(0, 3), view));
  CHECK(AreEqual(view.SliceOuter(1, 2).SliceOuter(1, 1),
                 View(x + 80, 1, 4, 5, 40, 7)));
  const View repeated(x, 3, 4, 5, 0, 7);
  CHECK(AreEqual(repeated.SliceOuter(2, 1), View(x, 1, 4, 5, 0, 7)));
}

// Kills: a slice that moves by a stride, or that changes one.
TEST_CASE("planes: slices of inner indices") {
  float x[1000] = {};
  const View view(x, 3, 4, 5, 40, 7);
  CHECK(AreEqual(view.SliceInner(2, 3), View(x + 2, 3, 4, 3, 40, 7)));
  CHECK(AreEqual(view.SliceInner(0, 5), view));
  CHECK(AreEqual(view.SliceOuter(1, 1).SliceInner(4, 1),
                 view.SliceInner(4, 1).SliceOuter(1, 1)));
  CHECK(AreEqual(view.SliceInner(5, 0), View(x + 5, 3, 4, 0, 40, 7)));
}

// Kills: arithmetic on null, which is undefined, and on a stride that may be
// any number.
TEST_CASE("planes: slices without elements") {
  float x[1000] = {};
  const View null(nullptr, 3, 0, 5, 40, 7);
  CHECK(AreEqual(null.SliceOuter(1, 2), View(nullptr, 2, 0, 5, 40, 7)));
  CHECK(AreEqual(null.SliceInner(2, 3), View(nullptr, 3, 0, 3, 40, 7)));
  CHECK(AreEqual(View(x, 3, 4, 5, SIZE_MAX, 7).SliceOuter(3, 0),
                 View(x, 0, 4, 5, SIZE_MAX, 7)));
}

// Kills: a part that leaves an index out or has it twice; parts of the inner
// indices where the outer ones do; parts of a cache line.
TEST_CASE("planes: even parts") {
  float x[1000] = {};
  for (const size_t outer : {1u, 2u, 3u, 7u}) {
    for (const size_t inner : {0, 5, 16, 33, 100}) {
      const View view(x, outer, 4, inner, 500, 100);
      for (size_t n = 1; n < 10; ++n) {
        const bool by_outer = outer >= n;
        size_t first = 0;
        for (size_t i = 0; i < n; ++i) {
          const View part = view.Part(i, n);
          const size_t count = by_outer ? part.outer : part.inner;
          CHECK(AreEqual(part, by_outer ? view.SliceOuter(first, count)
                                        : view.SliceInner(first, count)));
          CHECK((by_outer || count == 0 || first % 16 == 0));
          first += count;
        }
        CHECK(first == (by_outer ? outer : inner));
      }
    }
  }
}

}  // namespace
}  // namespace softlane
