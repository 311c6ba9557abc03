// SPDX-License-Identifier: Apache-2.0
#include "schedules/cross_entropy_columns.h"

#include "kernels/row_limits.h"
#include "schedules/column_rows.h"
#include "schedules/long_loss.h"
#include "schedules/loss_tiles.h"

namespace softlane {
namespace internal {
namespace {

size_t NumBuffers(const LossPlanes& planes) {
  return planes.targets != nullptr ? 2 : 1;
}

// Transposes columns to rows for the schedule. The gradients take the place of
// the logits, and are transposed back.
class Transposing {
 public:
  Transposing(const LossPlanes& planes, ColumnViews& views,
              const CrossEntropyCall& call, Target target, float* x,
              float* targets)
      : planes_(planes),
        call_(call),
        views_(views),
        rows_(target, planes.types),
        tiles_(planes, call, target),
        x_(x),
        targets_(targets) {}

  LossSource SourceOf(size_t max_rows) {
    static constexpr LossTileSource kTiles = {&TileRows, &Tile};
    return {this, max_rows, &Load, nullptr,
            tiles_.HoldColumns() ? &kTiles : nullptr};
  }

 private:
  static void Load(void* context, size_t first, size_t count) {
    static_cast<Transposing*>(context)->Load(first, count);
  }
  static size_t TileRows(void* context, size_t first, size_t count) {
    return static_cast<Transposing*>(context)->tiles_.RowsOf(first, count);
  }
  static bool Tile(void* context, const Loss& loss, size_t count,
                   const LabelledRow* rows, double* losses) {
    return static_cast<Transposing*>(context)->tiles_.Run(loss, count, rows,
                                                          losses);
  }
  void Load(size_t first, size_t count) {
    const size_t stride = views_.x.stride;
    if (planes_.dx.data != nullptr) Store(stride);
    at_ = {first, count, 0, planes_.x.axis};
    if (count == 0) return;
    rows_.Read(planes_.x, at_, x_, stride);
    if (planes_.targets != nullptr) {
      rows_.Read(*planes_.targets, at_, targets_, stride);
    }
  }

  void Store(size_t stride) const {
    if (!call_.Adds()) {
      if (at_.cols != 0) rows_.Write(x_, stride, false, planes_.dx, at_);
      return;
    }
    // An ignored column is skipped, because adding +0 would change -0.
    for (size_t begin = 0, end; begin < at_.cols; begin = end + 1) {
      end = begin;
      while (end < at_.cols && !IsIgnored(at_.col + end)) ++end;
      ColumnPart part = at_;
      part.col += begin;
      part.cols = end - begin;
      rows_.Write(x_ + begin * stride, stride, true, planes_.dx, part);
    }
  }
  bool IsIgnored(size_t column) const {
    const size_t rows = call_.logits.rows;
    return call_.IsIgnored(column / rows * call_.batches->labels +
                           column % rows);
  }

  const LossPlanes& planes_;
  const CrossEntropyCall& call_;
  ColumnViews& views_;
  const ColumnRows rows_;
  LossTiles tiles_;
  float* const x_;
  float* const targets_;
  ColumnPart at_{0, 0, 0, 0};
};

void RunInBuffer(const LossPlanes& planes, ColumnViews& views,
                 const CrossEntropyCall& call, Target target, size_t stride,
                 float* elements, size_t count) {
  const size_t of_each = count / NumBuffers(planes);
  float* const targets = elements + (count - of_each);
  views.x.data = elements;
  views.targets.data = targets;
  views.dx.data = planes.dx.data == nullptr ? nullptr : elements;
  views.x.stride = views.targets.stride = views.dx.stride = stride;
  Transposing transposing(planes, views, call, target, elements, targets);
  RunCrossEntropyOf(transposing.SourceOf(of_each / stride), call, target);
}

// A tile of the schedule takes 64 kB of stack. The rest of the stack has room
// for the rows of one tile only.
constexpr size_t kTileElements = 2048;
static_assert(2 * kTileCapacity <= kTileElements, "rows of a tile fit");
[[gnu::noinline]] void RunShort(const LossPlanes& planes, ColumnViews& views,
                                const CrossEntropyCall& call, Target target) {
  alignas(64) float elements[kTileElements];
  RunInBuffer(planes, views, call, target, planes.x.axis, elements,
              kTileElements);
}

// An odd number of cache lines, because rows whose stride is a power of two
// would fall into few sets of a cache.
constexpr size_t StrideOf(size_t axis) { return ((axis + 15) / 16 * 16) | 16; }
constexpr size_t kMediumElements = 4 * StrideOf(kSumCols);
[[gnu::noinline]] void RunMedium(const LossPlanes& planes, ColumnViews& views,
                                 const CrossEntropyCall& call, Target target) {
  alignas(64) float elements[kMediumElements];
  // Reads whole lines of planes if they are aligned.
  constexpr size_t kCols = 16;
  const size_t stride = StrideOf(planes.x.axis);
  const size_t few = kCols * NumBuffers(planes) * stride;
  RunInBuffer(planes, views, call, target, stride, elements,
              few < kMediumElements ? few : kMediumElements);
}

// The context of columns that are done part by part.
struct Parts {
  static double OfRow(void* context, const Loss& loss, size_t r,
                      const LabelledRow& row) {
    const Parts& parts = Of(context);
    const LongRows rows = {&parts,
                           parts.planes.x.axis,
                           parts.planes.targets != nullptr,
                           parts.planes.dx.data != nullptr,
                           parts.are_added_to,
                           &Logits,
                           &Targets,
                           &Place,
                           &Take};
    alignas(64) float x[kSumCols], targets[kSumCols];
    return LongLoss(rows, x, targets, loss, parts.target).OfRow(r, row);
  }
  static const Parts& Of(const void* context) {
    return *static_cast<const Parts*>(context);
  }
  static const float* Logits(const void* context, size_t r, size_t col,
                             size_t n, float* buffer) {
    Of(context).rows.Read(Of(context).planes.x, {r, 1, col, n}, buffer, 0);
    return buffer;
  }
  static const float* Targets(const void* context, size_t r, size_t col,
                              size_t n, float* buffer) {
    Of(context).rows.Read(*Of(context).planes.targets, {r, 1, col, n}, buffer,
                          0);
    return buffer;
  }
  static float* Place(const void*, size_t, size_t, size_t, float* buffer) {
    return buffer;
  }
  static void Take(const void* context, size_t r, size_t col, size_t n,
                   float* place) {
    const Parts& p = Of(context);
    p.rows.Write(place, 0, p.are_added_to, p.planes.dx, {r, 1, col, n});
  }

  const LossPlanes& planes;
  const ColumnRows rows;
  const bool are_added_to;
  const Target target;
};
[[gnu::noinline]] void RunLong(const LossPlanes& planes,
                               const CrossEntropyCall& call, Target target) {
  Parts parts{planes, ColumnRows(target, planes.types), call.Adds(), target};
  const LossSource source = {&parts, 0, nullptr, &Parts::OfRow, nullptr};
  RunCrossEntropyOf(source, call, target);
}

}  // namespace

void RunCrossEntropyColumns(const LossPlanes& planes, ColumnViews& views,
                            const CrossEntropyCall& call, Target target) {
  const size_t axis = planes.x.axis;
  if (axis == 0 || call.batches->count == 0 || call.logits.rows == 0) {
    RunCrossEntropy(call, target);
  } else if (axis <= kTileCapacity) {
    RunShort(planes, views, call, target);
  } else if (axis <= kSumCols) {
    RunMedium(planes, views, call, target);
  } else {
    RunLong(planes, call, target);
  }
}

}  // namespace internal
}  // namespace softlane
