// SPDX-License-Identifier: Apache-2.0
// Views of DLPack's tensors, by the header of a package.

#include "softlane/dlpack.h"

#include <dlpack/dlpack.h>

#include <cstdint>

#include "doctest/doctest.h"
#include "each_target.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

static_assert(kDLInt == internal::kDlpackInt);
static_assert(kDLFloat == internal::kDlpackFloat);
static_assert(kDLBfloat == internal::kDlpackBFloat);
static_assert(kDLCPU == internal::kDlpackDevices[0]);
static_assert(kDLCUDAHost == internal::kDlpackDevices[1]);
static_assert(kDLROCMHost == internal::kDlpackDevices[2]);

// Floats [2, 3], behind a float that is not of the tensor.
struct Source {
  Source() {
    tensor.data = data;
    tensor.device = {kDLCPU, 0};
    tensor.ndim = 2;
    tensor.dtype = {kDLFloat, 32, 1};
    tensor.shape = shape;
    tensor.strides = nullptr;
    tensor.byte_offset = 4;
  }

  float data[7] = {9, 1, 2, 3, 4, 5, 6};
  int64_t shape[2] = {2, 3}, strides[2] = {1, 2};
  DLTensor tensor;
};

TEST_CASE("a DLTensor becomes a view of its elements") {
  Source source;
  AnyTensor any;
  Tensor<const float> floats;
  REQUIRE(FromDLPack(source.tensor, any) == Status::kOk);
  REQUIRE(FromDLPack(source.tensor, floats) == Status::kOk);
  CHECK(any.data == source.data + 1);
  CHECK(floats.data == source.data + 1);
  CHECK(any.type == ElementType::kFloat32);
  CHECK(any.rank == 2);
  CHECK(any.sizes[1] == 3);
  CHECK(any.strides[0] == 3);
  CHECK(any.strides[1] == 1);
  source.tensor.strides = source.strides;
  REQUIRE(FromDLPack(source.tensor, any) == Status::kOk);
  CHECK(any.strides[1] == 2);
  float probs[6];
  const int64_t sizes[] = {2, 3};
  REQUIRE(Softmax(any, Tensor<float>(probs, 2, sizes), 1) == Status::kOk);
  CHECK(probs[2] > probs[1]);
}

TEST_CASE("types, devices and places of a DLTensor") {
  struct Case {
    Status status;
    DLDeviceType device;
    DLDataType type;
    int rank;
    uint64_t offset;
    bool has_shape = true;
  };
  const DLDataType f32 = {kDLFloat, 32, 1};
  const Case cases[] = {
      {Status::kOk, kDLCPU, f32, 2, 0},
      {Status::kOk, kDLCUDAHost, f32, 2, 8},
      {Status::kOk, kDLROCMHost, {kDLFloat, 16, 1}, 2, 2},
      {Status::kOk, kDLCPU, {kDLBfloat, 16, 1}, 2, 2},
      {Status::kOk, kDLCPU, f32, 0, 0, false},
      {Status::kBadOption, kDLCUDA, f32, 2, 0},
      {Status::kBadOption, kDLOpenCL, f32, 2, 0},
      {Status::kBadOption, kDLCPU, {kDLFloat, 64, 1}, 2, 0},
      {Status::kBadOption, kDLCPU, {kDLInt, 32, 1}, 2, 0},
      {Status::kBadOption, kDLCPU, {kDLFloat, 32, 4}, 2, 0},
      {Status::kBadShape, kDLCPU, f32, -1, 0},
      {Status::kBadShape, kDLCPU, f32, 9, 0},
      {Status::kBadShape, kDLCPU, f32, 2, 2},
      {Status::kBadShape, kDLCPU, f32, 2, 0, false},
  };
  for (const Case& c : cases) {
    CAPTURE(&c - cases);
    Source source;
    source.tensor.device.device_type = c.device;
    source.tensor.dtype = c.type;
    source.tensor.ndim = c.rank;
    source.tensor.byte_offset = c.offset;
    if (!c.has_shape) source.tensor.shape = nullptr;
    AnyTensor any;
    any.rank = 7;
    CHECK(FromDLPack(source.tensor, any) == c.status);
    CHECK(any.rank == (c.status == Status::kOk ? c.rank : 7));
    if (c.status != Status::kOk) continue;
    CHECK(any.data == reinterpret_cast<char*>(source.data) + c.offset);
    CHECK(SizeOf(any.type) * 8 == c.type.bits);
    CHECK((any.type == ElementType::kBFloat16) == (c.type.code == kDLBfloat));
  }
}

TEST_CASE("labels and null tensors of DLPack") {
  Source source;
  Tensor<const int64_t> of64;
  Tensor<const int32_t> of32;
  CHECK(FromDLPack(source.tensor, of64) == Status::kBadOption);
  source.tensor.dtype = {kDLInt, 32, 1};
  CHECK(FromDLPack(source.tensor, of64) == Status::kBadOption);
  CHECK(FromDLPack(source.tensor, of32) == Status::kOk);
  source.tensor.data = nullptr;
  CHECK(FromDLPack(source.tensor, of32) == Status::kOk);
  CHECK(of32.data == nullptr);
}

}  // namespace
}  // namespace softlane
