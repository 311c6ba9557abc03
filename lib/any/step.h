// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_STEP_H_
#define SOFTLANE_LIB_ANY_STEP_H_

namespace softlane {
namespace internal {

/// A reference to a function object. The functions that take it are compiled
/// only once, for all function objects. The function object must live longer.
template <typename... Args>
class Step {
 public:
  template <class Body>
  Step(const Body& body) noexcept  // NOLINT: implicit by design
      : body_(&body), call_(&Call<Body>) {}

  void operator()(Args... args) const { call_(body_, args...); }

 private:
  template <class Body>
  static void Call(const void* body, Args... args) {
    (*static_cast<const Body*>(body))(args...);
  }

  const void* body_;
  void (*call_)(const void* body, Args... args);
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_STEP_H_
