// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_TENSORS_H_
#define SOFTLANE_TESTS_FUZZ_TENSORS_H_

#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "source.h"
#include "status_model.h"
#include "tensor_functions.h"

// The functions of tensors: random layouts in one buffer, good and bad. The
// model of the status knows the byte of each element.

namespace softlane {
namespace fuzz {

class TensorFuzz {
 public:
  TensorFuzz(const TensorFunction& function, Source& source)
      : function_(function), bytes_(kBytes) {
    // Before the other choices, which may be behind the end of the input.
    if (function.label_bytes != 0) label_seed_ = source.Word();
    Choose(source);
    Random random(source.Word());
    for (unsigned char& byte : bytes_) {
      byte = static_cast<unsigned char>(random.Next());
    }
    const size_t at = source.Below(1024) * sizeof(float);
    for (size_t i = 0; i < 4; ++i) {
      // Some operands share memory.
      const size_t apart = source.Chance(64) ? source.Below(8) * 4 : 4096 * i;
      size_t begin = kBytes / 2 + at + apart;
      if (i == kTensorSecond && function_.label_bytes != 0) {
        begin -= begin % static_cast<size_t>(function_.label_bytes);
      }
      call_.tensors[i].data =
          source.Chance(4) ? nullptr : bytes_.data() + begin;
    }
  }

  // False if something does not hold. `status` is -1 for a call that this
  // memory does not hold.
  bool Check(int& status) {
    status = -1;
    const int expected = Expected();
    if (expected == SOFTLANE_OK && !is_held_) return true;
    const std::vector<unsigned char> before = bytes_;
    status = function_.run(call_);
    if (status != expected) return false;
    if (status != SOFTLANE_OK) return bytes_ == before;
    const std::vector<unsigned char> after = bytes_;
    if (!IsOnlyWritten(before)) return false;
    int targets[4];
    const size_t count = softlane_available_targets(targets);
    for (size_t t = 0; t < count; ++t) {
      bytes_ = before;
      call_.target = targets[t];
      if (function_.run(call_) != SOFTLANE_OK || !IsOnlyWritten(before) ||
          !HasSameResults(after)) {
        return false;
      }
    }
    return true;
  }

 private:
  static constexpr size_t kBytes = size_t{1} << 16;

  void Choose(Source& source) {
    constexpr int64_t kOdd[] = {INT64_MAX, INT64_MIN, int64_t{1} << 40, -1};
    int rank = static_cast<int>(source.Below(5));
    call_.axis =
        source.Chance(8)
            ? ChooseValue(source, 5)
            : static_cast<int>(source.Below(rank == 0 ? 1 : size_t(rank)));
    if (source.Chance(64)) call_.axis -= rank == 0 ? 1 : rank;
    if (function_.is_of_heads) {
      rank = 4;
      call_.axis = 3;
    }
    int64_t sizes[8];
    for (int64_t& size : sizes) {
      size = static_cast<int64_t>(1 + source.Below(5));
      if (source.Chance(8)) size = 0;
    }
    constexpr float kScales[] = {1.0f, 1.0f, 0.37f, 0.0f, NAN};
    call_.scale = source.OneOf(kScales);
    call_.empty_row = source.Chance(8) ? ChooseValue(source, 3)
                                       : static_cast<int>(source.Below(2));
    call_.target = source.Chance(8) ? ChooseValue(source, 5) : 0;
    const int in = static_cast<int>(source.Below(3));
    for (size_t i = 0; i < 4; ++i) {
      softlane_tensor& t = call_.tensors[i];
      t = {};
      call_.is_null[i] = source.Chance(2);
      t.type = i == kTensorLog ? SOFTLANE_F32 : in;
      if (i == kTensorY && source.Chance(96)) t.type = int(source.Below(3));
      if (source.Chance(3)) t.type = ChooseValue(source, 3);
      t.rank = source.Chance(3) ? ChooseValue(source, 10) : rank;
      int64_t dense = 1;
      const bool is_reversed = source.Chance(96) && !function_.is_of_heads;
      for (int k = 0; k < 8; ++k) {
        const int d = is_reversed || k >= rank ? k : rank - 1 - k;
        t.sizes[d] = sizes[d];
        const int along = call_.axis < 0 ? call_.axis + rank : call_.axis;
        if (IsReduced(i) && d == along) t.sizes[d] = 1;
        if (source.Chance(3)) t.sizes[d] = source.OneOf(kOdd);
        t.strides[d] = dense;
        if (source.Chance(24)) t.strides[d] = -dense;
        if (source.Chance(24)) t.strides[d] = int64_t(source.Below(9)) - 4;
        if (source.Chance(3)) t.strides[d] = source.OneOf(kOdd);
        // Most tensors of heads have keys with stride 1.
        if (function_.is_of_heads && d == 3 && i != kTensorLog) {
          t.strides[d] = source.Chance(3) ? 2 : 1;
        }
        if (k < rank && sizes[d] > 0) dense *= sizes[d];
        if (source.Chance(24)) dense += 1 + int64_t(source.Below(4));
        if (dense > 4000) dense = 4000;
      }
    }
  }

  int64_t BytesOf(size_t i) const {
    return i == kTensorSecond && function_.label_bytes != 0
               ? function_.label_bytes
               : SizeOfType(call_.tensors[i]);
  }
  bool IsReduced(size_t i) const {
    return i == kTensorLog ||
           (i == kTensorSecond && function_.label_bytes != 0);
  }
  // Whether a call has an operand, which may be bad.
  bool Has(size_t i) const {
    const bool is_missing =
        function_.is_loss && i >= kTensorY &&
        (call_.is_null[i] || call_.tensors[i].data == nullptr);
    return function_.has[i] && !is_missing;
  }
  // Offsets of elements in bytes from the buffer's begin, in the order of a
  // dense tensor. False if they are not in it.
  bool FindBytes(size_t i) {
    const softlane_tensor& t = call_.tensors[i];
    std::vector<int64_t>& bytes = elements_[i];
    bytes.clear();
    if (!HasElements(t)) return true;
    bytes.push_back(static_cast<unsigned char*>(t.data) - bytes_.data());
    for (int d = 0; d < t.rank; ++d) {
      if (t.sizes[d] == 1) continue;
      if (t.sizes[d] > 64 || std::abs(t.strides[d]) > int64_t{1} << 20) {
        return false;
      }
      std::vector<int64_t> more;
      for (const int64_t byte : bytes) {
        for (int64_t k = 0; k < t.sizes[d]; ++k) {
          more.push_back(byte + k * t.strides[d] * BytesOf(i));
        }
      }
      bytes = more;
    }
    for (const int64_t byte : bytes) {
      if (byte < 0 || byte + BytesOf(i) > int64_t{kBytes}) return false;
    }
    return true;
  }
  // Whether an output must not stand so beside another operand.
  bool Collide(size_t out, size_t other) const {
    const softlane_tensor &a = call_.tensors[out], &b = call_.tensors[other];
    if (elements_[out].empty() || elements_[other].empty()) return false;
    std::set<int64_t> bytes;
    for (const int64_t byte : elements_[out]) {
      for (int64_t k = 0; k < BytesOf(out); ++k) bytes.insert(byte + k);
    }
    bool is_shared = false, is_apart = true;
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (const int64_t byte : elements_[other]) {
      for (int64_t k = 0; k < BytesOf(other); ++k) {
        is_shared |= bytes.count(byte + k) != 0;
      }
      low = byte < low ? byte : low;
      high = byte + BytesOf(other) > high ? byte + BytesOf(other) : high;
    }
    is_apart = high <= *bytes.begin() || *bytes.rbegin() < low;
    if (is_apart) return false;
    if (IsReduced(out) != IsReduced(other) ||
        !HasSameStrides(a, BytesOf(out), b, BytesOf(other))) {
      return true;
    }
    const bool may_replace = out == kTensorY && !IsReduced(other) &&
                             (!function_.is_loss || other == kTensorX);
    const bool is_same = may_replace && a.data == b.data && a.type == b.type;
    return is_shared && !is_same;
  }

  // Whether there are indices beside the axis, or bad sizes or a bad axis.
  bool HasPlaces() const {
    const softlane_tensor& x = call_.tensors[kTensorX];
    const int axis = call_.axis < 0 ? call_.axis + x.rank : call_.axis;
    if (!HasGoodSizes(x) || x.rank == 0 || axis < 0 || axis >= x.rank) {
      return true;
    }
    for (int d = 0; d < x.rank; ++d) {
      if (d != axis && x.sizes[d] == 0) return false;
    }
    return true;
  }
  // Writes labels, and returns whether they are good.
  bool WriteLabels(int64_t axis) {
    const softlane_tensor& x = call_.tensors[kTensorX];
    const int64_t classes = x.rank == 0 ? 1 : x.sizes[axis];
    Random random(label_seed_);
    const bool may_be_bad = random.Below(8) == 0;
    bool are_good = true;
    for (const int64_t byte : elements_[kTensorSecond]) {
      int64_t label = -100;  // not counted
      if (classes != 0 && random.Below(4) != 0) {
        label = static_cast<int64_t>(random.Below(size_t(classes)));
      }
      const int32_t label32 = static_cast<int32_t>(label);
      std::memcpy(bytes_.data() + byte,
                  function_.label_bytes == 8
                      ? static_cast<const void*>(&label)
                      : static_cast<const void*>(&label32),
                  size_t(function_.label_bytes));
    }
    if (may_be_bad && !elements_[kTensorSecond].empty()) {
      const int64_t byte = elements_[kTensorSecond].back();
      std::memset(bytes_.data() + byte, 0x7F, size_t(function_.label_bytes));
      are_good = false;
    }
    return are_good;
  }

  int Expected() {
    const softlane_tensor* const t = call_.tensors;
    is_held_ = true;
    for (size_t i = 0; i < 4; ++i) {
      if (Has(i) && call_.is_null[i]) return SOFTLANE_NULL_POINTER;
    }
    bool has[3] = {};
    for (size_t i = 0; i < 4; ++i) {
      if (!Has(i) || (i == kTensorSecond && function_.label_bytes != 0)) {
        continue;
      }
      if (t[i].type < 0 || t[i].type > 2) return SOFTLANE_BAD_OPTION;
      if (i == kTensorLog && t[i].type != 0) return SOFTLANE_BAD_OPTION;
      if (i == kTensorSecond && t[i].type != t[0].type) {
        return SOFTLANE_BAD_OPTION;
      }
      has[t[i].type] = true;
    }
    if (has[SOFTLANE_BF16] && has[SOFTLANE_F16]) return SOFTLANE_BAD_OPTION;
    if (function_.is_loss && !Has(kTensorY) && !Has(kTensorLog) &&
        HasPlaces()) {
      return SOFTLANE_NULL_POINTER;
    }
    for (size_t i = 0; i < kTensorLog; ++i) {
      if (function_.is_of_heads && Has(i) && !HasRowsOfKeys(t[i])) {
        return SOFTLANE_BAD_SHAPE;
      }
    }
    for (size_t i = 0; i < 4; ++i) {
      if (Has(i) && t[i].data == nullptr && HasElements(t[i])) {
        return SOFTLANE_NULL_POINTER;
      }
    }
    if (!HasGoodSizes(t[0])) return SOFTLANE_BAD_SHAPE;
    const int64_t rank = t[0].rank == 0 ? 1 : t[0].rank;
    const int64_t axis = call_.axis < 0 ? call_.axis + rank : call_.axis;
    if (axis < 0 || axis >= rank) return SOFTLANE_BAD_SHAPE;
    for (size_t i = 0; i < 4; ++i) {
      if (!Has(i)) continue;
      if (t[i].rank != t[0].rank || !Fits(t[i], BytesOf(i))) {
        return SOFTLANE_BAD_SHAPE;
      }
      for (int d = 0; d < t[i].rank; ++d) {
        const bool is_good = IsReduced(i) && d == axis
                                 ? t[i].sizes[d] == 1 || (t[i].sizes[d] == 0 &&
                                                          t[0].sizes[d] == 0)
                                 : t[i].sizes[d] == t[0].sizes[d];
        if (!is_good) return SOFTLANE_BAD_SHAPE;
      }
      is_held_ &= FindBytes(i);
    }
    for (const size_t out : {size_t{kTensorY}, size_t{kTensorLog}}) {
      if (!Has(out)) continue;
      if (HasElements(t[out]) && !Nests(t[out])) return SOFTLANE_OVERLAP;
      if (!is_held_) return SOFTLANE_OK;  // not known, and not called
      for (size_t i = 0; i < 4; ++i) {
        if (i != out && Has(i) && Collide(out, i)) {
          return SOFTLANE_OVERLAP;
        }
      }
    }
    if (!(call_.scale > 0.0f) ||
        (function_.has_empty_row &&
         (call_.empty_row < 0 || call_.empty_row > 1))) {
      return SOFTLANE_BAD_OPTION;
    }
    if (function_.label_bytes != 0 && !WriteLabels(axis)) {
      return SOFTLANE_BAD_LABEL;
    }
    return softlane_is_available(call_.target) != 0
               ? SOFTLANE_OK
               : SOFTLANE_TARGET_UNAVAILABLE;
  }

  // Whether no byte but those of outputs differs from `before`.
  bool IsOnlyWritten(const std::vector<unsigned char>& before) const {
    std::vector<unsigned char> now = bytes_;
    for (const size_t out : {size_t{kTensorY}, size_t{kTensorLog}}) {
      if (!Has(out)) continue;
      for (const int64_t byte : elements_[out]) {
        std::memcpy(now.data() + byte, before.data() + byte,
                    size_t(SizeOfType(call_.tensors[out])));
      }
    }
    return now == before;
  }
  // Whether the outputs have the bits that they have in `other`, or are NaN.
  bool HasSameResults(const std::vector<unsigned char>& other) const {
    for (const size_t out : {size_t{kTensorY}, size_t{kTensorLog}}) {
      if (!Has(out)) continue;
      for (const int64_t byte : elements_[out]) {
        const uint32_t a =
            TensorNumberAt(bytes_, byte, call_.tensors[out].type);
        const uint32_t b = TensorNumberAt(other, byte, call_.tensors[out].type);
        if (a != b) return false;
      }
    }
    return true;
  }
  const TensorFunction& function_;
  TensorCall call_;
  std::vector<unsigned char> bytes_;
  std::vector<int64_t> elements_[4];
  bool is_held_ = true;
  uint32_t label_seed_ = 0;
};

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_TENSORS_H_
