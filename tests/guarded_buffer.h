// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_GUARDED_BUFFER_H_
#define SOFTLANE_TESTS_GUARDED_BUFFER_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <new>

namespace softlane {

// Floats between two pages that can be neither read nor written: a kernel that
// touches one byte too many does not return.
class GuardedBuffer {
 public:
  enum class Place { kAtStart, kAtEnd };

  GuardedBuffer(size_t size, Place place)
      : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
        inner_((size * sizeof(float) + page_ - 1) / page_ * page_),
        mapping_(mmap(nullptr, inner_ + 2 * page_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (mapping_ == MAP_FAILED) throw std::bad_alloc();
    char* begin = static_cast<char*>(mapping_);
    mprotect(begin, page_, PROT_NONE);
    mprotect(begin + page_ + inner_, page_, PROT_NONE);
    const size_t offset =
        place == Place::kAtStart ? 0 : inner_ - size * sizeof(float);
    data_ = reinterpret_cast<float*>(begin + page_ + offset);
  }
  ~GuardedBuffer() { munmap(mapping_, inner_ + 2 * page_); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  float* data() { return data_; }

 private:
  size_t page_;
  size_t inner_;
  void* mapping_;
  float* data_;
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_GUARDED_BUFFER_H_
