// SPDX-License-Identifier: Apache-2.0
// half_exhaustive [TARGET ...]: all 2^32 floats narrowed to both half types, by
// the passes of the named targets, or of all available targets, and by the
// constructors of softlane/types.h. Under qemu the program takes minutes:
//   qemu-aarch64 -L /usr/aarch64-linux-gnu build/aarch64/tests/half_exhaustive

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "fp_environment.h"
#include "half_reference.h"
#include "kernels/half_passes.h"

namespace softlane {
namespace {

constexpr size_t kBlocks = 256;  // of 2^24 inputs
constexpr size_t kChunk = size_t{1} << 12;

// The wrong results of a target, or of types.h.
struct Wrong {
  uint64_t count = 0;
  uint32_t witness = 0;

  void Add(const std::vector<uint16_t>& got, const std::vector<uint16_t>& want,
           uint32_t first) {
    if (std::memcmp(got.data(), want.data(), kChunk * sizeof(got[0])) == 0) {
      return;
    }
    for (size_t i = 0; i < kChunk; ++i) {
      if (got[i] == want[i]) continue;
      if (count == 0) witness = first + static_cast<uint32_t>(i);
      ++count;
    }
  }
  void Add(const Wrong& other) {
    if (count == 0) witness = other.witness;
    count += other.count;
  }
};

template <typename Half>
void Construct(const std::vector<float>& from, std::vector<uint16_t>* to) {
  for (size_t i = 0; i < kChunk; ++i) (*to)[i] = Half(from[i]).bits;
}

// One block by all targets, and by types.h after them.
void RunBlock(size_t block, const HalfReference& reference, ElementType type,
              const std::vector<Target>& targets, std::vector<Wrong>* wrong) {
  std::vector<float> floats(kChunk);
  std::vector<uint16_t> want(kChunk), got(kChunk);
  const uint32_t begin = static_cast<uint32_t>(block << 24);
  // The floats of a sign ascend.
  uint16_t hint = reference.Narrowed(begin & 0x7FFFFFFF);
  if (hint > reference.Infinity()) hint = reference.Infinity();
  for (uint32_t start = 0; start < uint32_t{1} << 24; start += kChunk) {
    for (uint32_t i = 0; i < kChunk; ++i) {
      floats[i] = FromBits(begin + start + i);
      want[i] = reference.Narrowed(begin + start + i, &hint);
    }
    for (size_t t = 0; t < targets.size(); ++t) {
      const auto& passes = internal::KernelsOf(internal::kHalfPasses,
                                               internal::Resolve(targets[t]));
      got.assign(kChunk, 0xDEAD);
      {
        const internal::FpEnvironment environment;
        passes.narrow[static_cast<size_t>(type) - 1](floats.data(), got.data(),
                                                     kChunk);
      }
      (*wrong)[t].Add(got, want, begin + start);
    }
    type == ElementType::kBFloat16 ? Construct<BFloat16>(floats, &got)
                                   : Construct<Float16>(floats, &got);
    wrong->back().Add(got, want, begin + start);
  }
}

// Prints what is wrong, and returns whether nothing is.
bool Run(ElementType type, const std::vector<Target>& targets) {
  const HalfReference reference(type);
  std::vector<Wrong> total(targets.size() + 1);
  std::atomic<size_t> next{0};
  std::mutex mutex;
  const auto work = [&] {
    for (size_t block; (block = next++) < kBlocks;) {
      std::vector<Wrong> wrong(total.size());
      RunBlock(block, reference, type, targets, &wrong);
      const std::lock_guard<std::mutex> lock(mutex);
      for (size_t t = 0; t < total.size(); ++t) total[t].Add(wrong[t]);
    }
  };
  std::vector<std::thread> threads;
  const unsigned count = std::max(1u, std::thread::hardware_concurrency());
  for (unsigned t = 0; t < count; ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();

  bool ok = true;
  for (size_t t = 0; t < total.size(); ++t) {
    std::printf("%s to %s: %llu wrong of 2^32",
                t < targets.size() ? TargetName(targets[t]) : "types.h",
                type == ElementType::kBFloat16 ? "bfloat16" : "float16",
                static_cast<unsigned long long>(total[t].count));
    if (total[t].count != 0) std::printf(", 0x%08X", total[t].witness);
    std::printf("\n");
    ok &= total[t].count == 0;
  }
  return ok;
}

}  // namespace
}  // namespace softlane

int main(int argc, char** argv) {
  using softlane::ElementType;
  std::vector<softlane::Target> targets;
  for (int i = 1; i < argc; ++i) {
    const auto target = softlane::ParseTarget(argv[i]);
    if (!target || !softlane::IsAvailable(*target)) {
      std::fprintf(stderr, "not available: %s\n", argv[i]);
      return 2;
    }
    targets.push_back(*target);
  }
  if (targets.empty()) {
    for (const auto target : softlane::AvailableTargets()) {
      targets.push_back(target);
    }
  }
  const bool bfloat16 = softlane::Run(ElementType::kBFloat16, targets);
  const bool float16 = softlane::Run(ElementType::kFloat16, targets);
  return bfloat16 && float16 ? 0 : 1;
}
