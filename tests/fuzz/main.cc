// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "asan.h"
#include "fuzz.h"
#include "source.h"

// The harness without a fuzzing engine, for any compiler:
//   fuzz_test [--header C_H] [--random SEED COUNT [FUNCTION]] [FILE | FOLDER
//   ...]
// replays inputs, then makes COUNT inputs, which are the same for a SEED on
// every machine. --header checks that all functions of softlane/c.h are in the
// tables. The bytes of a failing input are written to fuzz_failure, to be
// replayed.

namespace {

namespace fuzz = softlane::fuzz;

using Bytes = std::vector<uint8_t>;

Bytes current;

[[noreturn]] void SaveInput() {
  std::FILE* const file = std::fopen("fuzz_failure", "wb");
  if (file != nullptr) {
    std::fwrite(current.data(), 1, current.size(), file);
    std::fclose(file);
  }
  std::fprintf(stderr, "the input is in the file fuzz_failure\n");
  fuzz::PrintCounts();
  std::_Exit(1);
}

// AddressSanitizer reports all but an abort itself.
void SaveInputOfFailures() {
  std::signal(SIGABRT, [](int) { SaveInput(); });
#ifdef SOFTLANE_FUZZ_ASAN
  __sanitizer_set_death_callback([] { SaveInput(); });
#else
#ifdef SIGBUS  // not on Windows
  std::signal(SIGBUS, [](int) { SaveInput(); });
#endif
  for (const int signal : {SIGSEGV, SIGILL, SIGFPE}) {
    std::signal(signal, [](int) { SaveInput(); });
  }
#endif
}

void Run() { LLVMFuzzerTestOneInput(current.data(), current.size()); }

void Replay(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    std::set<std::filesystem::path> files;  // in their order
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      files.insert(entry.path());
    }
    for (const auto& file : files) Replay(file);
    return;
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "cannot read %s\n", path.string().c_str());
    std::exit(2);
  }
  current.assign(std::istreambuf_iterator<char>(in), {});
  Run();
}

void RunRandom(uint64_t seed, uint64_t count) {
  softlane::fuzz::Random random(seed);
  for (uint64_t i = 0; i < count; ++i) {
    // Long enough for tensors. Behind the end there are zeros.
    current.resize(16 + random.Below(256));
    for (size_t b = 0; b < current.size(); b += 8) {
      const uint64_t word = random.Next();
      for (size_t n = b; n < b + 8 && n < current.size(); ++n) {
        current[n] = static_cast<uint8_t>(word >> (8 * (n - b)));
      }
    }
    current[0] = static_cast<uint8_t>(i % 256);
    Run();
  }
}

// Whether the tables and the header have the same functions.
bool CoversHeader(const char* path) {
  std::ifstream in(path);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  std::set<std::string> declared, called;
  const std::string prefix = "softlane_";
  for (size_t at = text.find(prefix); at != std::string::npos;
       at = text.find(prefix, at + 1)) {
    const size_t end =
        text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at);
    if (end != std::string::npos && text[end] == '(') {
      declared.insert(text.substr(at, end - at));
    }
  }
  for (size_t f = 0; f < fuzz::NumFunctions(); ++f) {
    called.insert(fuzz::NameOf(f));
  }
  for (const std::string& name : declared) {
    if (called.count(name) == 0) {
      std::fprintf(stderr, "tests/fuzz has no entry for %s\n", name.c_str());
    }
  }
  return declared == called;
}

}  // namespace

int main(int argc, char** argv) {
  SaveInputOfFailures();
  uint64_t seed = 0, count = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--header") == 0 && i + 1 < argc) {
      if (!CoversHeader(argv[++i])) return 1;
    } else if (std::strcmp(argv[i], "--random") == 0 && i + 2 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
      count = std::strtoull(argv[++i], nullptr, 10);
      if (i + 1 < argc && fuzz::OnlyFunction(argv[i + 1])) ++i;
    } else {
      Replay(argv[i]);
    }
  }
  RunRandom(seed, count);
  fuzz::PrintCounts();
  if (!fuzz::AllHaveSucceeded()) {
    std::fprintf(stderr, "a function had no execution with the status kOk\n");
    return 1;
  }
}
