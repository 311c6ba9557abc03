// SPDX-License-Identifier: Apache-2.0
// Bad arguments of calls on tensors, and operands that share memory.

#include <climits>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "softlane/softlane.h"
#include "tensor_calls.h"
#include "tensor_errors.h"
#include "tensor_layouts.h"

namespace softlane {
namespace {

static_assert(std::is_trivially_copyable_v<Tensor<float>>);
static_assert(std::is_trivially_copyable_v<AnyTensor>);
static_assert(std::is_convertible_v<Tensor<float>, Tensor<const float>>);
static_assert(std::is_convertible_v<Tensor<const BFloat16>, ConstAnyTensor>);
static_assert(!std::is_convertible_v<Tensor<const float>, Tensor<float>>);
static_assert(!std::is_convertible_v<Tensor<const float>, AnyTensor>);

// A good call along a dimension of tensors [3, 4, 5]: the middle one, or the
// last if there are no logsumexps.
struct Good {
  Good(const TensorFunction& f, int its_axis) : function(f), axis(its_axis) {
    for (float& element : x) element = 1.0f;
    o.x[0] = o.x[1] = Tensor<const float>(x, 3, kSizes);
    o.y = Tensor<float>(y, 3, kSizes);
    o.log = Tensor<float>(log, 3, kReduced);
  }

  static constexpr int64_t kSizes[] = {3, 4, 5}, kReduced[] = {3, 1, 5};
  const TensorFunction& function;
  float x[60], y[60] = {}, log[15] = {};
  TensorOperands o;
  int axis;
  SoftmaxOptions options;
  Target target = Target::kAuto;
};

using Error = ArgumentError<Good>;
using Change = Error::Change;

std::vector<Error> ErrorsOf(const TensorFunction& function) {
  std::vector<Error> errors;
  for (int k = 0; k < function.inputs; ++k) {
    AddShapeErrors(
        "x", false, [k](Good & g) -> auto& { return g.o.x[k]; }, errors);
  }
  if (function.has_y) {
    AddShapeErrors(
        "y", true, [](Good & g) -> auto& { return g.o.y; }, errors);
  }
  if (function.has_log) {
    AddShapeErrors(
        "log", true, [](Good & g) -> auto& { return g.o.log; }, errors);
  }
  const auto add = [&](const char* what, Status status, const Change& change) {
    errors.push_back({what, status, change});
  };
  add("rows whose number is 0 in 64 bits", Status::kBadShape, [](Good& g) {
    constexpr int64_t kSize = int64_t{1} << 32;
    SetDense(g.o.x[0], {kSize, kSize, 5});
    SetDense(g.o.x[1], {kSize, kSize, 5});
    SetDense(g.o.y, {kSize, kSize, 5});
  });
  for (const int axis : {3, -4, INT_MAX, INT_MIN}) {
    add("axis", Status::kBadShape, [=](Good& g) { g.axis = axis; });
  }
  for (const float scale : {0.0f, -1.0f, __builtin_nanf("")}) {
    add("scale", Status::kBadOption, [=](Good& g) { g.options.scale = scale; });
  }
  add("target", Status::kTargetUnavailable,
      [](Good& g) { g.target = static_cast<Target>(99); });
  add("type of x", Status::kBadOption,
      [](Good& g) { g.o.x[0].type = static_cast<ElementType>(3); });
  if (function.has_y) {
    add("type of y", Status::kBadOption,
        [](Good& g) { g.o.y.type = static_cast<ElementType>(3); });
    add("halves that differ", Status::kBadOption, [](Good& g) {
      g.o.x[0].type = g.o.x[1].type = ElementType::kBFloat16;
      g.o.y.type = ElementType::kFloat16;
    });
    add("y from the second element of x on", Status::kOverlap,
        [](Good& g) { g.o.y.data = g.x + 1; });
    add("y that is x transposed", Status::kOverlap, [](Good& g) {
      g.o.y.data = g.x;
      g.o.y.strides[0] = 5;
      g.o.y.strides[1] = 15;
    });
    add("y that is x of another type", Status::kOverlap, [](Good& g) {
      g.o.y.data = g.x;
      g.o.y.type = ElementType::kFloat16;
    });
  }
  if (function.inputs == 2) {
    add("inputs of two types", Status::kBadOption,
        [](Good& g) { g.o.x[1].type = ElementType::kBFloat16; });
  }
  if (function.has_log) {
    add("log in x", Status::kOverlap, [](Good& g) { g.o.log.data = g.x + 1; });
    if (function.has_y) {
      add("log in y", Status::kOverlap,
          [](Good& g) { g.o.log.data = g.y + 44; });
    }
    add("log of the size of x", Status::kBadShape,
        [](Good& g) { g.o.log.sizes[1] = 4; });
    add("log without elements", Status::kBadShape,
        [](Good& g) { g.o.log.sizes[1] = 0; });
  }
  return errors;
}

// Makes a call with changes: its status, after a look at the outputs.
Status StatusOf(const TensorFunction& function, int axis,
                const std::vector<Change>& changes) {
  Good good(function, axis);
  for (const Change& change : changes) change(good);
  const Status status =
      function.tensors(good.o, good.axis, good.options, good.target);
  bool is_written = false;
  for (const float element : good.y) is_written |= element != 0.0f;
  for (const float element : good.log) is_written |= element != 0.0f;
  for (const float element : good.x) is_written |= element != 1.0f;
  CHECK(is_written == (status == Status::kOk));
  return status;
}

// The axes of good calls. The last one makes the tensors rows.
std::vector<int> AxesOf(const TensorFunction& function) {
  return function.has_log ? std::vector<int>{1} : std::vector<int>{1, 2, -1};
}

// Kills: a check that is left out, or that comes after a write.
TEST_CASE("bad arguments of tensors give a status before the first write") {
  for (const TensorFunction& function : kTensorFunctions) {
    CAPTURE(function.name);
    const std::vector<Error> errors = ErrorsOf(function);
    for (const int axis : AxesOf(function)) {
      CAPTURE(axis);
      CHECK(StatusOf(function, axis, {}) == Status::kOk);
      for (const Error& first : errors) {
        CAPTURE(first.name);
        CHECK(StatusOf(function, axis, {first.change}) == first.status);
      }
    }
  }
}

// Kills: checks in another order.
TEST_CASE("of two errors of tensors the status has the smaller value") {
  const std::vector<Error> errors = {
      {"null", Status::kNullPointer, [](Good& g) { g.o.x[0].data = nullptr; }},
      {"shape", Status::kBadShape, [](Good& g) { g.axis = 3; }},
      {"overlap", Status::kOverlap, [](Good& g) { g.o.y.data = g.x + 1; }},
      {"option", Status::kBadOption, [](Good& g) { g.options.scale = 0.0f; }},
      {"target", Status::kTargetUnavailable,
       [](Good& g) { g.target = static_cast<Target>(99); }},
  };
  for (const TensorFunction& function : kTensorFunctions) {
    if (!function.has_y) continue;
    for (const int axis : AxesOf(function)) {
      CAPTURE(axis);
      for (size_t i = 0; i < errors.size(); ++i) {
        for (size_t k = i + 1; k < errors.size(); ++k) {
          CAPTURE(errors[i].name + ", " + errors[k].name);
          CHECK(
              StatusOf(function, axis, {errors[i].change, errors[k].change}) ==
              errors[i].status);
        }
      }
    }
  }
}

// The bytes of a tensor's elements.
std::vector<int64_t> BytesOf(const AnyTensor& t, const char* from) {
  std::vector<int64_t> bytes;
  const int64_t size = static_cast<int64_t>(SizeOf(t.type));
  for (const int64_t offset : OffsetsOf(t)) {
    for (int64_t b = 0; b < size; ++b) {
      bytes.push_back(static_cast<const char*>(t.data) - from + offset * size +
                      b);
    }
  }
  return bytes;
}

// Random strides in one buffer: a call is done only if no byte of the output is
// another element's, and always if the strides fit and none is. Kills: a rule
// of overlap that misses a case.
TEST_CASE("tensors in one buffer are taken if no byte is shared") {
  alignas(4) char buffer[4096];
  char* const middle = buffer + 2048;
  Random random(7);
  int taken = 0, taken_between = 0;
  for (int i = 0; i < 100000; ++i) {
    const int rank = 1 + static_cast<int>(random.Below(4));
    int64_t sizes[4], in[4], out[4];
    const bool is_half = random.Below(3) == 0;
    for (int d = 0; d < rank; ++d) {
      sizes[d] = 1 + static_cast<int64_t>(random.Below(3));
      const int64_t most = int64_t{3} << d;
      out[d] = static_cast<int64_t>(random.Below(2 * most)) - most / 2;
      in[d] = random.Below(40) == 0 ? out[d] + 1 : out[d];
      if (is_half) out[d] *= 2;
    }
    const AnyTensor y(middle + (is_half ? 2 * random.Below(2) : 0),
                      is_half ? ElementType::kBFloat16 : ElementType::kFloat32,
                      rank, sizes, out);
    const AnyTensor x(middle + 4 * static_cast<int64_t>(random.Below(40)) - 80,
                      ElementType::kFloat32, rank, sizes, in);
    const std::vector<int64_t> y_bytes = BytesOf(y, middle);
    const std::set<int64_t> y_set(y_bytes.begin(), y_bytes.end());
    bool is_shared = false, is_between = false;
    for (const int64_t byte : BytesOf(x, middle)) {
      is_shared |= y_set.count(byte) != 0;
      is_between |= *y_set.begin() < byte && byte < *y_set.rbegin();
    }
    bool fits = true, is_same = !is_half && x.data == y.data;
    int64_t span = 0;
    std::vector<std::pair<int64_t, int64_t>> dims;
    for (int d = 0; d < rank; ++d) {
      if (sizes[d] == 1) continue;
      fits &= in[d] * 4 == out[d] * (is_half ? 2 : 4);
      dims.push_back({out[d] < 0 ? -out[d] : out[d], sizes[d]});
    }
    is_same &= fits;
    std::sort(dims.begin(), dims.end());
    bool nests = true;
    for (const auto& dim : dims) {
      nests &= dim.first > span;
      span += (dim.second - 1) * dim.first;
    }
    CAPTURE(i);
    const Status status = Softmax(x, y, 0);
    if (!nests || (is_shared && !is_same)) {
      CHECK(status == Status::kOverlap);
    } else if (fits || is_same) {
      CHECK(status == Status::kOk);
    }
    taken += status == Status::kOk;
    taken_between += status == Status::kOk && is_between && !is_same;
  }
  CHECK(taken > 10000);
  CHECK(taken_between > 1000);
}

}  // namespace
}  // namespace softlane
