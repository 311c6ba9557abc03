// SPDX-License-Identifier: Apache-2.0
// Functions along an axis that is not the last: a case of rows x cols has one
// plane of cols x rows elements, whose columns take the place of rows. And
// softmax of a tensor whose rows are the columns of its memory.

#include <algorithm>
#include <vector>

#include "kernel.h"
#include "labels.h"

namespace softlane {
namespace bench {
namespace {

Planes<float> PlaneOf(const Rows<float>& v) {
  return {v.data, 1, v.cols, v.rows};
}

Status RunSoftmax(const Operands& o, Target target) {
  return SoftmaxAxis(PlaneOf(o.x), PlaneOf(o.y), {}, target);
}
Status RunLogSoftmax(const Operands& o, Target target) {
  return LogSoftmaxAxis(PlaneOf(o.x), PlaneOf(o.y), {}, target);
}
Status RunBackward(const Operands& o, Target target) {
  return SoftmaxBackwardAxis(PlaneOf(o.x), PlaneOf(o.second), PlaneOf(o.y),
                             1.0f, target);
}
Status RunCrossEntropy(const Operands& o, Target target) {
  return CrossEntropyAxis(
      PlaneOf(o.x), Rows<const int64_t>(LabelsOf(o.x), 1, o.x.rows),
      Rows<float>(o.row_results, 1, 1), PlaneOf(o.y), {}, nullptr, target);
}
Status RunTensor(const Operands& o, Target target) {
  const int64_t sizes[] = {static_cast<int64_t>(o.x.rows),
                           static_cast<int64_t>(o.x.cols)};
  const int64_t transposed[] = {1, sizes[0]};
  return Softmax(Tensor<float>(o.x.data, 2, sizes, transposed),
                 Tensor<float>(o.y.data, 2, sizes), -1, {}, target);
}

// The columns of a plane as rows, and back.
std::vector<float> Transposed(const Rows<float>& v) {
  std::vector<float> rows(v.rows * v.cols);
  for (size_t r = 0; r < v.rows; ++r) {
    for (size_t c = 0; c < v.cols; ++c) {
      rows[r * v.cols + c] = v.data[c * v.rows + r];
    }
  }
  return rows;
}

// The loops of rows, between loops that transpose.
template <const Kernel& of_rows>
void Naive(const Operands& o) {
  std::vector<float> x = Transposed(o.x), second = Transposed(o.second);
  std::vector<float> y(x.size());
  const size_t rows = o.x.rows, cols = o.x.cols;
  of_rows.naive({Rows<float>(x.data(), rows, cols),
                 Rows<float>(second.data(), rows, cols),
                 Rows<float>(y.data(), rows, cols),
                 o.row_results,
                 {},
                 {},
                 {}});
  const Rows<float> columns(y.data(), cols, rows);
  const std::vector<float> plane = Transposed(columns);
  std::copy(plane.begin(), plane.end(), o.y.data);
}
void NaiveTensor(const Operands& o) {
  std::vector<float> x = Transposed(o.x);
  Operands rows = o;
  rows.x.data = x.data();
  kSoftmax.naive(rows);
}

template <const Kernel& of_rows>
double Error(const Operands& o) {
  std::vector<float> x = Transposed(o.x), second = Transposed(o.second);
  std::vector<float> y = Transposed(o.y);
  Operands rows = o;
  rows.x.data = x.data();
  rows.second.data = second.data();
  rows.y.data = y.data();
  return of_rows.error(rows);
}
double ErrorOfTensor(const Operands& o) {
  std::vector<float> x = Transposed(o.x);
  Operands rows = o;
  rows.x.data = x.data();
  return kSoftmax.error(rows);
}

template <const Kernel& of_rows>
double ErrorOfOthers(size_t cols) {
  return of_rows.error_of_others(cols);
}

template <const Kernel& of_rows>
Kernel AlongAxis(const char* name, double bytes, bool wants_probabilities,
                 Status (*run)(const Operands&, Target)) {
  Kernel kernel{name,           bytes,          wants_probabilities,   {}, run,
                Naive<of_rows>, Error<of_rows>, ErrorOfOthers<of_rows>};
  kernel.is_axis = true;
  return kernel;
}
Kernel OfTensor() {
  Kernel kernel = AlongAxis<kSoftmax>("softmax_tensor", 8.0, false, RunTensor);
  kernel.naive = NaiveTensor;
  kernel.error = ErrorOfTensor;
  return kernel;
}

}  // namespace

const Kernel kSoftmaxAxis =
    AlongAxis<kSoftmax>("softmax_axis", 8.0, false, RunSoftmax);
const Kernel kLogSoftmaxAxis =
    AlongAxis<kLogSoftmax>("log_softmax_axis", 8.0, false, RunLogSoftmax);
const Kernel kSoftmaxBackwardAxis = AlongAxis<kSoftmaxBackward>(
    "softmax_backward_axis", 12.0, true, RunBackward);
const Kernel kCrossEntropyAxis =
    AlongAxis<kCrossEntropy>("cross_entropy_axis", 8.0, false, RunCrossEntropy);
const Kernel kSoftmaxTensor = OfTensor();

}  // namespace bench
}  // namespace softlane
