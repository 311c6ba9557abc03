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
    {"softmax", 0x7bc03564f7f95ad7, 0x8128963a556ed543},
    {"softmax, scaled", 0x14cc61d8352e9bdd, 0xab54b1fe03657d84},
    {"softmax, tiny scale", 0x7d2d05746c635528, 0xede0ac9d474c4468},
    {"softmax, large scale", 0x0839ac9ea4f0b225, 0x95afd792c7d24b2e},
    {"softmax_logsumexp", 0xd5e1b674eb0adc9b, 0x1da6eded1447a752},
    {"softmax_backward", 0x4938a10d716cc69d, 0xcd0b12402d86131b},
    {"softmax_backward, scaled", 0x59ace68bcb7c74de, 0x921d597f7b35dd53},
    {"log_softmax", 0x9ad05d9a46266f15, 0xe686240df58bbdf7},
    {"log_softmax, scaled", 0xb4687217873b6230, 0x4f66eefd6c615a11},
    {"logsumexp", 0xec9e7f8580dbd545, 0x09869b7c1dcc218b},
    {"logsumexp, scaled", 0x61211573f19c2df5, 0xe184d1fe6a3873ad},
    {"log_softmax_backward", 0xdfcda3e6e7aadadd, 0x4bf96db23f583877},
    {"cross_entropy", 0x5e6c9be0fef191a1, 0xeb936eb255198707},
    {"cross_entropy, smoothed", 0xd917fce2ebd84bf2, 0xa4c0b335ffbac050},
    {"softmax, in parts", 0x7d99f058f796685c, 0xb8460c8d9dd8da0d},
    {"log_softmax, in parts", 0xec05d3bdd862ae8e, 0x3383d173d5ee702a},
    {"softmax_backward, in parts", 0x59ace68bcb7c74de, 0x921d597f7b35dd53},
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_SAME_BITS_GOLDEN_H_
