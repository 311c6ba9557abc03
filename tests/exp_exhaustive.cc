// SPDX-License-Identifier: Apache-2.0
// exp_exhaustive [--print-golden] [TARGET ...]: Exp of all 2^32 floats on the
// named targets, or on all available targets. The errors are compared with an
// oracle in double, and the bits with a committed digest per 2^24 inputs. If
// there is a faster target, the baseline does every 16th run of 2^14 inputs,
// unless SOFTLANE_FULL_BASELINE is set. Under qemu the program takes minutes:
//   qemu-aarch64 -L /usr/aarch64-linux-gnu build/aarch64/tests/exp_exhaustive
//   neon

#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "amount.h"
#include "exp_exhaustive_golden.h"
#include "reference.h"
#include "softlane/exp.h"

namespace softlane {
namespace {

constexpr size_t kBlocks = 256;  // of 2^24 inputs
constexpr size_t kChunk = size_t{1} << 14;

struct Result {
  uint64_t inputs = 0;
  uint64_t lost_nans = 0;
  double worst_ulp = 0.5;  // no smaller one is looked for
  float witness = 0.0f;
  uint64_t digest = 0xCBF29CE484222325u;
};

// exp(x) as good as a comparison in ULP needs it; a library call only where the
// result is neither 1, 0 nor infinite for sure.
double Oracle(float x) {
  if (std::abs(x) < 0x1p-26f) return 1.0 + double{x};
  if (x > 200.0f) return HUGE_VAL;
  if (x < -200.0f) return 0.0;
  return std::exp(double{x});
}

double Error(float x, float y, double want) {
  if (want == HUGE_VAL) return y == kInf ? 0.0 : HUGE_VAL;
  if (want == 0.0) return BitsOf(y) == 0 ? 0.0 : HUGE_VAL;
  if (x == 0.0f) return y == 1.0f ? 0.0 : HUGE_VAL;
  return UlpError(y, want);
}

using Floats = std::vector<float>;

// Adds the results y to a block's.
void Check(const Floats& x, const Floats& y, const std::vector<double>& want,
           Result* result) {
  uint64_t digest = result->digest;
  for (size_t i = 0; i < kChunk; ++i) {
    const bool nan = y[i] != y[i];
    digest = (digest ^ (nan ? 0x7FC00000u : BitsOf(y[i]))) * 0x100000001B3u;
    if (x[i] != x[i]) {
      result->lost_nans += !nan;
      continue;
    }
    // A correctly rounded result has an error of at most 0.5.
    if (BitsOf(y[i]) == BitsOf(static_cast<float>(want[i]))) continue;
    const double error = Error(x[i], y[i], want[i]);
    if (!(error <= result->worst_ulp)) {
      result->worst_ulp = error;
      result->witness = x[i];
    }
  }
  result->digest = digest;
  result->inputs += kChunk;
}

// A NaN may have any sign and payload.
bool HaveSameBits(const Floats& a, const Floats& b) {
  if (std::memcmp(a.data(), b.data(), kChunk * sizeof(float)) == 0) return true;
  for (size_t i = 0; i < kChunk; ++i) {
    const bool are_nan = a[i] != a[i] && b[i] != b[i];
    if (!are_nan && BitsOf(a[i]) != BitsOf(b[i])) return false;
  }
  return true;
}

// Target number t does one chunk of so many.
size_t ShareOf(Target target, size_t t) {
  static const bool is_part = !IsBaselineFull();
  return is_part && t != 0 && target == Target::kBaseline ? 16 : 1;
}

// One block on all targets. As long as a target gives what the first one gave,
// bit for bit, the verdict on the first is the verdict on both.
void RunBlock(size_t block, const std::vector<Target>& targets,
              std::vector<Result>* results) {
  Floats x(kChunk), first(kChunk), y(kChunk);
  std::vector<double> want(kChunk);
  std::vector<bool> as_first(targets.size(), true);
  std::vector<uint64_t> compared(targets.size());
  for (size_t start = 0; start < size_t{1} << 24; start += kChunk) {
    const uint32_t bits = static_cast<uint32_t>((block << 24) + start);
    for (size_t i = 0; i < kChunk; ++i) {
      x[i] = FromBits(bits + static_cast<uint32_t>(i));
      want[i] = x[i] == x[i] ? Oracle(x[i]) : 0.0;
    }
    const Result before = (*results)[0];
    for (size_t t = 0; t < targets.size(); ++t) {
      const size_t chunk = block + start / kChunk;
      if (chunk % ShareOf(targets[t], t) != 0) continue;
      Floats& out = t == 0 ? first : y;
      out.assign(kChunk, -1.0f);  // no result
      if (Exp(Rows<const float>(x.data(), 1, kChunk),
              Rows<float>(out.data(), 1, kChunk), targets[t]) != Status::kOk) {
        out.assign(kChunk, -1.0f);
      }
      if (t != 0 && as_first[t]) {
        if (HaveSameBits(y, first)) {
          compared[t] += kChunk;
          continue;
        }
        as_first[t] = false;
        (*results)[t] = before;
      }
      Check(x, out, want, &(*results)[t]);
    }
  }
  for (size_t t = 1; t < targets.size(); ++t) {
    if (!as_first[t]) continue;
    (*results)[t] = (*results)[0];
    (*results)[t].inputs = compared[t];
  }
}

int Main(const std::vector<Target>& targets, bool print_golden) {
  std::vector<std::vector<uint64_t>> digests(
      kBlocks, std::vector<uint64_t>(targets.size()));
  std::vector<Result> total(targets.size());
  std::atomic<size_t> next{0};
  std::mutex mutex;
  size_t done = 0;
  const auto work = [&] {
    for (size_t block; (block = next++) < kBlocks;) {
      std::vector<Result> results(targets.size());
      RunBlock(block, targets, &results);
      const std::lock_guard<std::mutex> lock(mutex);
      for (size_t t = 0; t < targets.size(); ++t) {
        digests[block][t] = results[t].digest;
        total[t].inputs += results[t].inputs;
        total[t].lost_nans += results[t].lost_nans;
        if (!(results[t].worst_ulp <= total[t].worst_ulp)) {
          total[t].worst_ulp = results[t].worst_ulp;
          total[t].witness = results[t].witness;
        }
      }
      std::fprintf(stderr, "\r%zu of %zu blocks", ++done, kBlocks);
    }
  };
  std::vector<std::thread> threads;
  const unsigned count = std::max(1u, std::thread::hardware_concurrency());
  for (unsigned t = 0; t < count; ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  std::fprintf(stderr, "\n");

  if (print_golden) {
    for (size_t b = 0; b < kBlocks; ++b) {
      std::printf("    0x%016llx,\n",
                  static_cast<unsigned long long>(digests[b][0]));
    }
  }
  int failures = 0;
  for (size_t t = 0; t < targets.size(); ++t) {
    size_t wrong_blocks = 0;
    uint64_t digest = 0;
    for (size_t b = 0; b < kBlocks; ++b) {
      wrong_blocks += digests[b][t] != kExpGolden[b];
      digest = (digest ^ digests[b][t]) * 0x100000001B3u;
    }
    const uint64_t inputs = (uint64_t{1} << 32) / ShareOf(targets[t], t);
    const bool ok = total[t].inputs == inputs && total[t].lost_nans == 0 &&
                    wrong_blocks == 0 && total[t].worst_ulp <= kExpMaxUlp;
    std::printf(
        "%-8s %llu inputs, worst %.4f ULP at %a, %llu NaNs lost, %zu of %zu "
        "blocks with other bits, digest %016llx: %s\n",
        TargetName(targets[t]),
        static_cast<unsigned long long>(total[t].inputs), total[t].worst_ulp,
        static_cast<double>(total[t].witness),
        static_cast<unsigned long long>(total[t].lost_nans), wrong_blocks,
        kBlocks, static_cast<unsigned long long>(digest), ok ? "ok" : "FAILED");
    failures += !ok;
  }
  return failures != 0;
}

}  // namespace
}  // namespace softlane

int main(int argc, char** argv) {
  std::vector<softlane::Target> targets;
  bool print_golden = false;
  for (int i = 1; i < argc; ++i) {
    const auto target = softlane::ParseTarget(argv[i]);
    if (std::strcmp(argv[i], "--print-golden") == 0) {
      print_golden = true;
    } else if (target && softlane::IsAvailable(*target)) {
      targets.push_back(*target);
    } else {
      std::fprintf(stderr, "not available: %s\n", argv[i]);
      return 2;
    }
  }
  if (targets.empty()) {
    for (const auto target : softlane::AvailableTargets())
      targets.push_back(target);
  }
  return softlane::Main(targets, print_golden);
}
