// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTLANE_H_
#define SOFTLANE_SOFTLANE_H_

// All functions and views of C++, except dlpack.h.

// IWYU pragma: begin_exports
#include "softlane/accuracy.h"
#include "softlane/any_planes.h"
#include "softlane/any_rows.h"
#include "softlane/attention_heads.h"
#include "softlane/attention_heads_backward.h"
#include "softlane/attention_softmax.h"
#include "softlane/attention_softmax_backward.h"
#include "softlane/attention_tile.h"
#include "softlane/attention_tile_backward.h"
#include "softlane/cross_entropy.h"
#include "softlane/cross_entropy_axis.h"
#include "softlane/cross_entropy_backward.h"
#include "softlane/cross_entropy_tensor.h"
#include "softlane/exp.h"
#include "softlane/log_softmax.h"
#include "softlane/log_softmax_backward.h"
#include "softlane/options.h"
#include "softlane/planes.h"
#include "softlane/reduce.h"
#include "softlane/rows.h"
#include "softlane/softmax.h"
#include "softlane/softmax_axis.h"
#include "softlane/softmax_backward.h"
#include "softlane/softmax_jacobian.h"
#include "softlane/softmax_state.h"
#include "softlane/softmax_tensor.h"
#include "softlane/softmax_topk.h"
#include "softlane/status.h"
#include "softlane/target.h"
#include "softlane/tensor.h"
#include "softlane/types.h"
#include "softlane/version.h"
// IWYU pragma: end_exports

#endif  // SOFTLANE_SOFTLANE_H_
