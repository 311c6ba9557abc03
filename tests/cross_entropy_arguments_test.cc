// SPDX-License-Identifier: Apache-2.0
// Bad arguments of CrossEntropy: the documented status, and no byte written.
// Bad labels are in cross_entropy_labels_test.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "cross_entropy_fixture.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "reference.h"
#include "softlane/cross_entropy.h"

namespace softlane {
namespace {

TEST_CASE("cross_entropy arguments: options, one by one") {
  ForEachTarget([](Target target) {
    const auto bad = [&](const char* what, const auto& change) {
      ExpectFor(target, Status::kBadOption, what, change);
    };
    for (const float v : {-1.0f, -1e-45f, kInf, -kInf, kNan, -kNan}) {
      bad("z_loss", [&](Fixture& f) { f.options.z_loss = v; });
      bad("smoothing", [&](Fixture& f) { f.options.label_smoothing = v; });
      bad("scale", [&](Fixture& f) { f.options.scale = v; });
      for (const size_t at : {size_t{0}, size_t{7}, kCols - 1}) {
        std::vector<float> weights(kCols, 1.0f);
        weights[at] = v;
        bad("weight",
            [&](Fixture& f) { f.options.class_weights = weights.data(); });
      }
    }
    for (const float v : {1.0000001f, 2.0f}) {
      bad("smoothing", [&](Fixture& f) { f.options.label_smoothing = v; });
    }
    for (const float v : {0.0f, -0.0f}) {
      bad("scale", [&](Fixture& f) { f.options.scale = v; });
    }
    for (const int v : {3, 4, 127, 255}) {
      bad("reduction",
          [&](Fixture& f) { f.options.reduction = static_cast<Reduction>(v); });
    }
  });
}

// Kills: a range that is open where it is closed.
TEST_CASE("cross_entropy arguments: options at the ends of their ranges") {
  ForEachTarget([](Target target) {
    for (const Kind kind : kKinds) {
      for (const float smoothing : {0.0f, -0.0f, 1e-45f, 1.0f}) {
        for (const float z_loss : {0.0f, -0.0f, 1e-45f, 3.4e38f}) {
          for (const float scale : {1e-45f, 1.0f, 3.4e38f}) {
            Fixture f(kind);
            f.options.label_smoothing = smoothing;
            f.options.z_loss = z_loss;
            f.options.scale = scale;
            CHECK(f.Run(target) == Status::kOk);
            f.options.class_weights = nullptr;
            CHECK(f.Run(target) == Status::kOk);
          }
        }
      }
    }
  });
}

TEST_CASE("cross_entropy arguments: null and shapes") {
  ForEachTarget([](Target target) {
    const auto null = [&](const char* what, const auto& change) {
      ExpectFor(target, Status::kNullPointer, what, change);
    };
    const auto shape = [&](const char* what, const auto& change) {
      ExpectFor(target, Status::kBadShape, what, change);
    };
    null("logits", [](Fixture& f) { f.x.data = nullptr; });
    null("labels", [](Fixture& f) { f.shares = nullptr; });
    for (const Reduction reduction : {Reduction::kNone, Reduction::kMean}) {
      const auto set = [=](Fixture& f, bool has_gradient, bool has_divisor) {
        f.options.reduction = reduction;
        f.loss = nullptr;
        if (!has_gradient) f.dx.data = nullptr;
        if (!has_divisor) f.divisor = nullptr;
      };
      null("all results", [=](Fixture& f) { set(f, false, false); });
      null("logits alone", [=](Fixture& f) {
        set(f, false, true);
        f.x.data = nullptr;
      });
      for (const Kind kind : kKinds) {
        Fixture without(kind);
        set(without, true, false);
        CHECK(without.Run(target) == Status::kOk);
        // The divisor alone: its value, and no byte besides.
        Fixture divisor(kind);
        std::vector<float> weights(kCols, 2.0f);
        divisor.options.class_weights = weights.data();
        set(divisor, false, true);
        CHECK(divisor.Run(target) == Status::kOk);
        const float want = kind == Kind::kTargets ? 3.0f : 6.0f;
        CHECK(SameBits(*divisor.divisor, want));
        *divisor.divisor = 0.0f;
        divisor.options.label_smoothing = 2.0f;
        divisor.Expect(target, Status::kBadOption, "nothing written");
        // Rows without memory: an endless loop would visit each.
        Fixture endless(kind);
        set(endless, kind == Kind::kTargets, true);
        endless.x = Rows<const float>(endless.At(0), SIZE_MAX, 0, 0);
        endless.dx = Rows<float>(endless.dx.data, SIZE_MAX, 0, 0);
        endless.target_rows = SIZE_MAX;
        endless.target_cols = endless.target_stride = 0;
        endless.options.class_weights = endless.options.upstream_rows = nullptr;
        if (kind != Kind::kTargets) endless.x.rows = endless.dx.rows = 0;
        CHECK(endless.Run(target) == Status::kOk);
      }
    }
    shape("logits' stride", [](Fixture& f) { f.x.stride = kCols - 1; });
    shape("dlogits' stride", [](Fixture& f) { f.dx.stride = kCols - 1; });
    shape("dlogits' cols", [](Fixture& f) { f.dx.cols = kCols - 1; });
    shape("dlogits' rows", [](Fixture& f) { f.dx.rows = kRows + 1; });
    for (const size_t huge : {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4 + 2,
                              size_t{PTRDIFF_MAX} / 4 + 1}) {
      shape("huge rows",
            [&](Fixture& f) { f.x.rows = f.dx.rows = f.target_rows = huge; });
      shape("huge cols", [&](Fixture& f) {
        f.x = Rows<const float>(f.At(0), 1, huge);
        f.dx = Rows<float>(f.At(1), 1, huge);
        f.target_rows = 1;
        f.target_cols = f.target_stride = huge;
      });
    }
    Fixture f(Kind::kTargets);
    f.target_cols = kCols + 1;
    f.Expect(target, Status::kBadShape, "targets' cols");
    f.target_cols = kCols;
    f.target_rows = kRows - 1;
    f.Expect(target, Status::kBadShape, "targets' rows");
    f.target_rows = kRows;
    f.target_stride = kCols - 1;
    f.Expect(target, Status::kBadShape, "targets' stride");
  });
}

// The operands that a call may be without.
constexpr unsigned kDivisor = 1, kWeights = 2, kUpstreamRows = 4, kAll = 7;

// Every output against every operand, with all operands and without those that
// a pair does not need. Kills: a pair that nobody compares, a loss taken for
// one element with kNone or for all rows with the others, fewer checks for a
// call that has one of the operands.
TEST_CASE("cross_entropy arguments: overlap") {
  ForEachTarget([](Target target) {
    const auto overlap = [&](const char* what, unsigned needed,
                             const auto& change) {
      for (const unsigned kept : {needed, kAll}) {
        ExpectFor(target, Status::kOverlap, what, [&](Fixture& f) {
          change(f);
          if (!(kept & kDivisor)) f.divisor = nullptr;
          if (!(kept & kWeights)) f.options.class_weights = nullptr;
          if (!(kept & kUpstreamRows)) f.options.upstream_rows = nullptr;
        });
      }
    };
    for (const size_t block : {0, 1, 2, 3, 4}) {
      const size_t last = block == 3   ? kCols - 1
                          : block == 4 ? kRows - 1
                          : block == 2 ? size_t{2}  // also of int32_t labels
                                       : (kRows - 1) * kStride + kCols - 1;
      const unsigned needed = block == 3   ? kWeights
                              : block == 4 ? kUpstreamRows
                                           : 0;
      for (const size_t offset : {size_t{0}, last}) {
        overlap("loss", needed,
                [&](Fixture& f) { f.loss = f.At(block) + offset; });
        overlap("divisor", needed | kDivisor,
                [&](Fixture& f) { f.divisor = f.At(block) + offset; });
        if (block == 4) continue;  // the rows' upstream counts with kNone
        overlap("reduced loss", needed, [&](Fixture& f) {
          f.loss = f.At(block) + offset;
          f.options.reduction = Reduction::kSum;
        });
        if (block == 1) continue;  // what would be dlogits
        overlap("loss, no dlogits", needed, [&](Fixture& f) {
          f.loss = f.At(block) + offset;
          f.dx = Rows<float>();
        });
      }
      if (block != 0) {
        overlap("loss, its last", needed,
                [&](Fixture& f) { f.loss = f.At(block) - (kRows - 1); });
      }
      if (block >= 2) {
        overlap("dlogits", needed,
                [&](Fixture& f) { f.dx.data = f.At(block); });
        overlap("dlogits, its last", needed, [&](Fixture& f) {
          f.dx.data = f.At(block) - ((kRows - 1) * kStride + kCols - 1);
        });
      }
    }
    overlap("loss and divisor", kDivisor,
            [](Fixture& f) { f.divisor = f.loss + 2; });
    overlap("dlogits shifted", 0, [](Fixture& f) { f.dx.data = f.At(0) + 1; });
    overlap("dlogits' stride", 0, [](Fixture& f) {
      f.dx = Rows<float>(f.At(0), kRows, kCols, kStride + 1);
    });
    // One loss of a reduction has room where a loss per row has none.
    for (const Kind kind : kKinds) {
      Fixture f(kind);
      f.divisor = f.loss + 1;
      f.options.reduction = Reduction::kSum;
      CHECK(f.Run(target) == Status::kOk);
      f.dx.data = f.At(0);
      CHECK(f.Run(target) == Status::kOk);
    }
  });
}

TEST_CASE("cross_entropy arguments: targets that are not there") {
  for (int value = 0; value < 256; ++value) {
    const Target target = static_cast<Target>(value);
    if (IsAvailable(target)) continue;
    CAPTURE(value);
    ExpectFor(target, Status::kTargetUnavailable, "target", [](Fixture&) {});
  }
}

// No row: nothing to write per row, and nothing to add up.
TEST_CASE("cross_entropy arguments: no rows") {
  ForEachTarget([](Target target) {
    ExpectFor(target, Status::kOk, "all null", [](Fixture& f) {
      f.x = Rows<const float>();
      f.dx = Rows<float>();
      f.shares = f.loss = f.divisor = nullptr;
      f.target_rows = f.target_cols = f.target_stride = 0;
      f.options.class_weights = f.options.upstream_rows = nullptr;
    });
    for (const Kind kind : kKinds) {
      for (const Reduction reduction : {Reduction::kSum, Reduction::kMean}) {
        for (const bool zero : {false, true}) {
          for (const size_t cols : {kCols, size_t{0}}) {
            Fixture f(kind);
            f.x.rows = f.dx.rows = f.target_rows = 0;
            f.x.cols = f.dx.cols = f.target_cols = cols;
            f.options.reduction = reduction;
            f.options.zero_if_all_ignored = zero;
            // Not read: a read would be a crash.
            f.options.class_weights = reinterpret_cast<const float*>(16);
            *f.loss = *f.divisor = 5.0f;
            CHECK(f.Run(target) == Status::kOk);
            const bool nan = reduction == Reduction::kMean && !zero;
            CHECK((nan ? *f.loss != *f.loss : BitsOf(*f.loss) == 0));
            CHECK(BitsOf(*f.divisor) == 0);
          }
        }
      }
    }
  });
}

// Without a gradient nobody looks at the upstream; with another reduction
// nobody looks at that of the rows. Kills: a read through a pointer that is not
// one.
TEST_CASE("cross_entropy arguments: what is not looked at") {
  ForEachTarget([](Target target) {
    for (const Kind kind : kKinds) {
      Fixture f(kind);
      f.options.upstream_rows = reinterpret_cast<const float*>(16);
      f.options.reduction = Reduction::kMean;
      CHECK(f.Run(target) == Status::kOk);
      f.options.reduction = Reduction::kNone;
      f.options.upstream = kNan;
      f.dx = Rows<float>();
      CHECK(f.Run(target) == Status::kOk);
      f.dx = Rows<float>(nullptr, kRows, kCols, kStride);
      CHECK(f.Run(target) == Status::kOk);
    }
  });
}

}  // namespace
}  // namespace softlane
