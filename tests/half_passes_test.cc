// SPDX-License-Identifier: Apache-2.0
#include "kernels/half_passes.h"

#include <iterator>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "float16_ties.h"
#include "fp_environment.h"
#include "fp_states.h"
#include "half_bits.h"
#include "half_reference.h"
#include "pages.h"

namespace softlane {
namespace {

using internal::FpEnvironment;
using internal::HalfPasses;

// The passes of a target for one of the half types. They are called through
// pointers, so no arithmetic moves out of the environment.
struct Passes {
  Passes(Target target, ElementType type)
      : passes(internal::KernelsOf(internal::kHalfPasses,
                                   internal::Resolve(target))),
        index(static_cast<size_t>(type) - 1),
        round_themselves(target == Target::kAvx2 || target == Target::kAvx512),
        reference(type, type == ElementType::kFloat16 && round_themselves &&
                            !CpuRoundsFloat16Ties()) {}

  void Widen(const uint16_t* from, float* to, size_t n) const {
    passes.widen[index](from, to, n);
  }
  void Narrow(const float* from, uint16_t* to, size_t n) const {
    passes.narrow[index](from, to, n);
  }

  // How many results are wrong.
  size_t WrongWidened(const uint16_t* from, const float* to, size_t n) const {
    size_t wrong = 0;
    for (size_t i = 0; i < n; ++i) {
      wrong += BitsOf(to[i]) != reference.Widened(from[i]);
    }
    return wrong;
  }
  size_t WrongNarrowed(const float* from, const uint16_t* to, size_t n) const {
    size_t wrong = 0;
    for (size_t i = 0; i < n; ++i) {
      wrong += to[i] != reference.Narrowed(BitsOf(from[i]));
    }
    return wrong;
  }

  const HalfPasses& passes;
  const size_t index;
  // Whether the rounding mode stands in each instruction.
  const bool round_themselves;
  const HalfReference reference;
};

// body(passes) for each target and each half type.
template <class Body>
void ForEachPasses(const Body& body) {
  ForEachTarget(Twins::kRun, [&](Target target) {
    for (const ElementType type : kHalfTypes) body(Passes(target, type));
  });
}

std::vector<uint16_t> AllHalves() {
  std::vector<uint16_t> halves;
  for (uint32_t i = 0; i < 0x10000; ++i) {
    halves.push_back(static_cast<uint16_t>(i));
  }
  return halves;
}

std::vector<float> InputsOf(const HalfReference& reference) {
  std::vector<float> floats;
  for (const uint32_t bits : reference.Inputs()) {
    floats.push_back(FromBits(bits));
  }
  return floats;
}

// Kills: a lane that is moved to another, a subnormal number, an infinity or a
// NaN that is lost.
TEST_CASE("half passes: all 65,536 widenings") {
  const std::vector<uint16_t> halves = AllHalves();
  ForEachPasses([&](const Passes& passes) {
    std::vector<float> floats(halves.size());
    {
      const FpEnvironment environment;
      passes.Widen(halves.data(), floats.data(), halves.size());
    }
    CHECK(passes.WrongWidened(halves.data(), floats.data(), halves.size()) ==
          0);
  });
}

// Kills: truncation, ties away from zero, a limit of infinity or of subnormal
// numbers that is off by one, a NaN that becomes infinite or stays signaling.
TEST_CASE("half passes: narrowing at all ties") {
  ForEachPasses([](const Passes& passes) {
    const std::vector<float> floats = InputsOf(passes.reference);
    std::vector<uint16_t> halves(floats.size());
    {
      const FpEnvironment environment;
      passes.Narrow(floats.data(), halves.data(), floats.size());
    }
    CHECK(passes.WrongNarrowed(floats.data(), halves.data(), floats.size()) ==
          0);
  });
}

// n elements, from `in` on and to `out` on, with n from 0 to kMostElements.
constexpr size_t kMostElements = 70;

// Kills: an aligned load or store, an element after the row that is written, a
// last step that begins at the wrong element.
TEST_CASE("half passes: every size at every alignment") {
  constexpr size_t kStarts = 32;  // of 64 bytes, in elements
  constexpr size_t kCount = kStarts + kMostElements + 1;
  constexpr uint16_t kUntouched = 0x1234;
  const size_t step = Amount("SOFTLANE_ALIGNMENTS_STEP", 1, 5);
  ForEachPasses([&](const Passes& passes) {
    const std::vector<float> inputs = InputsOf(passes.reference);
    alignas(64) float floats[kCount], results[kCount];
    alignas(64) uint16_t halves[kCount], narrowed[kCount];
    size_t wrong = 0, touched = 0, k = 0;
    for (size_t n = 0; n <= kMostElements; ++n) {
      for (size_t in = 0; in < kStarts; in += step) {
        for (size_t out = 0; out < kStarts; out += step + in % 3) {
          for (size_t i = 0; i < kCount; ++i) {
            floats[i] = inputs[k++ % inputs.size()];
            halves[i] = static_cast<uint16_t>(k * 40503 >> 8);
            results[i] = 0x1.234p9f;
            narrowed[i] = kUntouched;
          }
          {
            const FpEnvironment environment;
            passes.Widen(halves + in, results + out, n);
            passes.Narrow(floats + in, narrowed + out, n);
          }
          wrong += passes.WrongWidened(halves + in, results + out, n);
          wrong += passes.WrongNarrowed(floats + in, narrowed + out, n);
          for (size_t i = 0; i < kCount; ++i) {
            if (i >= out && i < out + n) continue;
            touched += results[i] != 0x1.234p9f;
            touched += narrowed[i] != kUntouched;
          }
        }
      }
    }
    CHECK(wrong == 0);
    CHECK(touched == 0);
  });
}

// Kills: a read or a write before the row or after it.
TEST_CASE("half passes: nothing beyond the row is read or written") {
  // A page that can be used between two that cannot, for inputs and results.
  Pages inputs(3), results(3);
  for (Pages* pages : {&inputs, &results}) {
    REQUIRE(pages->Protect(0, Access::kNone));
    REQUIRE(pages->Protect(2, Access::kNone));
  }
  ForEachPasses([&](const Passes& passes) {
    size_t wrong = 0;
    for (size_t n = 0; n <= kMostElements; ++n) {
      for (const bool at_end : {false, true}) {
        // Where `bytes` begin that touch the first page's end or the last
        // page's beginning.
        const auto place = [&](const Pages& pages, size_t bytes) {
          return at_end ? pages.Page(2) - bytes : pages.Page(1);
        };
        for (const bool is_narrowing : {false, true}) {
          const size_t float_bytes = n * sizeof(float);
          const size_t half_bytes = n * sizeof(uint16_t);
          Pages& of_floats = is_narrowing ? inputs : results;
          Pages& of_halves = is_narrowing ? results : inputs;
          auto* floats =
              reinterpret_cast<float*>(place(of_floats, float_bytes));
          auto* halves =
              reinterpret_cast<uint16_t*>(place(of_halves, half_bytes));
          for (size_t i = 0; i < n; ++i) {
            floats[i] = static_cast<float>(i) * 0x1.234p-9f;
            halves[i] = static_cast<uint16_t>(i * 2357);
          }
          REQUIRE(inputs.Protect(1, Access::kRead));
          {
            const FpEnvironment environment;
            if (is_narrowing) {
              passes.Narrow(floats, halves, n);
            } else {
              passes.Widen(halves, floats, n);
            }
          }
          REQUIRE(inputs.Protect(1, Access::kReadWrite));
          wrong += is_narrowing ? passes.WrongNarrowed(floats, halves, n)
                                : passes.WrongWidened(halves, floats, n);
        }
      }
    }
    CHECK(wrong == 0);
  });
}

// How many results are wrong where the host has set `host`.
size_t WrongIn(const FpState& host, bool is_guarded, const Passes& passes) {
  const uint16_t halves[] = {0,      0x8000, 1,      0x83FF, 0x0401,
                             0x7C00, 0x7C01, 0xFF81, 0x7F81, 0x3C01,
                             0x0080, 0x0001, 0x3F81};
  // Subnormal numbers, ties, limits, signaling NaN.
  std::vector<float> floats;
  for (const uint32_t bits :
       {0x00000000u, 0x80000000u, 0x00000001u, 0x80008000u, 0x00018000u,
        0x33000000u, 0x33000001u, 0xB3C00000u, 0x387FF000u, 0x387FEFFFu,
        0x3F808000u, 0xBF818000u, 0x3F803000u, 0xBF801000u, 0x477FF000u,
        0xC77FEFFFu, 0x7F7F8000u, 0xFF7F7FFFu, 0x7F800000u, 0x7F800001u,
        0xFFC00000u}) {
    floats.push_back(FromBits(bits));
  }
  std::vector<float> widened(std::size(halves));
  std::vector<uint16_t> narrowed(floats.size());
  const auto convert = [&] {
    passes.Widen(halves, widened.data(), std::size(halves));
    passes.Narrow(floats.data(), narrowed.data(), floats.size());
  };
  const FpState usual = GetFpState();
  SetFpState(host);
  if (is_guarded) {
    const FpEnvironment environment;
    convert();
  } else {
    convert();
  }
  SetFpState(usual);
  return passes.WrongWidened(halves, widened.data(), std::size(halves)) +
         passes.WrongNarrowed(floats.data(), narrowed.data(), floats.size());
}

// Kills: a result that depends on more than the environment that callers hold.
TEST_CASE("half passes: the host's environment has no influence") {
  ForEachPasses([](const Passes& passes) {
    size_t wrong = 0;
    for (const FpState& host : AllFpStates()) {
      wrong += WrongIn(host, true, passes);
    }
    CHECK(wrong == 0);
  });
}

// Kills: arithmetic that loses subnormal numbers, and F16C that rounds as the
// host does.
TEST_CASE(
    "half passes: alone, what flushes subnormal numbers has no influence") {
  ForEachPasses([](const Passes& passes) {
    size_t wrong = 0, count = 0;
    for (const FpState& host : AllFpStates()) {
      if (!FlushesOnly(host, passes.round_themselves)) continue;
      ++count;
      wrong += WrongIn(host, false, passes);
    }
    CHECK(wrong == 0);
    CHECK(count >= 2);
  });
}

}  // namespace
}  // namespace softlane
