// SPDX-License-Identifier: Apache-2.0
// The results of random calls of every function, as digests. bits.sh compares
// them between two builds of the library.
//   bits TARGET COUNT FILE       writes a word per call: a digest of its output
//   bits TARGET COUNT FILE FILE  names the calls whose words differ

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "drawn_calls.h"

namespace softlane {
namespace operands {
namespace {

uint64_t Run(size_t index, Target target) {
  Drawn drawn = Draw(index);
  const Status status = drawn.operation->run[drawn.twin](drawn.call, target);
  uint64_t digest = 0xCBF29CE484222325u ^ static_cast<uint64_t>(status);
  for (const Operand& operand : drawn.operation->operands) {
    const View& v = drawn.call[operand.id];
    if (operand.role != Role::kWritten || v.data == nullptr) continue;
    const size_t size = SizeOf(operand.element);
    for (size_t r = 0; r < v.rows; ++r) {
      for (size_t i = 0; i < v.axis * v.axis_stride; ++i) {
        if (i % v.axis_stride >= v.cols) continue;
        char* const from = v.As<char>() + size * (r * v.stride + i);
        MakeNanUsual(operand.element, from);
        const double value =
            operand.element == Element::kDouble ? Get<double>(from) : 0.0;
        if (value != value) {
          digest = (digest ^ 0x7FC00000u) * 0x100000001B3u;
          continue;
        }
        for (size_t word = 0; word < size; word += 4) {
          uint32_t bits = 0;
          std::memcpy(&bits, from + word, std::min<size_t>(size, 4));
          digest = (digest ^ bits) * 0x100000001B3u;
        }
      }
    }
  }
  return digest;
}

std::vector<uint64_t> ReadWords(const char* name) {
  std::vector<uint64_t> words;
  std::FILE* const file = std::fopen(name, "rb");
  for (uint64_t word; file != nullptr && std::fread(&word, 8, 1, file) == 1;) {
    words.push_back(word);
  }
  if (file != nullptr) std::fclose(file);
  return words;
}

int Compare(size_t count, const char* old_name, const char* new_name) {
  const std::vector<uint64_t> a = ReadWords(old_name), b = ReadWords(new_name);
  if (a.size() != count || b.size() != count) {
    std::printf("%zu and %zu words for %zu calls\n", a.size(), b.size(), count);
    return 1;
  }
  const size_t functions = AllOperations().size();
  std::vector<size_t> differing(functions), first(functions);
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    if (a[i] == b[i]) continue;
    if (differing[i % functions]++ == 0) first[i % functions] = i;
    ++total;
  }
  for (size_t f = 0; f < functions; ++f) {
    if (differing[f] == 0) continue;
    const Drawn drawn = Draw(first[f]);
    const Sizes& s = drawn.call.sizes;
    std::printf("%zu differ: %s, the first is call %zu: %zu x %zu x %zu\n",
                differing[f], NameOf(*drawn.operation).c_str(), first[f],
                s.rows, s.axis, s.cols);
  }
  std::printf("%zu of %zu calls differ\n", total, count);
  return total == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  const std::optional<Target> target =
      argc > 3 ? ParseTarget(argv[1]) : std::nullopt;
  if (!target) {
    std::printf("bits TARGET COUNT FILE [FILE]\n");
    return 2;
  }
  if (!IsAvailable(*target)) {
    std::printf("%s is not available\n", argv[1]);
    return 77;
  }
  const size_t count = std::strtoull(argv[2], nullptr, 10);
  if (argc > 4) return Compare(count, argv[3], argv[4]);
  std::FILE* const file = std::fopen(argv[3], "wb");
  if (file == nullptr) return 2;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t word = Run(i, *target);
    std::fwrite(&word, 8, 1, file);
  }
  return std::fclose(file) == 0 ? 0 : 2;
}

}  // namespace
}  // namespace operands
}  // namespace softlane

int main(int argc, char** argv) { return softlane::operands::Main(argc, argv); }
