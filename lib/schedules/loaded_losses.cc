// SPDX-License-Identifier: Apache-2.0
#include "schedules/loaded_losses.h"

#include "kernels/half_passes.h"
#include "kernels/row_limits.h"
#include "schedules/long_loss.h"

namespace softlane {
namespace internal {
namespace {

// The elements of a buffer with several rows, and the elements of the longest
// row in a buffer.
constexpr size_t kChunk = 2048;
constexpr size_t kMaxChunkCols = 8192;

// A buffer for logits, which gradients replace, and a buffer for targets if
// they are converted.
size_t NumBuffers(const LossViews& views) {
  const ConstLines* const targets = views.targets;
  return targets != nullptr && (IsHalf(targets->type) || targets->IsCopied())
             ? 2
             : 1;
}

// Loads rows for the schedule.
struct Loader {
  // Elements for logits and gradients, and for targets.
  struct Buffers {
    float* x;
    float* targets;
  };

  static void Load(void* context, size_t first, size_t count) {
    static_cast<Loader*>(context)->Load(first, count);
  }
  void Load(size_t first, size_t count) {
    Store();
    if (count == 0) return;
    loaded_first = first;
    loaded = count;
    const size_t cols = views.x.cols;
    const bool has_gradient = views.dx.data != nullptr;
    Rows<float> place;
    if (has_gradient) {
      place = places.Of(first, count, 0, cols, buffers.x);
    }
    const Rows<const float> x =
        places.Widened(views.x, first, count, 0, cols,
                       buffers.x == nullptr ? place.data : buffers.x);
    floats.x.data = x.data;
    floats.x.stride = x.stride;
    if (has_gradient) {
      floats.dx.data = place.data;
      floats.dx.stride = place.stride;
    }
    if (views.targets == nullptr) return;
    const Rows<const float> targets =
        places.Widened(*views.targets, first, count, 0, cols, buffers.targets);
    floats.targets.data = targets.data;
    floats.targets.stride = targets.stride;
  }
  void Store() const {
    if (loaded == 0 || views.dx.data == nullptr) return;
    const Rows<float> all(floats.dx.data, loaded, views.x.cols,
                          floats.dx.stride);
    if (!places.AreAddedTo()) return places.Take(all, loaded_first, 0);
    // An ignored row is skipped, because adding +0 would change -0.
    for (size_t begin = 0, end; begin < loaded; begin = end + 1) {
      end = begin;
      while (end < loaded && !call.IsIgnored(loaded_first + end)) ++end;
      places.Take(all.Slice(begin, end - begin), loaded_first + begin, 0);
    }
  }

  const GradientPlaces& places;
  const CrossEntropyCall& call;
  const LossViews& views;
  FloatViews& floats;
  Buffers buffers;
  size_t loaded_first = 0, loaded = 0;
};

GradientPlaces PlacesOf(const LoadedLosses& c) {
  return {c.converter, c.views.dx, c.call.options->accumulate};
}

void RunLoaded(const LoadedLosses& c, const Loader::Buffers& buffers,
               size_t max_rows) {
  const GradientPlaces places = PlacesOf(c);
  Loader loader{places, c.call, c.views, c.floats, buffers};
  const LossSource source = {&loader, max_rows, &Loader::Load, nullptr,
                             nullptr};
  RunCrossEntropyOf(source, c.call, c.target);
}

// Loads rows to `elements`: at most kChunk elements at a time, but at least one
// row.
void RunInBuffer(const LoadedLosses& c, float* elements, size_t count) {
  const size_t cols = c.views.x.cols;
  const size_t of_each = count / NumBuffers(c.views);
  const size_t rows = (of_each < kChunk ? of_each : kChunk) / cols;
  RunLoaded(c, {elements, elements + (count - of_each)}, rows == 0 ? 1 : rows);
}
// These functions are not inlined: their buffers would grow the stack frames of
// their callers. A tile of the schedule takes 64 kB of stack, and the rest of
// the stack has room for the rows of one tile only.
constexpr size_t kFewElements = 64;
[[gnu::noinline]] void RunFewRows(const LoadedLosses& c) {
  alignas(64) float elements[2 * kFewElements];
  RunInBuffer(c, elements, 2 * kFewElements);
}
constexpr size_t kTileElements = 2048;
static_assert(2 * kTileCapacity <= kTileElements, "rows of a tile fit");
[[gnu::noinline]] void RunTileRows(const LoadedLosses& c) {
  alignas(64) float elements[kTileElements];
  RunInBuffer(c, elements, kTileElements);
}
constexpr size_t kManyElements = 2 * kMaxChunkCols;
[[gnu::noinline]] void RunManyRows(const LoadedLosses& c) {
  alignas(64) float elements[kManyElements];
  RunInBuffer(c, elements, kManyElements);
}

// The context of rows that are done part by part.
struct Parts {
  static double OfRow(void* context, const Loss& loss, size_t r,
                      const LabelledRow& row) {
    const Parts& parts = Of(context);
    const LongRows rows = parts.AsRows();
    alignas(64) float x[kSumCols], targets[kSumCols];
    return LongLoss(rows, x, targets, loss, parts.target).OfRow(r, row);
  }
  LongRows AsRows() const {
    return {this,
            views.x.cols,
            views.targets != nullptr,
            views.dx.data != nullptr,
            places.AreAddedTo(),
            &Logits,
            &Targets,
            &Place,
            &Take};
  }
  static const Parts& Of(const void* context) {
    return *static_cast<const Parts*>(context);
  }
  static const float* Logits(const void* context, size_t r, size_t col,
                             size_t n, float* buffer) {
    const Parts& p = Of(context);
    return p.places.Widened(p.views.x, r, 1, col, n, buffer).data;
  }
  static const float* Targets(const void* context, size_t r, size_t col,
                              size_t n, float* buffer) {
    const Parts& p = Of(context);
    return p.places.Widened(*p.views.targets, r, 1, col, n, buffer).data;
  }
  static float* Place(const void* context, size_t r, size_t col, size_t n,
                      float* buffer) {
    return Of(context).places.Of(r, 1, col, n, buffer).data;
  }
  static void Take(const void* context, size_t r, size_t col, size_t n,
                   float* place) {
    Of(context).places.Take({place, 1, n}, r, col);
  }

  const LossViews& views;
  const GradientPlaces places;
  Target target;
};
[[gnu::noinline]] void RunParts(const LoadedLosses& c) {
  Parts parts{c.views, PlacesOf(c), c.target};
  const LossSource source = {&parts, 0, nullptr, &Parts::OfRow, nullptr};
  RunCrossEntropyOf(source, c.call, c.target);
}

}  // namespace

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunLoadedLosses(const LoadedLosses& c) noexcept {
  const LossViews& views = c.views;
  const size_t rows = views.x.rows, cols = views.x.cols;
  if (cols <= kFewElements && rows <= kFewElements / cols) {
    RunFewRows(c);
  } else if (cols <= kTileElements / NumBuffers(views)) {
    RunTileRows(c);
  } else if (cols <= kManyElements / NumBuffers(views)) {
    RunManyRows(c);
  } else if (NumBuffers(views) == 1 && views.dx.data != nullptr &&
             PlacesOf(c).AreInView()) {
    RunLoaded(c, {nullptr, nullptr}, 1);
  } else {
    RunParts(c);
  }
}

namespace {

// The context of rows whose results have been saved.
struct SavedRows {
  static double OfRow(void* context, const Loss& loss, size_t r,
                      const LabelledRow& row) {
    const SavedRows& saved = *static_cast<const SavedRows*>(context);
    const float* const lse = saved.logsumexp;
    LongLoss(saved.rows, saved.x, saved.targets, loss, saved.target)
        .WriteFromSaved(r, row, lse == nullptr ? nullptr : lse + r);
    return 0.0;
  }

  const LongRows& rows;
  float* x;
  float* targets;
  const float* logsumexp;
  Target target;
};
void WriteFromSaved(const LoadedLosses& c, const float* logsumexp, float* x,
                    float* targets) {
  const Parts parts{c.views, PlacesOf(c), c.target};
  const LongRows rows = parts.AsRows();
  SavedRows saved{rows, x, targets, logsumexp, c.target};
  const LossSource source = {&saved, 0, nullptr, &SavedRows::OfRow, nullptr};
  RunCrossEntropyOf(source, c.call, c.target);
}
template <size_t elements>
[[gnu::noinline]] void WriteFromSavedInBuffers(const LoadedLosses& c,
                                               const float* logsumexp) {
  alignas(64) float x[elements], targets[elements];
  WriteFromSaved(c, logsumexp, x, targets);
}

}  // namespace

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void WriteLossesFromSaved(const LoadedLosses& c,
                                            const float* logsumexp) noexcept {
  const bool has_buffers = IsHalf(c.views.x.type) || !PlacesOf(c).AreInView();
  if (has_buffers && c.views.x.cols <= kFewElements) {
    WriteFromSavedInBuffers<kFewElements>(c, logsumexp);
  } else if (has_buffers) {
    WriteFromSavedInBuffers<kSumCols>(c, logsumexp);
  } else {
    WriteFromSaved(c, logsumexp, nullptr, nullptr);
  }
}

void RunAddedLosses(const CrossEntropyCall& call, Target target) noexcept {
  ConstLines targets;
  if (!call.HasLabels()) targets = ConstAnyRows(*call.targets);
  const LossViews views{ConstAnyRows(call.logits),
                        call.HasLabels() ? nullptr : &targets,
                        AnyRows(call.dlogits)};
  FloatViews floats(views);
  CrossEntropyCall loaded(floats.x, call.loss, floats.dx, *call.options,
                          call.divisor);
  loaded.labels = call.labels;
  if (!call.HasLabels()) loaded.targets = &floats.targets;
  loaded.shares_fit_floats = call.shares_fit_floats;
  loaded.counted = call.counted;
  RunLoadedLosses({loaded, views, floats, Converter(), target});
}

}  // namespace internal
}  // namespace softlane
