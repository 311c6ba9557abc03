// SPDX-License-Identifier: Apache-2.0
#include "sleef_exp.h"

#include "peer.h"

namespace softlane {
namespace bench {
namespace {

using RowExp = void(const float* x, float* y, size_t n);

std::function<bool()> Call(const Operands& o, RowExp* row_exp) {
  return [o, row_exp] {
    for (size_t r = 0; r < o.x.rows; ++r) {
      row_exp(o.x.Row(r), o.y.Row(r), o.x.cols);
    }
    return true;
  };
}

}  // namespace

std::function<bool()> PrepareSleefExp(const Operands& o) {
  if (IsAvailable(Target::kAvx512)) return Call(o, SleefExpAvx512);
  if (IsAvailable(Target::kAvx2)) return Call(o, SleefExpAvx2);
  return nullptr;
}

}  // namespace bench
}  // namespace softlane
