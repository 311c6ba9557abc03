// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_PAGES_H_
#define SOFTLANE_TESTS_PAGES_H_

#include <cstddef>
#include <new>

#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX  // else min and max are macros
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace softlane {

enum class Access { kNone, kRead, kReadWrite };

// Pages of memory that can be read and written until Protect() says otherwise.
// The system stops a program that goes beyond what Protect() allows.
class Pages {
 public:
  explicit Pages(size_t count) : page_bytes_(SystemPageBytes()) {
    bytes_ = count * page_bytes_;
#ifdef _WIN32
    void* const memory =
        VirtualAlloc(nullptr, bytes_, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (memory == nullptr) throw std::bad_alloc();
#else
    void* const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
#endif
    memory_ = static_cast<char*>(memory);
  }
  ~Pages() {
#ifdef _WIN32
    VirtualFree(memory_, 0, MEM_RELEASE);
#else
    munmap(memory_, bytes_);
#endif
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  size_t page_bytes() const { return page_bytes_; }
  char* Page(size_t index) const { return memory_ + index * page_bytes_; }

  // Whether the system did so.
  [[nodiscard]] bool Protect(size_t index, Access access) {
#ifdef _WIN32
    const DWORD protection = access == Access::kNone   ? PAGE_NOACCESS
                             : access == Access::kRead ? PAGE_READONLY
                                                       : PAGE_READWRITE;
    DWORD before;
    return VirtualProtect(Page(index), page_bytes_, protection, &before) != 0;
#else
    const int protection = access == Access::kNone   ? PROT_NONE
                           : access == Access::kRead ? PROT_READ
                                                     : PROT_READ | PROT_WRITE;
    return mprotect(Page(index), page_bytes_, protection) == 0;
#endif
  }

 private:
  static size_t SystemPageBytes() {
#ifdef _WIN32
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
#else
    return static_cast<size_t>(sysconf(_SC_PAGESIZE));
#endif
  }

  size_t page_bytes_, bytes_;
  char* memory_;
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_PAGES_H_
