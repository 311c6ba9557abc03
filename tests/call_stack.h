// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CALL_STACK_H_
#define SOFTLANE_TESTS_CALL_STACK_H_

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <new>

#include "doctest/doctest.h"
#include "softlane/status.h"

// The stack that a call takes, on a thread of its own.

namespace softlane {

using Function = std::function<Status()>;

struct Call {
  const Function* function;
  Status status;
};

inline void* RunCall(void* argument) {
  Call& call = *static_cast<Call*>(argument);
  call.status = (*call.function)();
  return nullptr;
}

// A stack of which every byte is known before the call.
class Stack {
 public:
  Stack() {
    void* const bytes = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED) throw std::bad_alloc();
    bytes_ = static_cast<unsigned char*>(bytes);
    idle_ = UsedBytes([] { return Status::kOk; });
  }
  ~Stack() { munmap(bytes_, kBytes); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  // The bytes that a function takes, without those of an idle thread.
  size_t Of(const Function& function) {
    const size_t used = UsedBytes(function);
    return used > idle_ ? used - idle_ : 0;
  }

 private:
  static constexpr size_t kBytes = 512 * 1024;

  size_t UsedBytes(const Function& function) {
    std::memset(bytes_, 0xA5, kBytes);
    pthread_attr_t attributes;
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstack(&attributes, bytes_, kBytes) == 0);
    Call call{&function, Status::kOk};
    pthread_t thread;
    REQUIRE(pthread_create(&thread, &attributes, RunCall, &call) == 0);
    REQUIRE(pthread_join(thread, nullptr) == 0);
    pthread_attr_destroy(&attributes);
    REQUIRE(call.status == Status::kOk);
    const unsigned char* const first = std::find_if_not(
        bytes_, bytes_ + kBytes, [](unsigned char b) { return b == 0xA5; });
    return static_cast<size_t>(bytes_ + kBytes - first);
  }

  unsigned char* bytes_;
  size_t idle_;
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_CALL_STACK_H_
