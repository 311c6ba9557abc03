// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_STATUS_H_
#define SOFTLANE_STATUS_H_

#include <cstdint>

// The result of a call.

namespace softlane {
inline namespace v1 {

/// The result of the checks of a call's arguments. All checks come before the
/// first write: after any status but kOk, no output byte has changed. The
/// values are fixed for ever.
///
/// If several errors apply, a function returns the error with the smallest
/// value: a null pointer comes before a bad shape, a bad shape before an
/// overlap, and the target comes last. There are three exceptions, in this
/// order. In C, a null pointer to a tensor comes before all other errors.
/// Element types that do not fit, which are kBadOption, come before the other
/// errors, because the size of a view depends on its type. In functions of all
/// heads, tensors whose rank or whose stride of the keys is wrong, which are
/// kBadShape, come next.
enum class [[nodiscard]] Status : uint8_t{
    kOk = 0,
    /// A pointer is null although the call needs its elements.
    kNullPointer = 1,
    /// Shapes do not fit each other, a stride that is used is too small, or a
    /// size overflows.
    kBadShape = 2,
    /// An output overlaps another operand in a way that the function's
    /// documentation does not allow.
    kOverlap = 3,
    /// An option is out of its documented range.
    kBadOption = 4,
    /// A class label is out of range.
    kBadLabel = 5,
    /// The target is unknown, not compiled in, or not supported by CPU and OS.
    kTargetUnavailable = 6,
};

/// The enumerator's name, e.g. "kOverlap"; "unknown" for any other value.
/// Never null.
const char* StatusName(Status status) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_STATUS_H_
