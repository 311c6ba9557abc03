// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ATTENTION_LONG_ROWS_H_
#define SOFTLANE_LIB_ANY_ATTENTION_LONG_ROWS_H_

#include "any/attention_rows.h"

namespace softlane {
namespace internal {

/// Does a call of rows of more than kMaxAttentionCols, whose probabilities are
/// of a half type.
void RunLongAttention(const AnyAttention& call);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ATTENTION_LONG_ROWS_H_
