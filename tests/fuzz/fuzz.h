// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_FUZZ_H_
#define SOFTLANE_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>

// The functions of the harness that a main program calls.

namespace softlane {
namespace fuzz {

// The functions that are called: all of softlane/c.h.
size_t NumFunctions();
const char* NameOf(size_t function);

// From now on all inputs are for one function. False if there is none with this
// name.
bool OnlyFunction(const char* name);

// A table of the executions of each function, and how many of them had the
// status kOk.
void PrintCounts();
// Whether each function that was asked for had such an execution.
bool AllHaveSucceeded();

}  // namespace fuzz
}  // namespace softlane

// One input. Aborts after a message if something does not hold.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#endif  // SOFTLANE_TESTS_FUZZ_FUZZ_H_
