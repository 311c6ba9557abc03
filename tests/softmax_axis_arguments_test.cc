// SPDX-License-Identifier: Apache-2.0
// Bad planes: the documented status, and no byte written. Also for the C twins.

#include <cstdint>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/c.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr size_t kOuter = 2, kAxis = 3, kInner = 5;
constexpr size_t kAxisStride = 7, kOuterStride = 23;

struct Views {
  Planes<const float> x, z;
  Planes<float> y;
};

class Fixture {
 public:
  Fixture() : buffer_(400, 0.25f) {
    good.x = View(0);
    good.z = View(100);
    good.y = View(200);
  }
  float* At(size_t offset) { return buffer_.data() + offset; }
  Planes<float> View(size_t offset) {
    return Planes<float>(At(offset), kOuter, kAxis, kInner, kOuterStride,
                         kAxisStride);
  }

  // All four functions, which must answer alike, and write only if they may.
  void Expect(const Views& v, Status want, const char* what, Target target,
              const SoftmaxOptions& options = {}, bool with_second = true) {
    INFO(std::string(what));
    CHECK(SoftmaxAxis(v.x, v.y, options, target) == want);
    CHECK(LogSoftmaxAxis(v.x, v.y, options, target) == want);
    if (with_second) {
      CHECK(SoftmaxBackwardAxis(v.x, v.z, v.y, options.scale, target) == want);
      CHECK(LogSoftmaxBackwardAxis(v.x, v.z, v.y, options.scale, target) ==
            want);
    }
    bool is_untouched = true;
    for (const float value : buffer_) is_untouched &= value == 0.25f;
    CHECK(is_untouched);
  }

  Views good;

 private:
  std::vector<float> buffer_;
};

// Kills: a check that is left out, of one view or of one size.
TEST_CASE("softmax_axis arguments: shapes") {
  ForEachTarget([](Target target) {
    Fixture f;
    const auto with = [&](void (*change)(Planes<float>&), bool in, bool out) {
      Views v = f.good;
      Planes<float> x = f.View(0), y = f.View(200);
      change(x);
      change(y);
      if (in) v.x = v.z = x;
      if (out) v.y = y;
      return v;
    };
    struct Change {
      const char* what;
      Status want;
      void (*change)(Planes<float>&);
    };
    const Change kChanges[] = {
        {"null", Status::kNullPointer,
         [](Planes<float>& v) { v.data = nullptr; }},
        {"axis stride", Status::kBadShape,
         [](Planes<float>& v) { v.axis_stride = kInner - 1; }},
        {"outer stride", Status::kBadShape,
         [](Planes<float>& v) {
           v.outer_stride = (kAxis - 1) * kAxisStride + kInner - 1;
         }},
        {"inner", Status::kBadShape,
         [](Planes<float>& v) { v.inner = SIZE_MAX; }},
        {"huge inner", Status::kBadShape,
         [](Planes<float>& v) {
           v = Planes<float>(v.data, 1, 1, size_t{PTRDIFF_MAX} / 4 + 1);
         }},
        {"huge axis", Status::kBadShape,
         [](Planes<float>& v) {
           v = Planes<float>(v.data, 1, SIZE_MAX / 8 + 1, 16, SIZE_MAX, 16);
         }},
        {"huge axis stride", Status::kBadShape,
         [](Planes<float>& v) {
           v = Planes<float>(v.data, 1, 3, 2, SIZE_MAX, SIZE_MAX / 2 + 1);
         }},
        {"huge outer", Status::kBadShape,
         [](Planes<float>& v) {
           v = Planes<float>(v.data, SIZE_MAX / 4, 2, 2);
         }},
        {"huge outer stride", Status::kBadShape,
         [](Planes<float>& v) {
           v = Planes<float>(v.data, 3, 2, 2, SIZE_MAX / 2 + 1, 2);
         }},
    };
    for (const Change& change : kChanges) {
      for (int views = 1; views <= 3; ++views) {
        f.Expect(with(change.change, views & 1, views & 2), change.want,
                 change.what, target);
      }
    }
    for (int which = 0; which < 3; ++which) {
      Views v = f.good;
      --(which == 0 ? v.y.outer : which == 1 ? v.y.axis : v.y.inner);
      f.Expect(v, Status::kBadShape, "other shape", target);
    }
    // At the end of the address space.
    Views v = f.good;
    v.x.data = reinterpret_cast<const float*>(UINTPTR_MAX - 63);
    f.Expect(v, Status::kBadShape, "wraps", target, {}, false);
  });
}

TEST_CASE("softmax_axis arguments: overlap and options") {
  ForEachTarget([](Target target) {
    Fixture f;
    for (const size_t offset : {1, 6, 22, 41}) {
      Views v = f.good;
      v.y = f.View(offset);
      f.Expect(v, Status::kOverlap, "behind", target);
      v = f.good;
      v.x = v.z = f.View(200 + offset);
      f.Expect(v, Status::kOverlap, "before", target);
    }
    Views v = f.good;
    v.y = f.View(0);
    v.y.axis_stride = kAxisStride + 1;
    f.Expect(v, Status::kOverlap, "another axis stride", target);
    v.y = f.View(0);
    ++v.y.outer_stride;
    f.Expect(v, Status::kOverlap, "another outer stride", target);
    // The second operand alone.
    v = f.good;
    v.z = f.View(201);
    CHECK(SoftmaxBackwardAxis(v.x, v.z, v.y, 1.0f, target) == Status::kOverlap);
    for (const float scale : {0.0f, -1.0f, kInf, kNan}) {
      f.Expect(f.good, Status::kBadOption, "scale", target, {scale});
    }
    f.Expect(f.good, Status::kBadOption, "empty row", target,
             {1.0f, static_cast<EmptyRow>(2)}, false);
    f.Expect(f.good, Status::kTargetUnavailable, "target",
             static_cast<Target>(200));
    // Nothing to do: null is fine.
    for (int which = 0; which < 3; ++which) {
      Views empty = f.good;
      size_t sizes[] = {kOuter, kAxis, kInner};
      sizes[which] = 0;
      empty.x = empty.z = Planes<float>(nullptr, sizes[0], sizes[1], sizes[2]);
      empty.y = Planes<float>(nullptr, sizes[0], sizes[1], sizes[2]);
      f.Expect(empty, Status::kOk, "empty", target);
    }
  });
}

// The last element of one right before the first of the other, and a view's
// strides where there is one index.
TEST_CASE("softmax_axis arguments: what is no overlap") {
  ForEachTarget([](Target target) {
    constexpr size_t kSpan =
        (kOuter - 1) * kOuterStride + (kAxis - 1) * kAxisStride + kInner;
    std::vector<float> buffer(2 * kSpan, 0.25f);
    const auto at = [&](size_t offset) {
      return Planes<float>(buffer.data() + offset, kOuter, kAxis, kInner,
                           kOuterStride, kAxisStride);
    };
    CHECK(SoftmaxAxis(at(0), at(kSpan), {}, target) == Status::kOk);
    CHECK(SoftmaxAxis(at(kSpan), at(0), {}, target) == Status::kOk);
    const Planes<float> one(buffer.data(), 1, 1, 5, 9, 6);
    const Planes<float> other(buffer.data(), 1, 1, 5, 5, 5);
    CHECK(SoftmaxAxis(one, other, {}, target) == Status::kOk);
    CHECK(buffer[4] == 1.0f);
  });
}

// Slices are what the whole is. Kills: an offset in the wrong unit.
TEST_CASE("softmax_axis arguments: slices") {
  Random random(1);
  std::vector<float> x(4 * 6 * 30), want(x.size()), got(x.size());
  for (float& v : x) v = 4.0f * random.Normal();
  const Planes<const float> in(x.data(), 4, 6, 30);
  REQUIRE(SoftmaxAxis(in, Planes<float>(want.data(), 4, 6, 30)) == Status::kOk);
  const Planes<float> out(got.data(), 4, 6, 30);
  for (const size_t o : {0, 3}) {
    const size_t count = o == 0 ? 3 : 1;
    for (const size_t i : {0, 11}) {
      const size_t columns = i == 0 ? 11 : 19;
      REQUIRE(SoftmaxAxis(in.SliceOuter(o, count).SliceInner(i, columns),
                          out.SliceOuter(o, count).SliceInner(i, columns)) ==
              Status::kOk);
    }
  }
  CHECK(SameBits(got, want));
}

// Kills: exchanged arguments.
TEST_CASE("softmax_axis: C") {
  Fixture f;
  Random random(2);
  std::vector<float> x(100), z(100), want(100), got(100);
  for (float& v : x) v = random.Normal();
  for (float& v : z) v = random.Normal();
  const auto view = [](auto& v, size_t outer_stride, size_t axis_stride) {
    return Planes(v.data(), kOuter, kAxis, kInner, outer_stride, axis_stride);
  };
  const Planes<float> in = view(x, 23, 7), second = view(z, 31, 8);
  const Planes<float> out = view(want, 29, 9);
  REQUIRE(SoftmaxAxis(in, out, {0.5f, EmptyRow::kZero}) == Status::kOk);
  CHECK(softlane_softmax_axis(x.data(), SOFTLANE_F32, 23, 7, got.data(),
                              SOFTLANE_F32, 29, 9, kOuter, kAxis, kInner, 0.5f,
                              SOFTLANE_EMPTY_ROW_ZERO,
                              SOFTLANE_TARGET_AUTO) == SOFTLANE_OK);
  CHECK(SameBits(got, want));
  REQUIRE(LogSoftmaxAxis(in, out, {0.5f, EmptyRow::kZero}) == Status::kOk);
  CHECK(softlane_log_softmax_axis(x.data(), SOFTLANE_F32, 23, 7, got.data(),
                                  SOFTLANE_F32, 29, 9, kOuter, kAxis, kInner,
                                  0.5f, SOFTLANE_EMPTY_ROW_ZERO,
                                  SOFTLANE_TARGET_AUTO) == SOFTLANE_OK);
  CHECK(SameBits(got, want));
  REQUIRE(SoftmaxBackwardAxis(in, second, out, 0.5f) == Status::kOk);
  CHECK(softlane_softmax_backward_axis(
            x.data(), SOFTLANE_F32, 23, 7, z.data(), SOFTLANE_F32, 31, 8,
            got.data(), SOFTLANE_F32, 29, 9, kOuter, kAxis, kInner, 0.5f,
            SOFTLANE_TARGET_AUTO) == SOFTLANE_OK);
  CHECK(SameBits(got, want));
  CHECK(softlane_softmax_axis(x.data(), SOFTLANE_F32, 23, 7, got.data(),
                              SOFTLANE_F32, 29, 9, kOuter, kAxis, kInner, 0.5f,
                              2, SOFTLANE_TARGET_AUTO) == SOFTLANE_BAD_OPTION);
}

}  // namespace
}  // namespace softlane
