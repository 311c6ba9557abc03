// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_SAME_BITS_GOLDEN_H_
#define SOFTLANE_TESTS_SAME_BITS_GOLDEN_H_

#include <cstddef>
#include <cstdint>

// The digests of same_bits_test after kFewRows and kManyRows rows. They change
// only with the arithmetic. A commit that changes them says why. same_bits_test
// prints the new digests.

namespace softlane {

constexpr size_t kFewRows = 2000;
constexpr size_t kManyRows = 20000;

struct Golden {
  const char* operation;
  uint64_t few, many;
};

constexpr Golden kGolden[] = {
    {"exp", 0x4f500b442e6135a4, 0x8f7c433113d5f815},
    {"row_max", 0xdf020fc329685ddc, 0xa50ad9246777ecb2},
    {"softmax", 0xc61825b98cb41aae, 0x6deecca1845ecd2f},
    {"softmax, scaled", 0x14cc61d8352e9bdd, 0xab54b1fe03657d84},
    {"softmax, tiny scale", 0x7d2d05746c635528, 0x48f309b4a09cdc4e},
    {"softmax, large scale", 0xc41517420e62f966, 0xf25d1d738868da2c},
    {"softmax_logsumexp", 0x641f945f64896f82, 0x69d9b68805e66c8a},
    {"softmax_backward", 0x4938a10d716cc69d, 0xcd0b12402d86131b},
    {"softmax_backward, scaled", 0x59ace68bcb7c74de, 0x921d597f7b35dd53},
    {"log_softmax", 0x656a63ad3c904d0c, 0xfb507cf2163ad917},
    {"log_softmax, scaled", 0xb4687217873b6230, 0x4f66eefd6c615a11},
    {"logsumexp", 0xec9e7f8580dbd545, 0x09869b7c1dcc218b},
    {"logsumexp, scaled", 0x61211573f19c2df5, 0xe184d1fe6a3873ad},
    {"log_softmax_backward", 0xdfcda3e6e7aadadd, 0x4bf96db23f583877},
    {"cross_entropy", 0xb6d17c093c1dba9e, 0x22c93212d14fbe61},
    {"cross_entropy, smoothed", 0xd917fce2ebd84bf2, 0xa4c0b335ffbac050},
    {"softmax, in parts", 0x641f945f64896f82, 0x69d9b68805e66c8a},
    {"log_softmax, in parts", 0x1206b4b62d19182a, 0xa328b8ceeb634661},
    {"cross_entropy, in parts", 0x70e84dda031969d3, 0x806846b257026372},
    {"attention, by tiles", 0x2d6a3a4537f8b1ca, 0x2f814cd37a175991},
    {"attention_backward, by tiles", 0x6567f0116c78da46, 0x0f0129787c324f9e},
    {"softmax_backward, in parts", 0x59ace68bcb7c74de, 0x921d597f7b35dd53},
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_SAME_BITS_GOLDEN_H_
