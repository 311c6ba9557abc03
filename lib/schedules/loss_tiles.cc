// SPDX-License-Identifier: Apache-2.0
#include "schedules/loss_tiles.h"

#include <cstring>

namespace softlane {
namespace internal {
namespace {

// With fewer columns, most lanes of a tile would be idle.
constexpr size_t kMinColumns = 16;

// The largest number of lanes of a tile, or 0 if tiles would have too few
// lanes.
size_t WidthOf(const LossPlanes& planes, const CrossEntropyCall& call) {
  const bool has_shares =
      planes.targets != nullptr || call.options->label_smoothing != 0.0f;
  const size_t floats = has_shares ? kShareTileFloats : kRowTileFloats;
  // Passes write up to a multiple of 16 elements. The number of lanes is a
  // multiple of 16, too, so lanes are whole vectors on any target.
  const size_t n = planes.x.axis;
  if (n > floats / 16) return 0;
  const size_t width = floats / ((n + 15) / 16 * 16) / 16 * 16;
  return width < kMaxTileLanes ? width : kMaxTileLanes;
}

}  // namespace

LossTiles::LossTiles(const LossPlanes& planes, const CrossEntropyCall& call,
                     Target target) noexcept
    : planes_(planes),
      call_(call),
      losses_(KernelsOf(kCrossEntropyKernels, target)),
      tiles_(KernelsOf(kTileKernels, target)),
      kernels_(KernelsOf(kColumnKernels, target)),
      memory_(kernels_, planes.types),
      width_(losses_.column_tile == nullptr ? 0 : WidthOf(planes, call)),
      are_gathered_(planes.x.inner < kMinColumns),
      is_far_(planes.x.outer * planes.x.axis * planes.x.inner >=
              kMinAheadFloats) {
  // Only floats can be gathered or added to in place.
  if (planes.types != nullptr && (are_gathered_ || call.Adds())) width_ = 0;
}

size_t LossTiles::RowsOf(size_t first, size_t count) {
  const size_t inner = planes_.x.inner;
  at_.outer = first / inner;
  at_.inner = first % inner;
  size_t most = width_;
  if (!are_gathered_) {
    const size_t left = inner - at_.inner;
    if (left < most) most = left;
  }
  return count < most ? count : most;
}

bool LossTiles::Run(const Loss& loss, size_t count, const LabelledRow* rows,
                    double* losses) {
  at_.cols = count;
  at_.ahead_in = at_.ahead_out = 0;
  if (is_far_ && !are_gathered_) {
    const size_t left = planes_.x.inner - at_.inner - count;
    at_.ahead_in = left < width_ ? left : width_;
    at_.ahead_out = planes_.dx.data == nullptr ? 0 : count;
  }
  rows_ = rows;
  const ColumnTileIo io = {this, &Read, &Write};
  return losses_.column_tile(
      loss, tiles_, io, planes_.x.axis,
      planes_.targets == nullptr ? nullptr : planes_.targets->data,
      planes_.dx.data != nullptr, count, rows, losses);
}

void LossTiles::Read(void* context, bool are_targets, float* values,
                     Tile& tile) {
  const LossTiles& t = *static_cast<LossTiles*>(context);
  if (are_targets) return t.Read(*t.planes_.targets, values, tile);
  t.Read(t.planes_.x, values, tile);
  t.memory_.PrefetchIn(t.planes_.x, t.at_);
  t.memory_.PrefetchOut(t.planes_.dx, t.at_);
}

void LossTiles::Read(const Planes<const float>& v, float* values,
                     Tile& tile) const {
  const size_t n = v.axis, width = tile.width;
  if (!are_gathered_) {
    return memory_.Read(v, at_, {0, n, values, width}, true, tile.max);
  }
  Gather(v, values, width);
  kernels_.read(values, width, n, width, values, width, true, tile.max);
}

// Calls body(plane, first inner index, first lane, columns) for the columns of
// the tile that stand side by side.
template <class Body>
void LossTiles::ForRuns(const Body& body) const {
  const size_t inner = planes_.x.inner;
  size_t o = at_.outer, i = at_.inner;
  for (size_t lane = 0, cols; lane < at_.cols; lane += cols, i = 0, ++o) {
    cols = at_.cols - lane;
    if (cols > inner - i) cols = inner - i;
    body(o, i, lane, cols);
  }
}

void LossTiles::Gather(const Planes<const float>& v, float* values,
                       size_t width) const {
  for (size_t k = 0; k < v.axis; ++k) {
    for (size_t c = at_.cols; c < width; ++c) values[k * width + c] = 0.0f;
  }
  ForRuns([&](size_t o, size_t i, size_t lane, size_t cols) {
    const float* const from = v.data + o * v.outer_stride + i;
    float* const to = values + lane;
    for (size_t k = 0; k < v.axis; ++k) {
      for (size_t c = 0; c < cols; ++c) {
        to[k * width + c] = from[k * v.axis_stride + c];
      }
    }
  });
}

void LossTiles::Scatter(const float* values, size_t width) const {
  const Planes<float>& v = planes_.dx;
  const bool are_added_to = call_.Adds();
  ForRuns([&](size_t o, size_t i, size_t lane, size_t cols) {
    float* const to = v.data + o * v.outer_stride + i;
    const float* const from = values + lane;
    for (size_t k = 0; k < v.axis; ++k) {
      for (size_t c = 0; c < cols; ++c) {
        float& element = to[k * v.axis_stride + c];
        const float gradient = from[k * width + c];
        if (!are_added_to) {
          element = gradient;
        } else if (!rows_[lane + c].is_ignored) {
          element += gradient;
        }
      }
    }
  });
}

void LossTiles::SetLabels(const double* label_gradients,
                          const ColumnsOut& out) const {
  if (label_gradients == nullptr) return;
  for (size_t c = 0; c < at_.cols; ++c) {
    if (rows_[c].is_ignored) continue;
    out.to[rows_[c].label * out.stride + c] =
        static_cast<float>(label_gradients[c]);
  }
}

void LossTiles::Write(void* context, float* values, bool are_gradients,
                      const Tile& tile, const double* label_gradients) {
  const LossTiles& t = *static_cast<LossTiles*>(context);
  const size_t n = t.planes_.x.axis, width = tile.width;
  const auto write = [&](const ColumnsOut& out) {
    if (!are_gradients) {
      t.kernels_.write_probabilities(values, width, tile, out);
    } else if (out.to != values) {
      for (size_t k = 0; k < n; ++k) {
        std::memcpy(out.to + k * out.stride, values + k * width,
                    out.cols * sizeof(float));
      }
    }
    t.SetLabels(label_gradients, out);
  };
  if (!t.are_gathered_ && !t.call_.Adds()) {
    return t.memory_.Put(t.planes_.dx, t.at_, {0, n, values, width}, write);
  }
  write({values, width, n, width});
  t.Scatter(values, width);
}

}  // namespace internal
}  // namespace softlane
