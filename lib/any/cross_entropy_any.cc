// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/chunks.h"
#include "any/long_loss.h"
#include "cross_entropy_check.h"
#include "fp_environment.h"
#include "kernels/half_passes.h"
#include "kernels/row_limits.h"
#include "softlane/cross_entropy.h"

// The schedule of floats asks for rows and adds their losses. Logits are
// widened to a buffer, unless they are floats, and the gradients take their
// place. Rows that no buffer holds are done part by part, or as floats in the
// gradient's rows.

namespace softlane {
namespace internal {
namespace {

// Of logits, which gradients replace, and of targets.
size_t NumBuffers(const LossViews& views) {
  return views.targets != nullptr && IsHalf(views.targets->type) ? 2 : 1;
}

// The views of the function of floats, whose data are those of the rows that
// have been loaded.
struct FloatViews {
  explicit FloatViews(const LossViews& views) noexcept
      : x(nullptr, views.x.rows, views.x.cols),
        targets(x),
        dx(static_cast<float*>(views.dx.data), x.rows, x.cols) {}

  Rows<const float> x, targets;
  Rows<float> dx;
};

// What loads rows for the schedule.
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
    const AnyRows& dx = views.dx;
    Rows<float> place;
    if (has_gradient) {
      place = Converter::PlaceOf(dx, first, count, 0, cols, buffers.x);
    }
    const Rows<const float> x =
        converter.Widened(views.x, first, count, 0, cols,
                          buffers.x == nullptr ? place.data : buffers.x);
    floats.x.data = x.data;
    floats.x.stride = x.stride;
    if (has_gradient) {
      floats.dx.data = place.data;
      floats.dx.stride = place.stride;
    }
    if (views.targets == nullptr) return;
    const Rows<const float> targets = converter.Widened(
        *views.targets, first, count, 0, cols, buffers.targets);
    floats.targets.data = targets.data;
    floats.targets.stride = targets.stride;
  }
  void Store() const {
    if (loaded == 0 || views.dx.data == nullptr) return;
    converter.Narrow(
        Rows<float>(floats.dx.data, loaded, views.x.cols, floats.dx.stride),
        views.dx, loaded_first, 0);
  }

  const Converter& converter;
  const LossViews& views;
  FloatViews& floats;
  Buffers buffers;
  size_t loaded_first = 0, loaded = 0;
};

// A call whose arguments have been checked.
struct Checked {
  const CrossEntropyCall& call;
  const LossViews& views;
  FloatViews& floats;
  Target target;
};

void RunLoaded(const Checked& c, const Loader::Buffers& buffers,
               size_t max_rows) {
  const Converter converter(c.target);
  Loader loader{converter, c.views, c.floats, buffers};
  const LossSource source = {&loader, max_rows, &Loader::Load, nullptr};
  RunCrossEntropyOf(source, c.call, c.target);
}

// Loads rows to `elements`. At most kChunk elements at a time, but a row at
// least.
void RunInBuffer(const Checked& c, float* elements, size_t count) {
  const size_t cols = c.views.x.cols;
  const size_t of_each = count / NumBuffers(c.views);
  const size_t rows = (of_each < kChunk ? of_each : kChunk) / cols;
  RunLoaded(c, {elements, elements + (count - of_each)}, rows == 0 ? 1 : rows);
}
// The frames of these functions are not the caller's. A tile of the schedule
// takes 64 kB of stack itself; for all that is left there is a tile's rows.
constexpr size_t kFewElements = 64;
[[gnu::noinline]] void RunFewRows(const Checked& c) {
  alignas(64) float elements[2 * kFewElements];
  RunInBuffer(c, elements, 2 * kFewElements);
}
constexpr size_t kTileElements = 2048;
static_assert(2 * kTileCapacity <= kTileElements, "rows of a tile fit");
[[gnu::noinline]] void RunTileRows(const Checked& c) {
  alignas(64) float elements[kTileElements];
  RunInBuffer(c, elements, kTileElements);
}
constexpr size_t kManyElements = 2 * kMaxChunkCols;
[[gnu::noinline]] void RunManyRows(const Checked& c) {
  alignas(64) float elements[kManyElements];
  RunInBuffer(c, elements, kManyElements);
}

// The context of rows that are done part by part.
struct Parts {
  static double OfRow(void* context, const Loss& loss, size_t r,
                      const LabelledRow& row) {
    const Parts& parts = *static_cast<const Parts*>(context);
    return LongLoss(parts.converter, parts.views, loss, parts.target)
        .OfRow(r, row);
  }

  const Converter converter;
  const LossViews& views;
  Target target;
};
[[gnu::noinline]] void RunParts(const Checked& c) {
  Parts parts{Converter(c.target), c.views, c.target};
  const LossSource source = {&parts, 0, nullptr, &Parts::OfRow};
  RunCrossEntropyOf(source, c.call, c.target);
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const Checked& c) {
  const LossViews& views = c.views;
  const size_t rows = views.x.rows, cols = views.x.cols;
  if (cols <= kFewElements && rows <= kFewElements / cols) {
    RunFewRows(c);
  } else if (cols <= kTileElements / NumBuffers(views)) {
    RunTileRows(c);
  } else if (cols <= kManyElements / NumBuffers(views)) {
    RunManyRows(c);
  } else if (NumBuffers(views) == 1 && views.dx.data != nullptr &&
             !IsHalf(views.dx.type)) {
    RunLoaded(c, {nullptr, nullptr}, 1);
  } else {
    RunParts(c);
  }
}

// `labels` are those of the call, if there are any.
Status CheckAny(const CrossEntropyCall& call, const LossViews& views,
                const Words& labels) {
  const ConstAnyRows& x = views.x;
  const CrossEntropyOptions& options = *call.options;
  const bool has_gradient = views.dx.data != nullptr;
  const bool is_per_row = options.reduction == Reduction::kNone;
  const size_t num_upstream = is_per_row && has_gradient ? x.rows : 0;
  if (HasNoResult(call)) return Status::kNullPointer;
  return CheckOperandsOf(
      {InputBeside(x, views.dx.type),
       views.targets == nullptr ? Operand(Read(labels))
                                : Operand(Read(*views.targets)),
       Operand(LossesOf(call)),
       Operand(Optional(WrittenVector(call.divisor, 1))),
       has_gradient ? OutputBeside(views.dx, x.type)
                    : Operand(Optional(Written(views.dx))),
       Operand(Optional(ReadVector(options.class_weights, NumWeights(call)))),
       Operand(Optional(
           ReadVector(num_upstream == 0 ? nullptr : options.upstream_rows,
                      num_upstream)))},
      (views.targets == nullptr || HaveSameShape(x, *views.targets)) &&
          (!has_gradient || HaveSameShape(x, views.dx)));
}

bool AreAllFloats(const LossViews& views) {
  return AreFloats(views.x) &&
         (views.dx.data == nullptr || AreFloats(views.dx)) &&
         (views.targets == nullptr || AreFloats(*views.targets));
}
bool AreTypes(const LossViews& views) {
  const ElementType in = views.x.type;
  return IsPair(in, views.dx.data == nullptr ? in : views.dx.type) &&
         (views.targets == nullptr || views.targets->type == in);
}

// `labels` are none if there are targets.
[[gnu::noinline]] Status Run(const LossViews& views, const Labels& labels,
                             float* loss, const CrossEntropyOptions& options,
                             float* divisor, Target target) {
  if (!AreTypes(views)) return Status::kBadOption;
  FloatViews floats(views);
  CrossEntropyCall call(floats.x, loss, floats.dx, options, divisor);
  call.labels = labels;
  if (views.targets != nullptr) call.targets = &floats.targets;
  const Words words = labels.WordsOfRows(views.x.rows);
  if (Status s = CheckAny(call, views, words); s != Status::kOk) return s;
  if (Status s = CheckOptions(call); s != Status::kOk) return s;
  if (Status s = CheckLabels(call); s != Status::kOk) return s;
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const FpEnvironment environment;
  if (views.x.rows == 0 || views.x.cols == 0) {
    RunCrossEntropy(call, chosen);
  } else {
    RunChecked({call, views, floats, chosen});
  }
  return Status::kOk;
}

template <typename Label>
Status RunLabels(const ConstAnyRows& logits, const Label* labels, float* loss,
                 const AnyRows& dlogits, const CrossEntropyOptions& options,
                 float* divisor, Target target) {
  const LossViews views{logits, nullptr, dlogits};
  if (AreAllFloats(views)) {
    return CrossEntropy(FloatsOf(logits), labels, loss, FloatsOf(dlogits),
                        options, divisor, target);
  }
  return Run(views, Labels(labels), loss, options, divisor, target);
}

}  // namespace
}  // namespace internal

inline namespace v1 {

template <typename>
Status CrossEntropy(const ConstAnyRows& logits, const int64_t* labels,
                    float* loss, const AnyRows& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  return internal::RunLabels(logits, labels, loss, dlogits, options, divisor,
                             target);
}
template <typename>
Status CrossEntropy(const ConstAnyRows& logits, const int32_t* labels,
                    float* loss, const AnyRows& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  return internal::RunLabels(logits, labels, loss, dlogits, options, divisor,
                             target);
}
template <typename>
Status CrossEntropy(const ConstAnyRows& logits, const ConstAnyRows& targets,
                    float* loss, const AnyRows& dlogits,
                    const CrossEntropyOptions& options, float* divisor,
                    Target target) noexcept {
  const internal::LossViews views{logits, &targets, dlogits};
  if (internal::AreAllFloats(views)) {
    return CrossEntropy(internal::FloatsOf(logits), internal::FloatsOf(targets),
                        loss, internal::FloatsOf(dlogits), options, divisor,
                        target);
  }
  return internal::Run(views, internal::Labels(), loss, options, divisor,
                       target);
}
template Status CrossEntropy(const ConstAnyRows&, const int64_t*, float*,
                             const AnyRows&, const CrossEntropyOptions&, float*,
                             Target) noexcept;
template Status CrossEntropy(const ConstAnyRows&, const int32_t*, float*,
                             const AnyRows&, const CrossEntropyOptions&, float*,
                             Target) noexcept;
template Status CrossEntropy(const ConstAnyRows&, const ConstAnyRows&, float*,
                             const AnyRows&, const CrossEntropyOptions&, float*,
                             Target) noexcept;

}  // namespace v1
}  // namespace softlane
