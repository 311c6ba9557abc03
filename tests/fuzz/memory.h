// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_MEMORY_H_
#define SOFTLANE_TESTS_FUZZ_MEMORY_H_

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "asan.h"
#include "call.h"
#include "source.h"

// The memory of a call. Each operand has an allocation of its exact size, or a
// place in that of an operand before it.

namespace softlane {
namespace fuzz {

#ifdef SOFTLANE_FUZZ_ASAN
// The allocator guards the ends.
constexpr size_t kGuard = 0;
#else
constexpr size_t kGuard = 64;
#endif
constexpr size_t kMaxBytes = size_t{1} << 22;

// Where an operand is. `root` is the operand whose allocation it shares, or
// itself.
struct Place {
  size_t root = 0;
  int64_t offset = 0;  // bytes from the first element of the root
  size_t shift = 0;    // of a root: bytes from the start of the allocation
  bool is_null = false;
  bool is_at_end = false;  // of the address space
};

// Bytes from the first element to the end of the last, or more than kMaxBytes.
inline size_t BytesOf(const Call& c, size_t i) {
  const Extent n = c.ExtentOf(i);
  if (n.IsEmpty()) return 0;
  // Repeated rows take no bytes, but the time to visit them.
  if (n.rows > kMaxBytes || n.axis > kMaxBytes) return kMaxBytes + 1;
  const View& view = c.views[i];
  double elements = static_cast<double>(n.cols);
  if (n.rows > 1) {
    elements +=
        static_cast<double>(n.rows - 1) * static_cast<double>(view.stride);
  }
  if (n.axis > 1) {
    elements +=
        static_cast<double>(n.axis - 1) * static_cast<double>(view.axis_stride);
  }
  elements *= static_cast<double>(SizeOf(c.ElementAt(i)));
  return elements > static_cast<double>(kMaxBytes)
             ? kMaxBytes + 1
             : static_cast<size_t>(elements);
}

class Memory {
 public:
  // Sets the data of all views.
  Memory(Call& c, const Place* places) {
    for (size_t i = 0; i < c.num_operands; ++i) {
      if (places[i].root == i) Allocate(c, places, i);
    }
    for (size_t i = 0; i < c.num_operands; ++i) {
      if (places[i].is_at_end) {
        c.views[i].data = reinterpret_cast<void*>(UINTPTR_MAX - 7);
      }
      if (places[i].is_null) c.views[i].data = nullptr;
    }
  }
  ~Memory() {
    for (const Block& block : blocks_) std::free(block.data);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // Whether all elements of an operand are there: not for huge sizes.
  bool Has(size_t i) const { return has_[i]; }

  // All blocks become bytes of no meaning, as outputs are before a call.
  void Scribble(Random& random) {
    for (const Block& block : blocks_) {
      for (size_t b = 0; b < block.size; b += 8) {
        const uint64_t word = random.Next();
        std::memcpy(block.data + b, &word,
                    std::min(block.size - b, sizeof(word)));
      }
    }
  }
  // Saves the memory, for Restore() and Differs().
  void Save() {
    for (Block& block : blocks_) {
      block.saved.assign(block.data, block.data + block.size);
    }
  }
  void Restore(void* to, size_t bytes) {
    for (const Block& block : blocks_) {
      auto* const first = static_cast<unsigned char*>(to);
      if (first < block.data || first >= block.data + block.size) continue;
      std::memcpy(first, block.saved.data() + (first - block.data), bytes);
      return;
    }
  }
  bool Differs() const {
    for (const Block& block : blocks_) {
      if (block.size > 0 &&
          std::memcmp(block.data, block.saved.data(), block.size) != 0) {
        return true;
      }
    }
    return false;
  }

  // Lets AddressSanitizer report what touches a byte that is no element.
  void ForbidGaps(const Call& c) {
#ifdef SOFTLANE_FUZZ_ASAN
    for (size_t b = 0; b < blocks_.size() && !knows_gaps_; ++b) FindGaps(c, b);
    knows_gaps_ = true;
    for (const Bytes& gap : gaps_)
      ASAN_POISON_MEMORY_REGION(gap.data, gap.size);
#else
    (void)c;
#endif
  }
  void AllowGaps() {
#ifdef SOFTLANE_FUZZ_ASAN
    for (const Bytes& gap : gaps_) {
      ASAN_UNPOISON_MEMORY_REGION(gap.data, gap.size);
    }
#endif
  }

 private:
  struct Block {
    unsigned char* data;
    size_t size;
    std::vector<unsigned char> saved;
  };
#ifdef SOFTLANE_FUZZ_ASAN
  struct Bytes {
    unsigned char* data;
    size_t size;
  };

  void FindGaps(const Call& c, size_t index) {
    const Block& block = blocks_[index];
    parts_.clear();
    for (size_t i = 0; i < c.num_operands; ++i) {
      if (block_of_[i] != index || !has_[i]) continue;
      const size_t size = SizeOf(c.ElementAt(i));
      ForEachPart(c, i, [&](unsigned char* part, size_t, size_t count) {
        parts_.push_back({part, count * size});
      });
    }
    std::sort(parts_.begin(), parts_.end(),
              [](const Bytes& a, const Bytes& b) { return a.data < b.data; });
    parts_.push_back({block.data + block.size, 0});
    unsigned char* end = block.data;  // of what came so far
    for (const Bytes& part : parts_) {
      if (part.data > end) {
        gaps_.push_back({end, static_cast<size_t>(part.data - end)});
      }
      end = std::max(end, part.data + part.size);
    }
  }

  std::vector<Bytes> gaps_, parts_;
  bool knows_gaps_ = false;
#endif

  void Allocate(Call& c, const Place* places, size_t root) {
    int64_t begin = 0, end = 0;
    for (size_t i = root; i < c.num_operands; ++i) {
      if (places[i].root != root || BytesOf(c, i) > kMaxBytes) continue;
      const auto bytes = static_cast<int64_t>(BytesOf(c, i));
      if (places[i].offset < begin) begin = places[i].offset;
      if (places[i].offset + bytes > end) end = places[i].offset + bytes;
    }
    // Before the root there is room for elements of any size.
    const auto before =
        static_cast<size_t>((-begin + 15) / 16 * 16) + places[root].shift;
    Block block;
    block.size = kGuard + before + static_cast<size_t>(end) + kGuard;
    block.data = static_cast<unsigned char*>(std::malloc(block.size));
    if (block.data == nullptr) std::abort();
    for (size_t i = root; i < c.num_operands; ++i) {
      if (places[i].root != root) continue;
      const size_t size = AlignmentOf(c.ElementAt(i));
      const bool fits = BytesOf(c, i) <= kMaxBytes;
      const auto at = static_cast<size_t>(
          static_cast<int64_t>(kGuard + before) + places[i].offset);
      c.views[i].data = block.data + (fits ? at / size * size : 0);
      has_[i] = fits && !places[i].is_null && !places[i].is_at_end;
      block_of_[i] = blocks_.size();
    }
    blocks_.push_back(std::move(block));
  }

  std::vector<Block> blocks_;
  bool has_[kMaxOperands] = {};
  size_t block_of_[kMaxOperands] = {};
};

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_MEMORY_H_
