// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERANDS_TYPES_GOLDEN_H_
#define SOFTLANE_TESTS_OPERANDS_TYPES_GOLDEN_H_

#include <cstdint>

// The digests of operands_types_bits_test. They change only with the
// arithmetic. A commit that changes them says why. The test prints the new
// digests.

namespace softlane {
namespace operands {

struct TypedGolden {
  const char* operation;
  // Of bfloat16 to bfloat16 and to float, and of float16 to float16 and to
  // float.
  uint64_t digests[4];
};

constexpr TypedGolden kTypedGolden[] = {
    {"Exp",
     {0xef3bb13976c63f05, 0x84712d66a77d3df9, 0x92f95d802875efcc,
      0xa936263ac9bd880d}},
    {"RowMax",
     {0x892007ee5560629c, 0x892007ee5560629c, 0xaf918aca7a9adbb2,
      0xaf918aca7a9adbb2}},
    {"Softmax",
     {0xe1711422e423df11, 0x5d619692fa58949b, 0x1f7575ce8e0816fa,
      0x6b0027ac01663b35}},
    {"SoftmaxWithLogSumExp",
     {0xe34b080b0ca5338c, 0x04e4e48324f64406, 0x1ae411b418ecae02,
      0xa5e03a63e0b4cc80}},
    {"LogSoftmax",
     {0x8b4ab2a4927adc6b, 0x2d4adfa15387577c, 0x4ce64c034a9ddddc,
      0xd79724b0c4272936}},
    {"LogSumExp",
     {0xa851824eeab85318, 0xa851824eeab85318, 0x0a448eeda65d82bc,
      0x0a448eeda65d82bc}},
};

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERANDS_TYPES_GOLDEN_H_
